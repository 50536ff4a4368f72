"""Record batches byte by byte: what a broker takes from whoever may write, and kafka-python would never send."""

import struct
import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.util import calc_crc32c, encode_varint

HEAD = DefaultRecordBatchBuilder.HEADER_STRUCT
GZIP, ZSTD = 1, 4
_HEADERS = Sequence[tuple[str | bytes, bytes]]


def record(
    index: int = 0, key: bytes | None = b"k", value: bytes = b"", headers: _HEADERS = (), attributes: bytes = b"\0"
) -> bytes:
    """One record. `index`: what it says of its offset in its batch. A header's name may be any bytes."""
    body = attributes + _varint(0) + _varint(index) + _sized(key) + _sized(value) + _varint(len(headers))
    for name, content in headers:
        body += _sized(name.encode() if isinstance(name, str) else name) + _sized(content)
    return _varint(len(body)) + body


def batch(content: bytes, records: int, *, codec: int = 0, offset: int = 0) -> bytes:
    """A batch of so many records, with the right checksum. `codec`: how the content is said to be packed."""
    now = int(time.time() * 1000)
    size = HEAD.size + len(content) - DefaultRecordBatchBuilder.AFTER_LEN_OFFSET
    made = bytearray(HEAD.size) + content
    HEAD.pack_into(made, 0, offset, size, 0, 2, 0, codec, records - 1, now, now, -1, -1, -1, records)
    return checked(made)


def checked(made: bytearray) -> bytes:
    """The same batch with the checksum that its bytes have now."""
    crc = calc_crc32c(bytes(made[DefaultRecordBatchBuilder.ATTRIBUTES_OFFSET :]))
    struct.pack_into(">I", made, DefaultRecordBatchBuilder.CRC_OFFSET, crc)
    return bytes(made)


def zstd(content: bytes) -> bytes:
    """The content as a zstd frame, unpacked within it (RFC 8878). At least 256 bytes."""
    return b"\x28\xb5\x2f\xfd\x60" + struct.pack("<HI", len(content) - 256, 1 | len(content) << 3)[:-1] + content


def send(bootstrap: str, topic: str, made: bytes, partition: int = 0) -> int:
    """Put a batch on a topic as it is. Answers the offset of its first record."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=False, retries=0)
    builds = DefaultRecordBatchBuilder.build
    DefaultRecordBatchBuilder.build = lambda _: bytearray(made)
    try:
        sent: Any = producer.send(topic, b"", partition=partition).get(20)
    finally:
        DefaultRecordBatchBuilder.build = builds
        producer.close()
    return int(sent.offset)


def _varint(number: int) -> bytes:
    out = bytearray()
    encode_varint(number, out.append)
    return bytes(out)


def _sized(content: bytes | None) -> bytes:
    return _varint(-1) if content is None else _varint(len(content)) + content

"""Reads topics with kafka-python, and never stops at what can't be read.

kafka-python's own `poll` raises for ever at the first record that it can't parse. A header whose name isn't UTF-8 is
enough, and a broker takes that from whoever may write. To seek behind it is no way out: a broker gives whole batches.
So records are parsed here, each within its own length. What can't be read is answered in its place, counted and
logged, without anything of what it says; the records around it are read.

A batch that is broken as a whole (its checksum, its compression) is answered as one thing that can't be read. Only
where nobody can say where it ends, nothing behind it is read: `poll` raises `CorruptRecordError`, each time.
"""

import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.cluster import ClusterMetadata
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords
from kafka.record.util import decode_varint

from baqylau.messaging.broker import Kafka, knowing
from baqylau.messaging.envelope import Incoming, Unreadable, from_kafka
from baqylau.observability.metrics import UNREADABLE

BOOTSTRAP_MS = 3_000
CLOSE_MS = 1_000
LED_SECONDS = 1.0
_LOOK_SECONDS = 0.01
MAX_BATCH_BYTES = 16 * 1024 * 1024
"""Of a batch when it's unpacked. A few bytes of a stranger's can be any number then."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """A record of a topic, or what stands for all that can't be read up to `offset`."""

    offset: int
    record: Incoming


def make_consumer(kafka: Kafka, topics: Iterable[str], **more: Any) -> KafkaConsumer:
    """A consumer of these topics, whose `poll` answers lists of `Polled`. Raises `KafkaError`, also for unknown topics.

    What it reads is to be assigned, or subscribed to. `more`: settings of its own.
    """
    named = tuple(topics)
    with knowing(named) as client:
        consumer = KafkaConsumer(
            **kafka.client,
            kafka_client=client,
            enable_auto_commit=False,
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            metrics_enabled=False,
            **more,
        )
        _wait_until_led(consumer._cluster, named)
    consumer._fetcher.PartitionRecords = partial(_Records, suspected=set())
    return consumer


def _wait_until_led(cluster: ClusterMetadata, topics: Sequence[str]) -> None:
    """A broker that has just begun knows topics before it leads them, and whoever asks for more by then asks in vain.

    Partitions that aren't led for longer are some among many: the others can be read. Raises `KafkaError` for a topic
    that isn't there, or not for this user.
    """
    until, asked = time.monotonic() + LED_SECONDS, None
    while not all(_is_led(cluster, topic) for topic in topics) and time.monotonic() < until:
        if asked is None or asked.is_done:
            asked = cluster.request_update()  # sent 0.1 s after the last one
        time.sleep(_LOOK_SECONDS)


def _is_led(cluster: ClusterMetadata, topic: str) -> bool:
    partitions = cluster.partitions_for_topic(topic)
    if not partitions:
        hidden = topic in cluster.unauthorized_topics
        raise TopicAuthorizationFailedError(topic) if hidden else UnknownTopicOrPartitionError(topic)
    return bool(partitions == cluster.available_partitions_for_topic(topic))


class _Broken(Exception):
    """A batch can't be read. Its argument is the reason."""


class _Records(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one answer of the broker, of one partition.

    `suspected`: batches whose checksum was wrong once. They are asked for again: it may have been the way here.
    """

    def __init__(self, *of: Any, suspected: set[tuple[TopicPartition, int]], **more: Any) -> None:
        self._suspected = suspected
        super().__init__(*of, **more)

    def _unpack_records(self, place: TopicPartition, records: MemoryRecords, *_: Any) -> Iterator[Polled]:
        try:
            while (batch := records.next_batch()) is not None:
                sound = _sound(batch)
                if not sound and (place, batch.base_offset) not in self._suspected:
                    self._suspected.add((place, batch.base_offset))
                    break
                self.leader_epoch = batch.leader_epoch
                if not (sound and batch.is_control_batch):
                    for polled in _read(place, batch, sound):
                        self.next_fetch_offset = polled.offset + 1
                        yield polled
                self.next_fetch_offset = batch.next_offset
                self.bytes_read += batch.size_in_bytes
        except CorruptRecordError:
            UNREADABLE.labels(place.topic).inc()
            log.error("topic_unreadable", topic=place.topic, partition=place.partition, offset=self.next_fetch_offset)
            raise
        self.drain()


def _sound(batch: DefaultRecordBatch) -> bool:
    """Whether its checksum is right. Raises `CorruptRecordError` where, besides, it can't be said where it ends."""
    if batch.magic == 2 and batch.validate_crc():
        return True
    if batch.magic == 2 and batch.last_offset_delta == batch.records_count - 1 >= 0:
        return False
    raise CorruptRecordError("a batch without an end")


def _read(place: TopicPartition, batch: DefaultRecordBatch, sound: bool) -> Iterator[Polled]:
    """The records of a batch. Their offsets are counted: what a record says of its own, the broker doesn't look at."""
    offset = batch.base_offset
    try:
        if not sound:
            raise _Broken("unreadable-checksum")
        content, at = _unpacked(batch), 0
        for _ in range(batch.records_count):
            length, begin = decode_varint(content, at)
            at = begin + length
            if not begin < at <= len(content):
                raise _Broken("unreadable-record")
            yield Polled(offset, _record(place, offset, content[begin:at]))
            offset += 1
    except (_Broken, IndexError, ValueError) as error:
        reason = str(error) if isinstance(error, _Broken) else "unreadable-record"
        yield Polled(batch.last_offset, _unreadable(place, offset, batch.last_offset, reason))


def _unpacked(batch: DefaultRecordBatch) -> bytes:
    """A batch's records. Of what others pack, only gzip can be unpacked here."""
    packed = bytes(memoryview(batch._buffer)[batch.HEADER_STRUCT.size :])
    if batch.compression_type == batch.CODEC_NONE:
        return packed
    if batch.compression_type != batch.CODEC_GZIP:
        raise _Broken("unreadable-compression")
    try:
        content = zlib.decompressobj(wbits=31).decompress(packed, MAX_BATCH_BYTES + 1)
    except zlib.error:
        raise _Broken("unreadable-compression") from None
    if len(content) > MAX_BATCH_BYTES:
        raise _Broken("unreadable-size")
    return content


def _record(place: TopicPartition, offset: int, content: bytes) -> Incoming:
    try:
        _, at = decode_varint(content, 1)  # the time. Before it stands a byte, without a meaning
        _, at = decode_varint(content, at)  # what it says of its offset
        key, at = _bytes(content, at)
        value, at = _bytes(content, at)
        number, at = decode_varint(content, at)
        headers = []
        for _ in range(number):
            name, at = _bytes(content, at)
            held, at = _bytes(content, at)
            headers.append(((name or b"").decode("utf-8", "replace"), held))
        if number < 0 or at != len(content):
            raise ValueError
    except (IndexError, ValueError):
        return _unreadable(place, offset, offset, "unreadable-record")
    return from_kafka(place.topic, place.partition, key, headers, value)


def _bytes(content: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(content, at)
    if length < 0:
        return None, at
    if at + length > len(content):
        raise ValueError
    return content[at : at + length], at + length


def _unreadable(place: TopicPartition, first: int, last: int, reason: str) -> Incoming:
    UNREADABLE.labels(place.topic).inc()
    log.error("unreadable", topic=place.topic, partition=place.partition, offset=first, to=last, reason=reason)
    name = f"{place.topic}/{place.partition}/{first}"
    return Incoming(place.topic, place.partition, name, {}, b"", unreadable=Unreadable(first, reason))

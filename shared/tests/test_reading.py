"""What is read of a partition whatever lies on it: all that can be, with its true offset, and nothing twice."""

import gzip

import pytest
from baqylau.messaging.reading import MAX_BATCH_BYTES, Polled, _Records
from baqylau.testing import batches
from baqylau.testing.batches import GZIP, HEAD, ZSTD, batch, checked, record
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.errors import CorruptRecordError
from kafka.record.memory_records import MemoryRecords

PLACE = TopicPartition("t", 3)
WORDS = b"W" * 400
GOOD = record(value=WORDS)


class Reading:
    """A partition with these batches, read as kafka-python's fetcher does: it asks again from where it came to."""

    def __init__(self, *content: bytes) -> None:
        self.content = b"".join(content)
        self.position = 0
        self._suspected: set[tuple[TopicPartition, int]] = set()

    def poll(self, most: int = 1000) -> list[Polled]:
        records = _Records(self.position, PLACE, MemoryRecords(self.content), suspected=self._suspected)
        found: list[Polled] = []
        while records and len(found) < most:
            found += records.take(most - len(found))
            self.position = records.next_fetch_offset
        return found

    def all(self, most: int = 1000) -> list[tuple[int, str]]:
        """Offset, and the reason for which it can't be read or nothing, of all that is there."""
        found: list[Polled] = []
        while some := self.poll(most) or self.poll(most):
            found += some
        return [(one.offset, one.record.unreadable.reason if one.record.unreadable else "") for one in found]


def three(middle: bytes, records: int = 2, codec: int = 0) -> Reading:
    """A batch of two good records, the middle one at offset 2, and another good record."""
    return Reading(
        batch(GOOD * 2, 2), batch(middle, records, codec=codec, offset=2), batch(GOOD, 1, offset=2 + records)
    )


def test_a_good_record_is_read_with_all_that_it_says() -> None:
    (one,) = Reading(batch(record(0, b"key", b"value", [("ce_id", b"7"), ("other", b"\xff")]), 1)).poll()

    assert (one.offset, one.record.topic, one.record.partition, one.record.key) == (0, "t", 3, "key")
    assert (one.record.headers, one.record.value) == ({"id": "7", "other": "�"}, b"value")


@pytest.mark.parametrize("codec", [0, GZIP])
def test_a_header_whose_name_is_no_text_is_read_like_any_other(codec: int) -> None:
    content = record(headers=[(b"\xff\xfe", b"1"), ("ce_id", b"7")], value=WORDS) + GOOD
    reading = three(gzip.compress(content) if codec else content, codec=codec)

    polled = reading.poll()

    assert [one.offset for one in polled] == [0, 1, 2, 3, 4]
    assert polled[2].record.headers == {"��": "1", "id": "7"}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (record(value=WORDS)[:2] + b"\0" + b"\xff" * 11 + record(value=WORDS)[14:], "unreadable-record"),
        (record(value=WORDS)[:-1] + b"\x04", "unreadable-record"),  # says that it has headers, and ends
        (record(value=WORDS)[:-1] + b"\x01", "unreadable-record"),  # says that it has -1 headers
    ],
)
def test_a_record_that_cannot_be_read_is_isolated_from_its_neighbours(wrong: bytes, reason: str) -> None:
    assert three(GOOD + wrong + GOOD, records=3).all() == [(0, ""), (1, ""), (2, ""), (3, reason), (4, ""), (5, "")]


@pytest.mark.parametrize("length", [b"\x00", b"\x01", b"\xff" * 12, b"\xfe\xff\x7f"])
def test_behind_a_record_that_does_not_say_where_it_ends_its_batch_is_given_up_and_the_next_is_read(
    length: bytes,
) -> None:
    reading = three(GOOD + length + GOOD, records=3)

    assert reading.all() == [(0, ""), (1, ""), (2, ""), (4, "unreadable-record"), (5, "")]


@pytest.mark.parametrize(
    ("content", "codec", "reason"),
    [
        (batches.zstd(GOOD * 2), ZSTD, "unreadable-compression"),
        (b"no gzip at all", GZIP, "unreadable-compression"),
        (gzip.compress(GOOD * 2)[:20], GZIP, "unreadable-record"),
        (gzip.compress(b"\0" * (MAX_BATCH_BYTES + 1)), GZIP, "unreadable-size"),
    ],
)
def test_a_batch_that_cannot_be_unpacked_is_one_unreadable_thing(content: bytes, codec: int, reason: str) -> None:
    assert three(content, codec=codec).all() == [(0, ""), (1, ""), (3, reason), (4, "")]


@pytest.mark.parametrize("says", [50, -5, 0])
def test_what_a_record_says_of_its_offset_leads_nobody_past_others(says: int) -> None:
    reading = three(record(says, value=WORDS) + record(says, value=WORDS))

    assert [reading.poll(1)[0].offset for _ in range(5)] == [0, 1, 2, 3, 4]
    assert reading.position == 5


def test_a_record_with_a_mark_that_means_nothing_is_read() -> None:
    (one,) = Reading(batch(record(key=b"key", attributes=b"\x80"), 1)).poll()

    assert one.record.key == "key"


def test_a_batch_with_a_wrong_checksum_is_asked_for_again_and_then_given_up() -> None:
    good, damaged = batch(GOOD * 2, 2), bytearray(batch(GOOD * 2, 2, offset=2))
    damaged[-1] ^= 1
    reading = Reading(good, bytes(damaged), batch(GOOD, 1, offset=4))

    assert [one.offset for one in reading.poll()] == [0, 1]
    assert reading.position == 2
    assert reading.all() == [(3, "unreadable-checksum"), (4, "")]


def test_a_batch_that_was_damaged_on_its_way_is_read_when_it_comes_whole() -> None:
    reading = three(GOOD * 2)
    whole = reading.content
    reading.content = whole.replace(WORDS, b"X" * 400)

    assert reading.poll() == []
    reading.content = whole  # what comes when it's asked for again

    assert reading.all() == [(0, ""), (1, ""), (2, ""), (3, ""), (4, "")]


def test_where_nobody_can_say_where_a_batch_ends_nothing_behind_it_is_read() -> None:
    damaged = bytearray(batch(GOOD * 2, 2, offset=2))
    damaged[23:27] = b"\0\0\1\0"  # how many offsets it has
    reading = Reading(batch(GOOD * 2, 2), bytes(damaged), batch(GOOD, 1, offset=4))

    assert [one.offset for one in reading.poll(2)] == [0, 1]
    for _ in range(3):
        with pytest.raises(CorruptRecordError):
            reading.poll()
    assert reading.position == 2


def test_a_mark_of_a_transaction_is_no_record() -> None:
    mark = bytearray(batch(record(key=b"\0\0\0\1", value=b"\0\0\0\0\0\0"), 1, offset=2))
    mark[22] = 0x30
    reading = Reading(batch(GOOD * 2, 2), checked(mark), batch(GOOD, 1, offset=3))

    assert reading.all() == [(0, ""), (1, ""), (3, "")]


@given(st.binary(max_size=60), st.integers(1, 5), st.integers(0, 7), st.integers(0, 401))
def test_whatever_a_batch_holds_those_around_it_are_read(content: bytes, records: int, codec: int, at: int) -> None:
    content = GOOD[:at] + content + GOOD[at:]
    found = three(content, records, codec).all()

    assert found[:2] == [(0, ""), (1, "")]
    assert found[-1] == (2 + records, "")
    assert [offset for offset, _ in found] == sorted({offset for offset, _ in found})


@given(st.integers(16, len(batch(GOOD * 2, 2)) - 1), st.integers(1, 255))
def test_a_damaged_batch_is_never_passed_over_in_silence(at: int, bits: int) -> None:
    damaged = bytearray(batch(GOOD * 2, 2, offset=2))
    damaged[at] ^= bits
    reading = Reading(batch(GOOD * 2, 2), bytes(damaged), batch(GOOD, 1, offset=4))

    try:
        found = reading.all(2)
    except CorruptRecordError:
        assert reading.position == 2
    else:
        assert found == [(0, ""), (1, ""), (3, "unreadable-checksum"), (4, "")]


def test_the_head_of_a_batch_is_where_these_tests_take_it_to_be() -> None:
    assert HEAD.unpack_from(batch(GOOD * 2, 2, offset=2))[6] == 1

"""Records on the wire, as others read them; and what others may put there."""

from uuid import UUID, uuid4

import orjson
import pytest
from baqylau.eventstore.aggregate import Cause, DomainEvent
from baqylau.lines import Line
from baqylau.messaging.envelope import (
    MAX_KEY,
    MAX_VALUE_BYTES,
    Envelope,
    Outgoing,
    Publication,
    TooLarge,
    attributes,
    encode,
    from_item,
    from_kafka,
    partition_of,
)
from baqylau.testing.probe import Counted, FactStated
from hypothesis import given
from hypothesis import strategies as st

TALLY = UUID("11111111-2222-3333-4444-555555555555")
POSITIONS = st.integers(0, 10**18 - 1)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("abc", 479470107),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)
def test_the_partition_is_the_one_that_kafkas_own_partitioner_gives(key: str, hashed: int) -> None:
    """The values are those of Kafka's own test of murmur2 (`UtilsTest`)."""
    for partitions in (1, 2, 4, 7, 64):
        assert partition_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions


@given(POSITIONS, POSITIONS, st.integers(1, 10**6), st.text(), st.text())
def test_topic_and_feed_give_a_consumer_the_same_record(
    position: int, previous: int, number: int, actor: str, fact: str
) -> None:
    envelope = Envelope(Line.CONFIDENTIAL, "probe", "http://x")
    actor = actor.replace("\0", "") or "a"
    value = Counted(tally_id=TALLY, number=number, needs=fact or None).to_json()
    headers = {"type": Counted.event_type(), "subject": str(TALLY), "actor": actor, "regime": "confidential"}
    record = Outgoing(position, previous, "t", 3, str(TALLY), headers, value)

    by_topic = from_kafka("t", 3, record.key.encode(), envelope.kafka_headers(record), record.value)
    by_feed = from_item("t", orjson.loads(orjson.dumps(envelope.item(record))))

    for read in (by_topic, by_feed):
        assert (read.position, read.previous, read.key) == (position, previous, str(TALLY))
        assert (read.headers["actor"], read.headers["regime"]) == (actor, "confidential")
        assert Counted.model_validate_json(read.value).number == number
    assert by_feed.of_feed
    assert not by_topic.of_feed


def test_a_record_carries_the_cloudevents_headers_of_binary_mode() -> None:
    record = Outgoing(7, 3, "t", 0, str(TALLY), {"id": f"{TALLY}:1", "type": Counted.event_type()}, b"{}")

    headers = dict(Envelope(Line.NON_CONFIDENTIAL, "probe", "http://x").kafka_headers(record))

    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_source"] == b"/baqylau/non-confidential/probe"
    assert headers["ce_dataschema"] == b"http://x/schemas/Counted.v1.json"
    assert (headers["ce_position"], headers["ce_previousposition"]) == (b"7", b"3")
    assert headers["content-type"] == b"application/json"


class Happened(DomainEvent):
    """Any event."""


def test_the_attributes_name_the_cause_and_leave_out_what_there_is_not(cause: Cause) -> None:
    event = Happened(originator_id=TALLY, originator_version=4, cause=cause)
    unit = uuid4()

    found = attributes(Publication(FactStated(name="f"), (Line.CONFIDENTIAL,), (unit,)), event, Line.CONFIDENTIAL)

    assert found == {
        "id": f"{TALLY}:4",
        "type": "baqylau.probe.FactStated.v1",
        "subject": str(TALLY),
        "time": "2026-01-05T00:00:00Z",
        "regime": "confidential",
        "unitids": str(unit),
        "correlationid": "c",
        "actor": "test",
    }


def test_an_event_that_the_broker_would_refuse_is_refused_before_it_is_stored() -> None:
    with pytest.raises(TooLarge):
        encode(Publication(FactStated(name="x" * MAX_VALUE_BYTES), (Line.GATE,)))


ODD = st.binary(max_size=300)


@given(st.none() | ODD, st.lists(st.tuples(st.text(max_size=20), st.none() | ODD), max_size=5), st.none() | ODD)
def test_whatever_lies_on_a_topic_can_be_read_and_parked(
    key: bytes | None, headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    read = from_kafka("t", 0, key, headers, value)

    assert "\0" not in read.key
    assert len(read.key) <= MAX_KEY
    assert orjson.dumps(dict(read.headers)) if all(_encodable(name) for name in read.headers) else True
    assert isinstance(read.value, bytes)


def _encodable(text: str) -> bool:
    return text == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1_0", "١", "1.0", "9" * 19, "9" * 5000, "x"])
def test_what_isnt_a_position_isnt_taken_for_one(text: str) -> None:
    read = from_kafka("t", 0, b"k", [("ce_position", text.encode()), ("ce_previousposition", b"0")], b"")

    with pytest.raises(ValueError, match="not a position"):
        _ = read.position

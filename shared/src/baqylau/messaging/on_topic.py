"""What lies on a service's own topics, held against its log.

A relay asks before it publishes, because a log that was restored and a topic that was kept, or the other way round,
need not fit. What the topic lacks is published again, and no more than that. But where the topic holds a record that
the log doesn't, the log would give its position to another event, and every consumer would pass that one over as one
it has had. Then nothing is published until a person has decided which of the two is right.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import orjson
import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import InvalidPartitionsError, KafkaTimeoutError

from baqylau.eventstore.store import Store
from baqylau.eventstore.transaction import Transaction
from baqylau.eventstore.verification import Finding
from baqylau.messaging.broker import Kafka
from baqylau.messaging.envelope import Envelope, Incoming
from baqylau.messaging.reading import CLOSE_MS, make_consumer

TAIL = 2000
"""So many of a partition's last records are looked at before a relay goes on: about what it has under way in one."""
SILENCE_POLLS = 40
"""Polls of 250 ms without any record, before the end of a topic, after which the broker counts as away."""

Asked = Store | Transaction
"""Where the log is read: on a session of the pool, or on one that the caller has."""

log = structlog.get_logger(__name__)


class AnotherLog(Exception):
    """A topic holds a record of this service that its log doesn't hold so. `place`: topic/partition and position."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Reading:
    """Topics, from the first record or from the last few on, up to where they ended when this was made."""

    def __init__(self, consumer: KafkaConsumer, topics: Sequence[str]) -> None:
        self._consumer = consumer
        self.places = [TopicPartition(t, n) for t in topics for n in sorted(consumer.partitions_for_topic(t))]
        self.ends: Mapping[TopicPartition, int] = consumer.end_offsets(self.places)
        used = [place for place, end in self.ends.items() if end > 0]
        self.begins: Mapping[TopicPartition, int] = dict.fromkeys(self.places, 0) | consumer.beginning_offsets(used)

    def start(self, place: TopicPartition, last: int | None) -> int:
        """The offset from which to read a partition: from its first record, or the `last` ones alone."""
        return self.begins[place] if last is None else max(self.begins[place], self.ends[place] - last)

    def records(self, last: int | None = None) -> Iterator[tuple[TopicPartition, list[Incoming]]]:
        """Runs of records of a partition, in their order. Raises `KafkaError`."""
        left = {place for place in self.places if self.start(place, last) < self.ends[place]}
        self._consumer.assign(list(left))
        for place in left:
            self._consumer.seek(place, self.start(place, last))
        silent = 0
        while left:
            polled = self._consumer.poll(timeout_ms=250)
            silent = 0 if polled else silent + 1
            if silent > SILENCE_POLLS:
                raise KafkaTimeoutError("the topic can't be read")
            for place, records in polled.items():
                yield place, [polled.record for polled in records if polled.offset < self.ends[place]]
            # By the position: what lies last may be a mark of a transaction, which is no record.
            left = {place for place in left if self._consumer.position(place) < self.ends[place]}


@contextmanager
def reading(kafka: Kafka, topics: Sequence[str]) -> Iterator[Reading]:
    """Raises `KafkaError`."""
    consumer = make_consumer(kafka, topics, max_poll_records=TAIL)
    try:
        yield Reading(consumer, topics)
    finally:
        consumer.close(autocommit=False, timeout_ms=CLOSE_MS)


def reconcile(
    log_of: Asked, envelope: Envelope, topics: Sequence[str], partitions: int, kafka: Kafka
) -> Mapping[TopicPartition, int]:
    """Before a relay goes on: set what counts as published to what the topics hold, and answer it.

    `partitions`: of each topic. Raises `AnotherLog`, `psycopg.Error`, and `KafkaError`, also where a topic has more
    partitions or fewer: then its keys are elsewhere than the log says.
    """
    published = _published(log_of)
    with reading(kafka, topics) as found:
        numbers = Counter(place.topic for place in found.places)
        for topic in topics:
            if numbers[topic] != partitions:
                log.error("topic_partitions_differ", topic=topic, found=numbers[topic], wanted=partitions)
                raise InvalidPartitionsError(topic)
        tails: dict[TopicPartition, list[tuple[int, int]]] = {place: [] for place in found.places}
        for place, records in found.records(TAIL):
            for record, known in _own(log_of, envelope, place, records):
                if not known:
                    raise AnotherLog(_at(place, record))
                tails[place].append((record.previous, record.position))
        for place, tail in tails.items():
            known_as = published.get(place, 0)
            held = 0 if found.ends[place] == 0 else _followed(tail, known_as)
            if held != known_as:
                log.warning("published_set_to_topic", topic=place.topic, partition=place.partition, by=held - known_as)
                log_of.read(
                    "INSERT INTO published VALUES (%s, %s, %s) "
                    "ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position RETURNING 1",
                    (place.topic, place.partition, held),
                )
                published[place] = held
    return published


def _followed(tail: Sequence[tuple[int, int]], published: int) -> int:
    """Up to which position a topic can be followed, by its last records: each with the position before it."""
    if not tail:  # a topic that no longer has them
        return published
    # A broker that has lost what it had acknowledged: before its last records, all is there.
    lost = published > max(position for _, position in tail)
    taken = min(previous for previous, _ in tail) if lost else published
    for previous, position in tail:
        if previous <= taken < position:
            taken = position
    return taken


def topic_findings(
    log_of: Asked, envelope: Envelope, topics: Sequence[str], kafka: Kafka, figures: Counter[str]
) -> Iterator[Finding]:
    """Every record of the topics against the log; and whether all that was acknowledged is there, in order.

    On a running system too. `figures` counts what was seen. Raises `KafkaError`, `psycopg.Error`.
    """
    published = _published(log_of)  # first: what is acknowledged later may lie behind the ends
    with reading(kafka, topics) as found:
        taken = dict.fromkeys(found.places, 0)
        highest = dict(taken)
        begun = {place: found.begins[place] == 0 for place in found.places}
        for place, records in found.records():
            for record, known in _own(log_of, envelope, place, records):
                if not known:
                    yield Finding("topic", _at(place, record), "not-in-the-log-so")
                    continue
                figures["records"] += 1
                if not begun[place]:
                    begun[place], taken[place] = True, record.previous
                if record.position <= highest[place]:
                    figures["sent again"] += 1
                elif record.previous != taken[place]:
                    figures["behind a hole"] += 1
                if record.previous == taken[place]:
                    taken[place] = record.position
                highest[place] = max(highest[place], record.position)
        for place, position in published.items():
            if place.topic in topics and taken.get(place, 0) < position:
                yield Finding("topic", f"{place.topic}/{place.partition} {taken.get(place, 0)}", "ends-or-has-a-hole")


def _own(
    log_of: Asked, envelope: Envelope, place: TopicPartition, records: Sequence[Incoming]
) -> Iterator[tuple[Incoming, bool]]:
    """The records that bear this service's name, each with whether the log holds it just so.

    Of its attributes, those are compared that are kept with it: the others are this release's, and its settings'.
    """
    own = [record for record in records if record.headers.get("source") == envelope.source and _has_place(record)]
    rows = log_of.read(
        "SELECT position, key, headers, value, coalesce((SELECT max(position) FROM public_events AS before "
        "WHERE before.topic = e.topic AND before.partition = e.partition AND before.position < e.position), 0) "
        "FROM public_events AS e WHERE topic = %s AND partition = %s AND position = ANY(%s)",
        (place.topic, place.partition, [record.position for record in own]),
    )
    stored = {
        position: (key, previous, orjson.loads(headers), bytes(value))
        for position, key, headers, value, previous in rows
    }
    for record in own:
        key, previous, headers, value = stored.get(record.position, ("", 0, {}, b""))
        said = {name: record.headers.get(name) for name in headers}
        yield record, (record.key, record.previous, said, record.value) == (key, previous, headers, value)


def _has_place(record: Incoming) -> bool:
    try:
        return record.position > record.previous >= 0
    except (KeyError, ValueError):
        return False


def _published(log_of: Asked) -> dict[TopicPartition, int]:
    rows = log_of.read("SELECT topic, partition, position FROM published")
    return {TopicPartition(topic, partition): position for topic, partition, position in rows}


def _at(place: TopicPartition, record: Incoming) -> str:
    return f"{place.topic}/{place.partition} {record.position}"

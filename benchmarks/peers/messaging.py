"""What a team would write with `kafka-python` and `eventsourcing` alone."""

import time
from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from baqylau_infra.database import Access
from eventsourcing.application import AggregateNotFoundError, ProcessingEvent
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.projection import EventSourcedProjection
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

Record = tuple[str, bytes, bytes, list[tuple[str, bytes]], int]
"""Topic, value, key, headers, partition: what `send` takes, ready."""

WINDOW = 4000


def produce(records: Sequence[Record], bootstrap: str) -> float:
    """Send ready records, idempotent and acknowledged by all, with the settings that were found the fastest.

    Answers the seconds from the first to the last acknowledgement. No more than `WINDOW` are under way.
    """
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", linger_ms=5, batch_size=262144
    )
    producer.partitions_for(records[0][0])
    began = time.perf_counter()
    futures = []
    for number, (topic, value, key, headers, partition) in enumerate(records):
        if number >= WINDOW and number % 100 == 0:
            futures[number - WINDOW].get(30)
        futures.append(producer.send(topic, value, key, headers=headers, partition=partition))
    for future in futures:
        future.get(30)
    seconds = time.perf_counter() - began
    producer.close()
    return seconds


def consume(topic: str, amount: int, bootstrap: str) -> float:
    """Read and decode so many records. Answers the seconds from the first to the last."""
    consumer = _consumer(topic, bootstrap)
    began, read = None, 0
    while read < amount:
        for records in consumer.poll(timeout_ms=250).values():
            began = began or time.perf_counter()
            for record in records:
                orjson.loads(record.value)
                {name: value.decode() for name, value in record.headers}
            read += len(records)
    assert began is not None
    seconds = time.perf_counter() - began
    consumer.close()
    return seconds


class UnitTally(Aggregate):
    """How many documents a unit has registered."""

    def __init__(self, unit_id: str) -> None:
        self.unit_id = unit_id
        self.documents = 0

    @staticmethod
    def create_id(unit_id: str) -> UUID:
        return uuid5(NAMESPACE_URL, unit_id)

    @event("DocumentCounted")
    def count_document(self, document_id: str) -> None:  # noqa: ARG002 (kept in the event)
        self.documents += 1


class UnitTallies(EventSourcedProjection[UUID]):
    """Follows the registry: one event for each document."""

    def policy(self, domain_event: dict[str, str], processing_event: ProcessingEvent[UUID]) -> None:  # type: ignore[override]
        unit_id = domain_event["unit_id"]
        try:
            tally: UnitTally = self.repository.get(UnitTally.create_id(unit_id))
        except AggregateNotFoundError:
            tally = UnitTally(unit_id)
        tally.count_document(domain_event["document_id"])
        processing_event.collect_events(tally)


def environment(access: Access) -> dict[str, str]:
    """Where the projection keeps its events, with a cache that holds every aggregate."""
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": access.dbname,
        "POSTGRES_HOST": access.host,
        "POSTGRES_PORT": str(access.port),
        "POSTGRES_USER": access.user,
        "POSTGRES_PASSWORD": access.password,
        "AGGREGATE_CACHE_MAXSIZE": "1000",
    }


def follow(app: UnitTallies, topic: str, amount: int, bootstrap: str) -> float:
    """Handle so many records, each in a transaction with its position. Answers how many in a second."""
    consumer = _consumer(topic, bootstrap)
    began, handled = None, 0
    while handled < amount:
        for place, records in consumer.poll(timeout_ms=250).items():
            began = began or time.perf_counter()
            name = f"{place.topic}/{place.partition}"
            last = app.recorder.max_tracking_id(name) or 0
            for record in records:
                if handled == amount:
                    break
                position = record.offset + 1
                if position > last:
                    app.process_event(orjson.loads(record.value), Tracking(name, position))
                    handled += 1
    assert began is not None
    rate = handled / (time.perf_counter() - began)
    consumer.close()
    return rate


def _consumer(topic: str, bootstrap: str) -> KafkaConsumer:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic) or ()])
    return consumer

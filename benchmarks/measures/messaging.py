"""Relay, consumer and a read model that is fed from a topic."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import control.bootstrap
import control.settings
import psycopg
import registry.bootstrap
from baqylau.contracts.registry import DocumentRegistered
from baqylau.contracts.secrecy_gate import UnitRegimeAssigned
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.messaging.broker import Kafka
from baqylau.messaging.consumer import Consumer
from baqylau.messaging.envelope import Envelope
from baqylau.messaging.feed import Feed
from baqylau.messaging.intake import Intake
from baqylau.messaging.policy import Policies
from baqylau.messaging.relay import Relay, make_producer
from baqylau.observability.metrics import RELAY_PUBLISHED
from baqylau.platform.settings import Settings
from baqylau.segregation import KnownUnits
from control.policies import policies
from kafka import KafkaProducer

from benchmarks.harness import AtLeast, Measure, Run, Sample
from benchmarks.parts import LINE, NOWHERE, UNITS, amounts, frozen, parts, registrations, sent, stored, unit_assigned
from benchmarks.peers import messaging as peer

ENVELOPE = Envelope(LINE, "registry", "http://127.0.0.1:8110")


@contextmanager
def relaying(quick: bool) -> Iterator[tuple[Run, Run]]:
    """A registry's log holds so many records that no broker has acknowledged yet."""
    amount = amounts(quick)(30_000)
    access, bootstrap = parts().access("relay"), parts().broker.bootstrap
    service: Service = registry.bootstrap.create_app(Settings(**parts().settings(access))).state.service

    def ours() -> Sample:
        topic, began = parts().topic("relay"), list[float]()
        with psycopg.connect(access.conninfo()) as connection:
            connection.execute("TRUNCATE public_events, published")
            stored(connection, registrations(topic, amount))

        def producer(kafka: Kafka, topics: Iterable[str]) -> KafkaProducer:
            made = make_producer(kafka, topics)

            def first(*record: Any, **more: Any) -> Any:
                """What comes before, such as the look at the topic, isn't measured."""
                began.append(time.perf_counter())
                del made.send
                return made.send(*record, **more)

            made.send = first
            return made

        relay = Relay(service.store, ENVELOPE, (topic,), Kafka(bootstrap), {}, producer)
        with frozen():
            relay.start()
            while _published(topic) < amount:
                time.sleep(0.005)
            ended = time.perf_counter()
        relay.stop()
        return Sample(amount / (ended - began[0]))

    def peers() -> Sample:
        ready: list[peer.Record] = [
            (one.topic, one.value, one.key.encode(), ENVELOPE.kafka_headers(one), one.partition)
            for one in registrations(parts().topic("produced"), amount)
        ]
        with frozen():
            return Sample(amount / peer.produce(ready, bootstrap))

    yield ours, peers
    service.close()


def _published(topic: str) -> float:
    """Asked of this one metric: a look at all of them, every few milliseconds, would slow down what is measured."""
    samples = (sample for metric in RELAY_PUBLISHED.collect() for sample in metric.samples)
    return next((s.value for s in samples if s.labels["topic"] == topic and s.name.endswith("_total")), 0.0)


class Course:
    """When the first record was handled, and when the last, so that joining a group isn't measured."""

    def __init__(self, amount: int) -> None:
        self.began = 0.0
        self.all = threading.Event()
        self._left = amount

    def note(self) -> None:
        """A record is about to be handled."""
        if not self.began:
            self.began = time.perf_counter()
        self._left -= 1
        if not self._left:
            self.all.set()


def _follow(service: Service, topic: str, policies: Policies, amount: int) -> float:
    """Consume the topic from its beginning, as a service does. Answers how many records were handled in a second."""
    course = Course(amount)
    policy = policies[DocumentRegistered]

    def timed(work: Work, event: DocumentRegistered, cause: Cause) -> None:
        course.note()
        policy(work, event, cause)

    intake = Intake({**policies, DocumentRegistered: timed}, LINE, service.name, lambda: datetime.now(UTC))
    feed = Feed(topic, NOWHERE, parts().folder, LINE)
    consumer = Consumer(service.writer, intake, {topic: feed}, Kafka(parts().broker.bootstrap), f"bench.{uuid4()}")
    consumer.start()
    if not course.all.wait(120):
        raise TimeoutError(topic)
    service.writer.submit(lambda _: None).result(30)  # behind the last batch: it is committed
    ended = time.perf_counter()
    consumer.stop()
    feed.close()
    return amount / (ended - course.began)


class UnitTally(Aggregate):
    """How many documents a unit has registered."""

    class DocumentCounted(DomainEvent):
        document_id: UUID

    def count(self, document_id: UUID, cause: Cause) -> None:
        """One more."""
        self.trigger(self.DocumentCounted, cause, document_id=document_id)


def _count(work: Work, event: DocumentRegistered, cause: Cause) -> None:
    work.find_or_new(UnitTally, uuid5(NAMESPACE_URL, str(event.unit_id))).count(event.document_id, cause)


@contextmanager
def consuming(quick: bool) -> Iterator[tuple[Run, Run]]:
    """A topic holds so many registrations of 100 units; each brings about one event of its unit's tally."""
    amount = amounts(quick)(20_000)
    topic, bootstrap = parts().topic("consumer"), parts().broker.bootstrap
    sent(list(registrations(topic, amount)), ENVELOPE, bootstrap)

    def ours() -> Sample:
        settings = Settings(**parts().settings(parts().access("tallies")))
        service = Service("tallies", settings, lambda _: None, [])
        service.writer.start()
        rate = _follow(service, topic, {DocumentRegistered: _count}, amount)
        service.writer.stop()
        service.close()
        return Sample(rate)

    def peers() -> Sample:
        app = peer.UnitTallies(peer.environment(parts().access("peer")))
        rate = peer.follow(app, topic, amount // 8, bootstrap)
        app.close()
        return Sample(rate)

    with frozen():
        yield ours, peers


@contextmanager
def feeding(quick: bool) -> Iterator[tuple[Run, Run]]:
    """Control's copy of the registry's documents, by control's own policy."""
    amount = amounts(quick)(30_000)
    topic, bootstrap = parts().topic("documents"), parts().broker.bootstrap
    sent(list(registrations(topic, amount)), ENVELOPE, bootstrap)

    def ours() -> Sample:
        settings = control.settings.Settings(**parts().settings(parts().access("control")))
        app = control.bootstrap.create_app(settings)
        service: Service = app.state.service
        service.writer.start()
        service.writer.submit(_know_units(app.state.known_units)).result(30)
        rate = _follow(service, topic, policies(app.state.known_units), amount)
        found = service.store.read("SELECT count(*) FROM documents")[0][0]
        if found != amount:
            raise AssertionError(f"{found} of {amount} documents are known")
        service.writer.stop()
        service.close()
        return Sample(rate)

    with frozen():
        yield ours, lambda: Sample(amount / peer.consume(topic, amount, bootstrap))


def _know_units(known: KnownUnits) -> Callable[[Work], None]:
    """Take in what the gate says of the units."""
    told = known.policies()[UnitRegimeAssigned]

    def task(work: Work) -> None:
        cause = Cause(actor="gate", recorded_at=datetime.now(UTC), correlation_id="")
        for unit_id in UNITS:
            told(work, unit_assigned(unit_id), cause)

    return task


MEASURES = [
    Measure(
        "relay",
        "Relay: stored public events to acknowledged records",
        "the relay, from the database",
        "raw idempotent kafka-python producer, the same records ready in memory",
        "records/s",
        "higher",
        [AtLeast(0.85)],
        relaying,
    ),
    Measure(
        "consumer",
        "Consumer with one new event for each record, once and in order",
        "intake and writer, in batches",
        "EventSourcedProjection.process_event, one record a transaction, aggregate cache on",
        "records/s",
        "higher",
        [AtLeast(6)],
        consuming,
    ),
    Measure(
        "read-model",
        "Read model fed from a topic: control's copy of the documents",
        "consumer, policy, SQL and position in one transaction",
        "raw kafka-python consume and orjson decode of the same records",
        "records/s",
        "higher",
        [AtLeast(0.3)],
        feeding,
    ),
]

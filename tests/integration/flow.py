"""A producer and a consumer on the real core, with a topic of their own: what the tests of the event flow act on."""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import uvicorn
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.lines import Line, topic_of
from baqylau.messaging.broker import Kafka
from baqylau.messaging.consumer import Consumer
from baqylau.messaging.envelope import Envelope, Outgoing, partition_of
from baqylau.messaging.feed import Feed
from baqylau.messaging.intake import Intake
from baqylau.messaging.parked import parked
from baqylau.messaging.relay import MakeProducer, Relay, make_producer
from baqylau.platform.app import create_app
from baqylau.platform.runtime import Runtime
from baqylau.testing.probe import POLICIES, Tally, entered, entries, ledger_service, line_settings, tally_service
from baqylau.testing.wait import wait_until
from baqylau_infra import ports
from baqylau_infra.broker import Broker
from baqylau_infra.database import Database
from baqylau_infra.tokens import Keys
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

LINE = Line.NON_CONFIDENTIAL
PARTITIONS = 2
NOWHERE = "http://127.0.0.1:1"
_number = count(1)


class Flow:
    """`tallies` emits, `ledger` follows. Relay, consumer and feed are started by the test."""

    def __init__(self, broker: Broker, database: Database, keys: Keys, folder: Path) -> None:
        self.name = f"tallies-{next(_number)}"
        self.topic = topic_of(LINE, self.name)
        self.bootstrap = broker.bootstrap
        self.kafka = Kafka(broker.bootstrap)
        self._stack = ExitStack()
        self.settings = line_settings(
            database.create(self.name.replace("-", "_")).environment(),
            broker.bootstrap,
            partitions=PARTITIONS,
            jwks_file=keys.jwks_file,
            port=ports.free(),
        )
        self.tallies = self._started(tally_service(self.settings, self.name))
        access = database.create(f"ledger_{self.name.replace('-', '_')}").environment()
        self._ledger_settings = line_settings(access, broker.bootstrap, jwks_file=keys.jwks_file, port=ports.free())
        self.ledger = self._started(ledger_service(self._ledger_settings, "ledger"))
        self.envelope = Envelope(LINE, self.name, self.settings.own_url)
        self.intake = Intake(POLICIES, LINE, "ledger", lambda: datetime.now(UTC))
        self._tokens = folder
        (folder / LINE.value).write_text(keys.token(["subscriber"], LINE))
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            admin.create_topics({self.topic: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def _started(self, service: Service) -> Service:
        service.writer.start()
        self._stack.callback(service.close)
        self._stack.callback(service.writer.stop)
        return service

    # What happens in the producer

    def count(self, tally: UUID, times: int = 1, **how: Any) -> None:
        """Count a tally, and wait until that is committed."""
        for future in [self.counting(tally, **how) for _ in range(times)]:
            future.result(30)

    def counting(self, tally: UUID, **how: Any) -> "Future[int]":
        return self.tallies.writer.submit(lambda work: work.find_or_new(Tally, tally).count(cause(), **how))

    def state(self, fact: str, tally: UUID) -> None:
        """Make a fact known, in the partition of a tally."""

        def task(work: Work) -> None:
            work.find_or_new(Tally, tally).state(fact, cause())

        self.tallies.writer.submit(task).result(30)

    def stored(self, partition: int | None = None) -> list[Outgoing]:
        """What is to be on the topic."""
        return self.tallies.store.public_events(self.topic, 0, 100_000, partition)

    def tally_in(self, partition: int) -> UUID:
        """A new tally whose records are in this partition."""
        while partition_of(str(found := uuid4()), PARTITIONS) != partition:
            pass
        return found

    # What is on the topic

    def send(self, records: Iterable[Outgoing]) -> None:
        """Put records on the topic in just this order, as a relay would that lost or repeated some."""
        with self.raw() as producer:
            for record in records:
                headers = self.envelope.kafka_headers(record)
                producer.send(
                    record.topic,
                    key=record.key.encode(),
                    value=record.value,
                    headers=headers,
                    partition=record.partition,
                ).get(20)

    def raw(self) -> KafkaProducer:
        return make_producer(self.kafka, [self.topic])

    def on_topic(self, partition: int) -> list[int]:
        """The positions of a partition's records, as they lie there."""
        place = TopicPartition(self.topic, partition)
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        consumer.assign([place])
        end, found = consumer.end_offsets([place])[place], []
        while consumer.position(place) < end:
            found += consumer.poll(timeout_ms=500).get(place, [])
        consumer.close()
        return [int(dict(record.headers)["ce_position"]) for record in found]

    # The parts between

    def relay(self, producer: MakeProducer = make_producer, of: type[Relay] = Relay) -> Relay:
        """Start a relay."""
        relay = of(self.tallies.store, self.envelope, (self.topic,), self.kafka, {}, producer)
        self._stack.callback(relay.stop)
        relay.start()
        return relay

    def serve_feed(self) -> str:
        """Serve `/events` of the producer; no relay comes with it."""
        return self._served(Runtime(self.name, self.settings, self.tallies, {}))

    def serve_ledger(self) -> httpx.Client:
        """Serve the ledger's own routes; no consumer comes with it. The client is nobody yet."""
        runtime = Runtime("ledger", self._ledger_settings, self.ledger, POLICIES)
        return self._stack.enter_context(httpx.Client(base_url=self._served(runtime), timeout=30))

    def _served(self, runtime: Runtime) -> str:
        config = uvicorn.Config(
            create_app(runtime, runtime.name, []), port=runtime.settings.port, lifespan="off", log_config=None
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join(10)

        self._stack.callback(stop)
        wait_until(lambda: server.started, "it is served")
        return runtime.settings.own_url

    def another_ledger(self) -> Service:
        """A second replica of the ledger: another process of it, but for the process."""
        return self._started(ledger_service(self._ledger_settings, "ledger"))

    def consume(self, feed: str = NOWHERE, of: Service | None = None) -> Consumer:
        """Start a consumer of the ledger, or of a replica."""
        source = Feed(self.topic, feed, self._tokens, LINE)
        self._stack.callback(source.close)
        group = f"ledger.{self.name}"
        consumer = Consumer((of or self.ledger).writer, self.intake, {self.topic: source}, self.kafka, group)
        self._stack.callback(consumer.stop)
        consumer.start()
        return consumer

    # What came of it

    def effects(self, tally: UUID) -> list[int]:
        return entries(self.ledger, tally)

    def wait_for(self, tally: UUID, last: int) -> None:
        """Wait until the last of a tally's records has taken effect; all of them once and in order then."""
        wait_until(lambda: last in self.effects(tally), f"{last} of {tally} takes effect in the ledger")
        assert self.effects(tally) == list(range(1, last + 1))
        assert entered(self.ledger, tally) == list(range(1, last + 1))

    def parked(self) -> list[tuple[str, str, int]]:
        """Key, reason and number of records of what is parked."""
        return [(found.key, found.reason, found.records) for found in parked(self.ledger.store, 100)]


def without(records: Sequence[Outgoing], index: int) -> list[Outgoing]:
    return [*records[:index], *records[index + 1 :]]


def cause() -> Cause:
    return Cause(actor="test", recorded_at=datetime.now(UTC), correlation_id="test")

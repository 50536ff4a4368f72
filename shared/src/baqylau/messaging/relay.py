"""Publishes what is stored, and nothing else.

One replica at a time holds the service's advisory lock (`baqylau.eventstore.tenure`) and follows `public_events`. It
begins with a look at what lies on the topics (`baqylau.messaging.on_topic`), and publishes nothing where that isn't of
its log. What the broker has acknowledged is kept per partition, now and then: it is a hint, the topics say it better.
After any failed record the producer is thrown away, because it would go on behind the lost one, and publishing starts
again from what was acknowledged. Records may so be sent twice, never left out; consumers skip what they have had. Two
relays at once (one that lost its lock without noticing) are harmless for the same reason.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
import structlog
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError
from psycopg import Connection

from baqylau.eventstore import tenure
from baqylau.eventstore.store import Store
from baqylau.eventstore.transaction import Transaction
from baqylau.messaging.backoff import Backoff
from baqylau.messaging.broker import Kafka, knowing
from baqylau.messaging.envelope import Envelope, Outgoing
from baqylau.messaging.listener import Listener
from baqylau.messaging.on_topic import AnotherLog, reconcile
from baqylau.observability.metrics import RELAY_ACTIVE, RELAY_BEHIND, RELAY_PUBLISHED, RELAY_RESTARTS

WINDOW = 2000
"""Records sent and not yet acknowledged, at most: the producer's own buffer has no bound."""
WINDOW_BYTES = 32 * 1024 * 1024
"""Of their values, together."""
ALWAYS_TAKEN_BYTES = 512 * 1024
"""A value that is no longer than this is surely below the most that a producer takes (1 MiB), headers and all."""
READ_LIMIT = 1000
PUBLIC_EVENTS = "public_events"
KEEP_SECONDS = 0.5
"""How long what was acknowledged is kept in memory alone."""
BREATH_SECONDS = 0.001
LONGEST_BREATH_SECONDS = 0.02
"""After each round a relay lets pass the first for each record of it, and at most the second. So one record that comes
alone goes at once, and under load, when each transaction would be a round, a few go together at a fraction of the cost.
"""
TAKE_OVER_SECONDS = 1.0
"""How often a relay that waits asks for the lock of the one that publishes."""
ACKNOWLEDGE_SECONDS = 30.0
TIDY_SECONDS = 600.0
STOP_SECONDS = 2.0
"""How long a stop waits: half of it for what is in flight."""

log = structlog.get_logger(__name__)

MakeProducer = Callable[[Kafka, Iterable[str]], KafkaProducer]


class Producer(KafkaProducer):  # type: ignore[misc]
    """kafka-python's own, but for a record that is ready to be appended to its batch: bytes, with its partition."""

    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
        **more: Any,
    ) -> Any:
        """As kafka-python's, at two thirds of its cost: it weighs, checks and describes each header of each record."""
        unready = value is None or len(value) > ALWAYS_TAKEN_BYTES or partition is None or more
        if unready or self._metadata.partitions_for_topic(topic) is None:
            return super().send(topic, value, key, headers, partition, **more)
        place = TopicPartition(topic, partition)
        future, full, new, _ = self._accumulator.append(place, None, key, value, headers or [])
        if full or new:
            self._sender.wakeup()
        return future


def make_producer(kafka: Kafka, topics: Iterable[str]) -> Producer:
    """The producer's settings: idempotent in words, or an odd option would switch it off."""
    with knowing(topics) as client:
        return Producer(
            **kafka.client,
            kafka_client=client,
            enable_idempotence=True,
            acks="all",
            linger_ms=20,  # under load; where nothing more is there to send, `settle` sends at once
            batch_size=262144,  # one batch of a partition is under way at a time
            delivery_timeout_ms=20000,
            request_timeout_ms=8000,
            max_block_ms=8000,
            metrics_enabled=False,
            bootstrap_timeout_ms=3000,
        )


def _throw_away(producer: KafkaProducer) -> None:
    """End it now. By itself, `close` waits for what can't be delivered, raises, and leaves its thread running."""
    producer._sender.force_close()
    with suppress(KafkaError):
        producer.close(timeout=1)


class Lost(Exception):
    """A record wasn't acknowledged for good. Everything from what was acknowledged on is sent again."""


class Relay:
    """Follows one service's public events on a thread of its own. `topics`: those that the service publishes to.

    `listeners`: what to call when a channel of the database is notified, whether or not this replica publishes.
    """

    def __init__(
        self,
        store: Store,
        envelope: Envelope,
        topics: tuple[str, ...],
        kafka: Kafka,
        listeners: Mapping[str, Callable[[], None]],
        producer: MakeProducer = make_producer,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._topics = topics
        self._kafka = kafka
        self._make_producer = producer
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._follower = listeners.get(PUBLIC_EVENTS, lambda: None)
        self._listener = Listener(store, {**listeners, PUBLIC_EVENTS: self._hear})
        self._tidied = time.monotonic()
        self.connected = False

    def start(self) -> None:
        """Begin to listen and to publish."""
        self._listener.start()
        self._thread.start()

    def stop(self) -> None:
        """Wait for what is in flight, give up the lock, and stop."""
        self._stopping.set()
        self._news.set()
        self._listener.begin_stop()  # it looks up by the time that the other has ended
        self._thread.join(STOP_SECONDS)
        self._listener.stop()

    @property
    def alive(self) -> bool:
        """Whether its threads run."""
        return self._thread.is_alive() and self._listener.alive

    def _hear(self) -> None:
        self._news.set()
        self._follower()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                if not self._kafka.wait(self._stopping):
                    break
                # A session of its own: the lock must end with it, and may not go back to the pool.
                with self._store.connect() as connection:
                    if self._hold_lock(connection):
                        self._follow(connection, backoff)
            except (Lost, KafkaError, psycopg.Error, OSError) as error:
                RELAY_RESTARTS.inc()
                log.warning("relay_restarts", kind=type(error).__name__)
            except AnotherLog as error:
                RELAY_RESTARTS.inc()
                log.error("topic_is_of_another_log", at=error.place)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                RELAY_RESTARTS.inc()
                log.error("relay_fault", kind=type(error).__name__)
            finally:
                RELAY_ACTIVE.set(0)
                self.connected = False
            backoff.wait(self._stopping)

    def _hold_lock(self, connection: Connection[Any]) -> bool:
        """Take the service's relay lock, or wait for it. False: stopping."""
        while not self._stopping.is_set():
            if tenure.take(connection, "baqylau-relay"):
                return True
            self.connected = True
            self._stopping.wait(TAKE_OVER_SECONDS)
        return False

    def _follow(self, connection: Connection[Any], backoff: Backoff) -> None:
        log_of = Transaction(self._store, connection)
        published = reconcile(log_of, self._envelope, self._topics, self._store.partitions, self._kafka)
        producer = partial(self._make_producer, self._kafka, self._topics)
        run = _Run(self._store, log_of, self._envelope, self._topics, published, producer)
        RELAY_ACTIVE.set(1)
        self.connected = True
        try:
            while not self._stopping.is_set():
                self._publish(run, backoff)
            run.settle(STOP_SECONDS / 2)
        finally:
            run.end()

    def _publish(self, run: "_Run", backoff: Backoff) -> None:
        """One round: all that is stored and wasn't sent; then a rest until there is more."""
        self._news.clear()
        sent, more = 0, True
        while more and not self._stopping.is_set():
            some, more = run.publish_some()
            sent += some
        run.settle(ACKNOWLEDGE_SECONDS)
        backoff.reset()
        self._tidy()
        self._stopping.wait(min(LONGEST_BREATH_SECONDS, sent * BREATH_SECONDS))
        if not self._news.wait(KEEP_SECONDS):
            run.keep()
            self._news.wait(tenure.SILENCE_SECONDS)

    def _tidy(self) -> None:
        """The one replica that publishes also does, in a quiet moment, what one of them has to do now and then."""
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._store.forget_answers()
            self._tidied = time.monotonic()


class _Run:
    """One life of a producer: what it has sent, and what of it is acknowledged."""

    def __init__(
        self,
        store: Store,
        log_of: Transaction,
        envelope: Envelope,
        topics: tuple[str, ...],
        published: Mapping[tuple[str, int], int],
        producer: Callable[[], KafkaProducer],
    ) -> None:
        """`log_of`: the session that holds the lock. Where it is lost, and so the lock, the next look raises.

        `producer`: makes one. It is made for the first record: at a start there is seldom one, and much else to do.
        """
        self._store = store
        self._log_of = log_of
        self._envelope = envelope
        self._make_producer = producer
        self._made: KafkaProducer | None = None
        self._flying: deque[tuple[Outgoing, Any]] = deque()
        self._bytes = 0
        self._acknowledged = dict(published)
        self._kept = dict(self._acknowledged)
        self._kept_at = time.monotonic()
        self._cursor = {topic: self._before_first_unpublished(topic) for topic in topics}
        self._heads: dict[str, dict[int, int]] = {topic: {} for topic in topics}

    def _before_first_unpublished(self, topic: str) -> int:
        """The position to read on from; where all is published, the last one.

        One statement, so one moment of the log: asked partition by partition, a record that is stored meanwhile in a
        partition asked before would be passed over for good.
        """
        found = self._log_of.read(
            "SELECT coalesce(min(unpublished.position) - 1, "
            "(SELECT max(position) FROM public_events WHERE topic = %(topic)s), 0) "
            "FROM generate_series(0, %(partitions)s::int - 1) AS here "
            "LEFT JOIN published ON published.topic = %(topic)s AND published.partition = here "
            "LEFT JOIN LATERAL (SELECT position FROM public_events WHERE topic = %(topic)s "
            "AND partition = here AND position > coalesce(published.position, 0) ORDER BY position LIMIT 1) "
            "AS unpublished ON true",
            {"topic": topic, "partitions": self._store.partitions},
        )
        return int(found[0][0])

    def publish_some(self) -> tuple[int, bool]:
        """Send the next records of each topic. Answers how many, and whether there may be more. Raises `Lost`.

        A look that found fewer than it may take has found all there was; of what comes later, the relay is notified.
        """
        sent, more = 0, False
        for topic, after in self._cursor.items():
            records = self._store.public_events(topic, after, READ_LIMIT, heads=self._heads[topic], on=self._log_of)
            for record in records:
                if record.position > self._acknowledged.get((topic, record.partition), 0):
                    self._send(record)
            if records:
                self._cursor[topic] = records[-1].position
                sent += len(records)
                more = more or len(records) == READ_LIMIT
        self._collect()
        return sent, more

    def _send(self, record: Outgoing) -> None:
        if len(self._flying) >= WINDOW or self._bytes >= WINDOW_BYTES:
            self._collect(until=time.monotonic() + ACKNOWLEDGE_SECONDS, leave=len(self._flying) // 2)
        if self._made is None:
            self._made = self._make_producer()
        future = self._made.send(
            record.topic,
            key=record.key.encode(),
            value=record.value,
            headers=self._envelope.kafka_headers(record),
            partition=record.partition,
        )
        self._flying.append((record, future))
        self._bytes += len(record.value)

    def settle(self, seconds: float) -> None:
        """Send at once, and wait until all is acknowledged. Raises `Lost`, also where that takes longer."""
        until = time.monotonic() + seconds
        if self._made is not None:
            with suppress(KafkaTimeoutError):  # said by the records that aren't acknowledged
                self._made.flush(timeout=seconds)
        self._collect(until)

    def _collect(self, until: float | None = None, leave: int = 0) -> None:
        """Take in the acknowledgements that are there, or, with `until`, wait for all but the last `leave`."""
        published: Counter[str] = Counter()
        try:
            while len(self._flying) > leave and (until is not None or self._flying[0][1].is_done):
                record, future = self._flying.popleft()
                self._bytes -= len(record.value)
                if not future.succeeded():
                    future.get(timeout=max(0.0, (until or 0.0) - time.monotonic()))
                self._acknowledged[(record.topic, record.partition)] = record.position
                published[record.topic] += 1
        except KafkaError as error:
            raise Lost from error
        finally:
            for topic, records in published.items():
                RELAY_PUBLISHED.labels(topic).inc(records)
        if time.monotonic() - self._kept_at > KEEP_SECONDS:
            self.keep()
        RELAY_BEHIND.set(len(self._flying))

    def keep(self) -> None:
        """Remember what was acknowledged, for the next life. A relay that lost its lock may know less: no step back."""
        changed = [
            (*place, position) for place, position in self._acknowledged.items() if self._kept.get(place) != position
        ]
        if changed:
            self._store.read(
                "INSERT INTO published (topic, partition, position) "
                "SELECT * FROM unnest(%s::text[], %s::smallint[], %s::bigint[]) ON CONFLICT (topic, partition) "
                "DO UPDATE SET position = greatest(published.position, excluded.position) RETURNING 1",
                [list(column) for column in zip(*changed, strict=True)],
            )
            self._kept = dict(self._acknowledged)
        self._kept_at = time.monotonic()

    def end(self) -> None:
        """Remember what was acknowledged, where that can be had, and give up the rest."""
        try:
            with suppress(psycopg.Error):
                self.keep()
        finally:
            if self._made is not None:
                _throw_away(self._made)

"""Publishes what is stored, and nothing else.

One replica at a time holds the service's advisory lock and follows `public_events`. What the broker has acknowledged is
kept per partition; after any failed record the producer is thrown away, because it would go on behind the lost one, and
publishing starts again from what was acknowledged. Records may so be sent twice, never left out; consumers skip what
they have had. Two relays at once (one that lost its lock without noticing) are harmless for the same reason.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from baqylau.eventstore.store import Store
from baqylau.messaging.backoff import Backoff
from baqylau.messaging.envelope import Envelope, Outgoing
from baqylau.observability.metrics import RELAY_ACTIVE, RELAY_BEHIND, RELAY_PUBLISHED, RELAY_RESTARTS

WINDOW = 2000
"""Records sent and not yet acknowledged, at most: the producer's own buffer has no bound."""
READ_LIMIT = 500
PUBLIC_EVENTS = "public_events"
QUIET_SECONDS = 30.0
"""How long a relay trusts that no notification means nothing new, before it looks all the same."""

log = structlog.get_logger(__name__)

MakeProducer = Callable[[str], KafkaProducer]


def make_producer(bootstrap: str) -> KafkaProducer:
    """The producer's settings: idempotent in words, or an odd option would switch it off."""
    return KafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=2,
        batch_size=131072,
        delivery_timeout_ms=20000,
        request_timeout_ms=8000,
        max_block_ms=8000,
    )


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
        bootstrap: str,
        listeners: Mapping[str, Callable[[], None]],
        producer: MakeProducer = make_producer,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._topics = topics
        self._bootstrap = bootstrap
        self._make_producer = producer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._listeners = listeners
        self.connected = False

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Wait for what is in flight, give up the lock, and stop."""
        self._stopping.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                with self._store.datastore.pool.connection() as connection:
                    if self._hold_lock(connection):
                        self._follow(connection, backoff)
            except (Lost, KafkaError, psycopg.Error, OSError) as error:
                RELAY_RESTARTS.inc()
                log.warning("relay_restarts", kind=type(error).__name__)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                RELAY_RESTARTS.inc()
                log.error("relay_fault", kind=type(error).__name__)
            finally:
                RELAY_ACTIVE.set(0)
            backoff.wait(self._stopping)

    def _hold_lock(self, connection: Connection[Any]) -> bool:
        """Take the service's relay lock; wait for it without polling the log. False: stopping."""
        for channel in self._listeners:
            connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
        while not self._stopping.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(hashtext('baqylau-relay')) AS held").fetchone()
            if row is not None and row["held"]:
                return True
            self.connected = True
            self._hear(connection, 1.0)
        return False

    def _follow(self, connection: Connection[Any], backoff: Backoff) -> None:
        producer = self._make_producer(self._bootstrap)
        try:
            RELAY_ACTIVE.set(1)
            self._check_partitions(producer)
            run = _Run(self._store, self._envelope, producer, self._topics)
            self.connected = True
            while not self._stopping.is_set():
                sent = run.publish_some()
                heard = self._hear(connection, 0)
                if sent == 0 and not heard:
                    run.settle()
                    backoff.reset()
                    self._wait_for_commit(connection)
            run.settle()
        finally:
            producer.close(timeout=2)
            connection.execute("UNLISTEN *; SELECT pg_advisory_unlock(hashtext('baqylau-relay'))")

    def _check_partitions(self, producer: KafkaProducer) -> None:
        for topic in self._topics:
            found = producer.partitions_for(topic)
            if found is None or len(found) != self._store.partitions:
                log.error("topic_partitions_differ", topic=topic, found=len(found or ()), wanted=self._store.partitions)
                raise Lost

    def _wait_for_commit(self, connection: Connection[Any]) -> None:
        waited = 0.0
        while not self._stopping.is_set() and waited < QUIET_SECONDS:
            if self._hear(connection, 0.5):
                return
            waited += 0.5

    def _hear(self, connection: Connection[Any], seconds: float) -> bool:
        """Wait for notifications, tell the listeners, and say whether there is something to publish."""
        channels = {notified.channel for notified in connection.notifies(timeout=seconds, stop_after=1)}
        for channel in channels & self._listeners.keys():
            self._listeners[channel]()
        return PUBLIC_EVENTS in channels


class _Run:
    """One life of a producer: what it has sent, and what of it is acknowledged."""

    def __init__(self, store: Store, envelope: Envelope, producer: KafkaProducer, topics: tuple[str, ...]) -> None:
        self._store = store
        self._envelope = envelope
        self._producer = producer
        self._flying: deque[tuple[Outgoing, Any]] = deque()
        rows = store.read("SELECT topic, partition, position FROM published")
        self._acknowledged = {(topic, partition): position for topic, partition, position in rows}
        self._kept = dict(self._acknowledged)
        self._cursor = {topic: self._before_first_unpublished(topic) for topic in topics}

    def _before_first_unpublished(self, topic: str) -> int:
        found: list[int] = []
        for partition in range(self._store.partitions):
            acknowledged = self._acknowledged.get((topic, partition), 0)
            found += [r.position - 1 for r in self._store.public_events(topic, acknowledged, 1, partition)]
        ends = [position for (of, _), position in self._acknowledged.items() if of == topic]
        return min(found, default=max(ends, default=0))

    def publish_some(self) -> int:
        """Send the next records of each topic. Answers how many. Raises `Lost`."""
        sent = 0
        for topic, after in self._cursor.items():
            records = self._store.public_events(topic, after, READ_LIMIT)
            for record in records:
                if record.position > self._acknowledged.get((topic, record.partition), 0):
                    self._send(record)
            if records:
                self._cursor[topic] = records[-1].position
                sent += len(records)
        self._collect(all_of_them=False)
        return sent

    def _send(self, record: Outgoing) -> None:
        if len(self._flying) >= WINDOW:
            self._collect(all_of_them=True)
        future = self._producer.send(
            record.topic,
            key=record.key.encode(),
            value=record.value,
            headers=self._envelope.kafka_headers(record),
            partition=record.partition,
        )
        self._flying.append((record, future))

    def settle(self) -> None:
        """Wait until all that was sent is acknowledged. Raises `Lost`."""
        self._collect(all_of_them=True)

    def _collect(self, *, all_of_them: bool) -> None:
        while self._flying and (all_of_them or self._flying[0][1].is_done):
            record, future = self._flying.popleft()
            try:
                future.get(timeout=30)
            except KafkaError as error:
                self._keep()
                raise Lost from error
            self._acknowledged[(record.topic, record.partition)] = record.position
            RELAY_PUBLISHED.labels(record.topic).inc()
        RELAY_BEHIND.set(len(self._flying))
        self._keep()

    def _keep(self) -> None:
        """Remember what was acknowledged, for the next life."""
        changed = [
            (*place, position) for place, position in self._acknowledged.items() if self._kept.get(place) != position
        ]
        if changed:
            with self._store.datastore.pool.connection() as connection, connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO published (topic, partition, position) VALUES (%s, %s, %s) "
                    "ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position",
                    changed,
                )
            self._kept = dict(self._acknowledged)

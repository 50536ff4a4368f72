"""The event store's one transaction: events, public records, positions and read models, all or none.

The transaction takes the event store's lock first and decides behind it. So commands never conflict, also between
replicas; insertion order is commit order; and a reader of `position > last` misses nothing. The lock is held for the
milliseconds of a batch, and a session that stalls in it is ended by the server (`IDLE_LIMIT`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import orjson
import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresProcessRecorder
from psycopg import Connection
from psycopg.rows import DictRow, tuple_row

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.lines import Line, topic_of
from baqylau.messaging.envelope import Outgoing, Publication, attributes, encode, partition_of

Statement = tuple[LiteralString, Sequence[Any]]
"""A change of a read model: SQL with %s places, and its parameters."""

Publish = Callable[[DomainEvent], Publication | None]
"""The one place where a service's domain event becomes a public event; None: it isn't public."""

LOCK_LIMIT = "10s"
IDLE_LIMIT = "10s"

SHARED_TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS public_events (
    position bigint NOT NULL, topic text NOT NULL, partition smallint NOT NULL,
    key text NOT NULL, headers bytea NOT NULL, value bytea NOT NULL,
    PRIMARY KEY (topic, partition, position));
CREATE INDEX IF NOT EXISTS public_events_by_position ON public_events (topic, position);
CREATE TABLE IF NOT EXISTS published (
    topic text NOT NULL, partition smallint NOT NULL, position bigint NOT NULL, PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS parked_records (
    upstream text NOT NULL, position bigint NOT NULL, key text NOT NULL,
    topic text NOT NULL, partition smallint NOT NULL,
    headers bytea NOT NULL, value bytea NOT NULL, reason text NOT NULL, waits boolean NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(), attempts integer NOT NULL DEFAULT 1,
    PRIMARY KEY (upstream, position));
CREATE INDEX IF NOT EXISTS parked_records_by_key ON parked_records (key, position);
CREATE TABLE IF NOT EXISTS deployment (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), service text NOT NULL, line text NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency_keys (
    caller text NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL, status smallint NOT NULL,
    version bigint, body bytea NOT NULL, answered_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (caller, key));
"""


class ForeignDatabase(Exception):
    """The settings name a database of another service or line. The process must not start."""


class Store(PostgresProcessRecorder):
    """The library's recorder, with a transaction of our own for writing; reading is the library's."""

    service: str
    line: Line
    partitions: int
    publish: Publish

    def prepare(
        self, service: str, line: Line, partitions: int, publish: Publish, tables: Iterable[LiteralString]
    ) -> None:
        """Say what is written beside the events, and create what tables are missing (one replica at a time)."""
        self.service, self.line, self.partitions, self.publish = service, line, partitions, publish
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('baqylau-schema'))")
            for statements in (SHARED_TABLES, *tables):
                connection.execute(statements)
            connection.execute(
                "INSERT INTO deployment (service, line) VALUES (%s, %s) ON CONFLICT DO NOTHING", (service, line)
            )
            found = connection.execute("SELECT service, line FROM deployment").fetchone()
            if found != {"service": service, "line": line}:
                raise ForeignDatabase(f"This database is of {found}, not of {service} on the line {line}")

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """Open the transaction and take the lock. Commits at the end; raises `psycopg.Error` where that failed."""
        with self.datastore.pool.connection() as connection, connection.transaction():
            connection.execute(
                f"SET LOCAL lock_timeout = '{LOCK_LIMIT}'; "
                f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_LIMIT}'; "
                f"LOCK TABLE {self.events_table_name} IN EXCLUSIVE MODE",
            )
            yield Transaction(self, connection)

    def has(self, event: StoredEvent) -> bool:
        """Whether exactly this event is stored: what became of a commit whose answer was lost."""
        found = self.select_events(event.originator_id, gt=event.originator_version - 1, lte=event.originator_version)
        return bool(found) and found[0].state == event.state and found[0].topic == event.topic

    def read(self, query: LiteralString, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a read model, as tuples, outside any transaction."""
        with self.datastore.pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, params, prepare=True).fetchall()

    def public_events(self, topic: str, after: int, limit: int, partition: int | None = None) -> list[Outgoing]:
        """The records of a topic behind a position, oldest first, each with the position before it in its partition."""
        rows = self.read(
            "SELECT position, partition, key, headers, value FROM public_events "
            "WHERE topic = %s AND position > %s AND (%s::smallint IS NULL OR partition = %s) "
            "ORDER BY position LIMIT %s",
            (topic, after, partition, partition, limit),
        )
        heads: dict[int, int] = {}
        for found in {row[1] for row in rows}:
            head = self.read(
                "SELECT coalesce(max(position), 0) FROM public_events "
                "WHERE topic = %s AND partition = %s AND position <= %s",
                (topic, found, after),
            )
            heads[found] = head[0][0]
        records = []
        for position, found, key, headers, value in rows:
            named = orjson.loads(headers)
            records.append(Outgoing(position, heads[found], topic, found, key, named, bytes(value)))
            heads[found] = position
        return records


class Transaction:
    """What can be read and written while the lock is held."""

    def __init__(self, store: Store, connection: Connection[DictRow]) -> None:
        self.store = store
        self.connection = connection

    def read(self, query: LiteralString, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows as tuples, within the transaction."""
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, params, prepare=True).fetchall()

    def position(self, upstream: str) -> int:
        """The last position handled of an upstream partition; 0: none yet."""
        name = self.store.tracking_table_name
        found = self.read(f"SELECT notification_id FROM {name} WHERE application_name = %s", (upstream,))
        return int(found[0][0]) if found else 0

    def write(
        self,
        events: Sequence[DomainEvent],
        stored: Sequence[StoredEvent],
        statements: Sequence[Statement],
        positions: Sequence[tuple[str, int]],
    ) -> int | None:
        """Write everything, in as few round trips as there are dependencies. Answers the log's new end."""
        publications = [
            (index, line, publication)
            for index, publication in enumerate(map(self.store.publish, events))
            if publication is not None
            for line in publication.lines
        ]
        with self.connection.pipeline():
            ids = self._insert_events(stored)
            if publications:
                self._insert_public(events, ids, publications)
            for query, params in statements:
                self.connection.execute(query, params, prepare=True)
            for upstream, position in positions:
                self._advance(upstream, position)
        return ids[-1] if ids else None

    def _insert_events(self, stored: Sequence[StoredEvent]) -> list[int]:
        if not stored:
            return []
        table = self.store.events_table_name
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(
                f"INSERT INTO {table} (originator_id, originator_version, topic, state) "
                "SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[]) RETURNING notification_id",
                (
                    [event.originator_id for event in stored],
                    [event.originator_version for event in stored],
                    [event.topic for event in stored],
                    [event.state for event in stored],
                ),
                prepare=True,
            )
            return [row[0] for row in cursor.fetchall()]

    def _insert_public(
        self, events: Sequence[DomainEvent], ids: Sequence[int], publications: Sequence[tuple[int, Line, Publication]]
    ) -> None:
        columns: tuple[list[Any], ...] = ([], [], [], [], [], [])
        for index, line, publication in publications:
            event = events[index]
            row = (
                ids[index],
                topic_of(line, self.store.service),
                partition_of(str(event.originator_id), self.store.partitions),
                str(event.originator_id),
                orjson.dumps(attributes(publication, event, line)),
                encode(publication),
            )
            for column, value in zip(columns, row, strict=True):
                column.append(value)
        self.connection.execute(
            "INSERT INTO public_events (position, topic, partition, key, headers, value) "
            "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::smallint[], %s::text[], %s::bytea[], %s::bytea[])",
            columns,
            prepare=True,
        )
        self.connection.execute("NOTIFY public_events")

    def _advance(self, upstream: str, position: int) -> None:
        table = self.store.tracking_table_name
        self.connection.execute(
            f"INSERT INTO {table} VALUES (%s, %s) "
            "ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id",
            (upstream, position),
            prepare=True,
        )

    def changed_since(self, position: int, limit: int) -> list[tuple[UUID, int, int]]:
        """Which aggregates have events behind a position: id, version, position; oldest first, at most `limit`."""
        table = self.store.events_table_name
        return self.read(
            f"SELECT originator_id, originator_version, notification_id FROM {table} "
            "WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
            (position, limit),
        )


def out_of_reach(error: BaseException) -> bool:
    """Whether the database is only away for now (try again), rather than the statement wrong (don't)."""
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OperationalError | InterfaceError)

"""The event store's one transaction: events, public records, positions and read models, all or none.

The transaction takes the event store's lock first and decides behind it. So commands never conflict, also between
replicas; insertion order is commit order; and a reader of `position > last` misses nothing. The lock is held for the
milliseconds of a batch, and a session that stalls in it is ended by the server (`IDLE_LIMIT`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import orjson
import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder
from psycopg import Connection
from psycopg.rows import DictRow, tuple_row

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.chain import GENESIS, link
from baqylau.lines import Line, topic_of
from baqylau.messaging.envelope import Outgoing, Publication, attributes, encode, partition_of

Statement = tuple[LiteralString, Sequence[Any]]
"""A change of a read model: SQL with %s places, and its parameters."""

Publish = Callable[[DomainEvent], Publication | None]
"""The one place where a service's domain event becomes a public event; None: it isn't public."""

LOCK_LIMIT = "10s"
IDLE_LIMIT = "10s"

_SESSIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""libpq's: a server that vanishes without a word is noticed within 20 s; of itself, TCP would wait for hours."""

_RECONNECT_SECONDS = 3.0
"""The pool doubles its pauses while the server is away; so it gives up early, and the next caller tries at once."""

_AWAY = frozenset({"08", "25", "28", "40", "53", "55", "57", "58"})
_FAILED_TRANSACTION = "25P02"
"""Classes of SQLSTATE (PostgreSQL, Appendix A) after which the same statement may succeed: the connection, a session
that the server ended, a standby, a deadlock, resources, a lock, the operator. Not 25P02: that follows from another."""

SHARED_TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS public_events (
    position bigint NOT NULL, topic text NOT NULL, partition smallint NOT NULL,
    key text NOT NULL, headers bytea NOT NULL, value bytea NOT NULL,
    PRIMARY KEY (topic, partition, position));
CREATE INDEX IF NOT EXISTS public_events_by_position ON public_events (topic, position);
CREATE TABLE IF NOT EXISTS log_chain (position bigint PRIMARY KEY, digest bytea NOT NULL);
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
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (answered_at);
"""


class ForeignDatabase(Exception):
    """The settings name a database of another service or line. The process must not start."""


class Store(PostgresProcessRecorder):
    """The library's recorder, with a transaction of our own for writing; reading is the library's."""

    service: str
    line: Line
    partitions: int
    publish: Publish

    def __init__(self, datastore: PostgresDatastore, **tables: str) -> None:
        pool = datastore.pool
        assert isinstance(pool.kwargs, dict)
        pool.kwargs.update(_SESSIONS)
        pool.reconnect_timeout = _RECONNECT_SECONDS
        super().__init__(datastore, **tables)

    def create_table(self) -> None:
        """Create the library's tables where they are missing. One replica at a time: PostgreSQL fails the others."""
        with self.datastore.pool.connection() as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext('baqylau-tables'))")
            try:
                super().create_table()
            finally:
                connection.execute("SELECT pg_advisory_unlock(hashtext('baqylau-tables'))")

    def connect(self) -> Connection[DictRow]:
        """A session of its own, outside the pool, for who holds a lock or listens: both end with it."""
        kwargs = self.datastore.pool.kwargs
        assert isinstance(kwargs, dict)
        return Connection[DictRow].connect(**kwargs, autocommit=True)

    def forget_answers(self) -> None:
        """Forget answers to an `Idempotency-Key` that are older than a week; so many at a time that nobody waits."""
        self.read(
            "DELETE FROM idempotency_keys WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys "
            "WHERE answered_at < now() - interval '7 days' ORDER BY answered_at LIMIT 10000) RETURNING 1"
        )

    def answers(self) -> bool:
        """Whether the database can be reached now; within a second, but for a server that hangs."""
        try:
            with self.datastore.pool.connection(timeout=1) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

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

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """An aggregate's events. The library's tries ten times where the database is away; a caller can't wait so."""
        rows = self.read(
            f"SELECT originator_id, originator_version, topic, state FROM {self.events_table_name} "
            "WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s "
            f"ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT %s",
            (originator_id, gt or 0, lte if lte is not None else 2**62, limit),
        )
        return [StoredEvent(id_, version, topic, bytes(state)) for id_, version, topic, state in rows]

    def has(self, event: StoredEvent) -> bool:
        """Whether exactly this event is stored: what became of a commit whose answer was lost."""
        found = self.select_events(event.originator_id, gt=event.originator_version - 1, lte=event.originator_version)
        return bool(found) and found[0].state == event.state and found[0].topic == event.topic

    def read(self, query: LiteralString, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a read model, as tuples, outside any transaction."""
        with self.datastore.pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, params, prepare=True).fetchall()

    def log(self, after: int, limit: int) -> list[tuple[int, StoredEvent, bytes]]:
        """The log behind a position, oldest first: position, event, and the hash chain's digest there (empty: none)."""
        rows = self.read(
            "SELECT notification_id, originator_id, originator_version, topic, state, digest "
            f"FROM {self.events_table_name} LEFT JOIN log_chain ON position = notification_id "
            "WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
            (after, limit),
        )
        return [(row[0], StoredEvent(row[1], row[2], row[3], bytes(row[4])), bytes(row[5] or b"")) for row in rows]

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

    def history(self, id: UUID, *, last_alone: bool = False) -> list[StoredEvent]:  # noqa: A002
        """The stored events of an aggregate, oldest first; all, or the last alone."""
        rows = self.read(
            f"SELECT originator_id, originator_version, topic, state FROM {self.store.events_table_name} "
            f"WHERE originator_id = %s ORDER BY originator_version {'DESC LIMIT 1' if last_alone else ''}",
            (id,),
        )
        return [StoredEvent(id_, version, topic, bytes(state)) for id_, version, topic, state in rows]

    def end(self) -> int:
        """The position of the log's last event; 0: it is empty."""
        return int(self.read(f"SELECT coalesce(max(notification_id), 0) FROM {self.store.events_table_name}")[0][0])

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
        with (
            self.connection.cursor(row_factory=tuple_row) as last,
            self.connection.cursor(row_factory=tuple_row) as cursor,
        ):
            last.execute("SELECT digest FROM log_chain ORDER BY position DESC LIMIT 1", prepare=True)
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
            ids = [row[0] for row in cursor.fetchall()]
            digest = next((bytes(row[0]) for row in last.fetchall()), GENESIS)
        digests = []
        for position, event in zip(ids, stored, strict=True):
            digest = link(digest, position, event)
            digests.append(digest)
        self.connection.execute(
            "INSERT INTO log_chain SELECT * FROM unnest(%s::bigint[], %s::bytea[])", (ids, digests), prepare=True
        )
        return ids

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
    if isinstance(error, OperationalError | InterfaceError):
        return error.__cause__ is None or out_of_reach(error.__cause__)
    if not isinstance(error, psycopg.Error) or isinstance(error, psycopg.errors.PipelineAborted):
        return False
    if error.sqlstate is None:  # said by the client's side: the connection is gone, or none could be had
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate[:2] in _AWAY and error.sqlstate != _FAILED_TRANSACTION

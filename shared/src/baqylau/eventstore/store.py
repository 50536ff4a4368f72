"""The event store's one transaction: events, public records, positions and read models, all or none.

The transaction takes the event store's lock first and decides behind it. So commands never conflict, also between
replicas; insertion order is commit order; and a reader of `position > last` misses nothing. The lock is held for the
milliseconds of a batch, and a session that stalls in it is ended by the server (`IDLE_LIMIT`).
"""

import hashlib
import select
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString
from uuid import UUID

import orjson
import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, tuple_row
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool

from baqylau.eventstore import answers
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.transaction import Head, Rows, Transaction, behind
from baqylau.lines import Line, topic_of
from baqylau.messaging.envelope import Outgoing, Publication, attributes, encode, partition_of

set_json_loads(orjson.loads)

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
CREATE TABLE IF NOT EXISTS snapshots (
    originator_id uuid PRIMARY KEY, originator_version bigint NOT NULL,
    digest bytea NOT NULL, code bytea NOT NULL, state bytea NOT NULL);
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
CREATE TABLE IF NOT EXISTS read_models (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), definition bytea NOT NULL);
"""


def _has_been_told(connection: Connection[Any]) -> bool:
    """Whether the server has said something unasked: that it ended the session, mostly, or it has closed the socket."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _still_there(connection: Connection[Any]) -> None:
    """Whether a session of the pool can be used, without a round trip where it can."""
    if _has_been_told(connection):
        ConnectionPool.check_connection(connection)


class ForeignDatabase(Exception):
    """The settings name a database of another service or line. The process must not start."""


class OtherReadModels(OperationalError):
    """The read models in the database are of another definition than this code's, which must not write to them.

    An old replica meets it after the switch of a rebuild, until it is replaced: to its callers the service is away.
    """


class Store(PostgresProcessRecorder):
    """The library's recorder, with a transaction of our own for writing; reading is the library's.

    `definition`: the digest of the read models' tables, as this code has them.
    """

    service: str
    line: Line
    partitions: int
    publish: Publish
    definition: bytes

    def __init__(self, datastore: PostgresDatastore, **tables: str) -> None:
        pool = datastore.pool
        assert isinstance(pool.kwargs, dict)
        pool.kwargs.update(_SESSIONS)
        pool.reconnect_timeout = _RECONNECT_SECONDS
        pool._check = _still_there
        self._writing: Connection[DictRow] | None = None
        self._writers = threading.Lock()
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
        """Forget old answers to an `Idempotency-Key`."""
        while len(self.read(answers.FORGET)) == answers.FORGOTTEN_AT_ONCE:
            pass

    def answers(self) -> bool:
        """Whether the database can be reached now, and is this release's to write to; within a second, but for a server
        that hangs.
        """
        try:
            with self.datastore.pool.connection(timeout=1) as connection:
                kept = connection.execute("SELECT definition FROM read_models").fetchone()
        except psycopg.Error:
            return False
        return kept == {"definition": self.definition}

    def has_own_read_models(self) -> bool:
        """Whether the read models in the database are as this code defines them; else nothing can be written."""
        return self.read("SELECT definition FROM read_models") == [(self.definition,)]

    def prepare(
        self,
        service: str,
        line: Line,
        partitions: int,
        publish: Publish,
        models: Sequence[LiteralString],
        others: Iterable[LiteralString],
    ) -> None:
        """Say what is written beside the events, and create what tables are missing (one replica at a time).

        `models`: tables of read models. Where the database has them by another definition, they are left as they are.
        """
        self.service, self.line, self.partitions, self.publish = service, line, partitions, publish
        self.definition = hashlib.sha256("\0".join(models).encode()).digest()
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('baqylau-schema'))")
            # An index that is there already still locks its table: behind the writer's lock, or the two would deadlock.
            connection.execute(
                f"SET LOCAL lock_timeout = '{LOCK_LIMIT}'; LOCK TABLE {self.events_table_name} IN EXCLUSIVE MODE"
            )
            connection.execute(SHARED_TABLES + answers.TABLE)
            connection.execute(
                "INSERT INTO deployment (service, line) VALUES (%s, %s) ON CONFLICT DO NOTHING", (service, line)
            )
            found = connection.execute("SELECT service, line FROM deployment").fetchall()[0]
            if found != {"service": service, "line": line}:
                raise ForeignDatabase(
                    f"the database is of {found['service']} on {found['line']}, not of {service} on {line}"
                )
            connection.execute(
                "INSERT INTO read_models (definition) VALUES (%s) ON CONFLICT DO NOTHING", (self.definition,)
            )
            kept = connection.execute("SELECT definition FROM read_models").fetchone()
            own = models if kept == {"definition": self.definition} else ()
            for statements in (*own, *others):  # after the check: another service's tables would not fit
                connection.execute(statements)

    @property
    def locking(self) -> LiteralString:
        """The statements that take the event store's lock in a transaction, with the limits of this file's head."""
        return (
            f"SET LOCAL lock_timeout = '{LOCK_LIMIT}'; "
            f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_LIMIT}'; "
            f"LOCK TABLE {self.events_table_name} IN EXCLUSIVE MODE"
        )

    @contextmanager
    def transaction(self, head: Head | None = None) -> Iterator[Transaction]:
        """Open the transaction and take the lock. Commits at the end; raises `psycopg.Error` where that failed.

        `head`: the end of the log as the caller has last seen it (`Transaction.changed`). Raises `OtherReadModels`
        where a rebuild has put others in the place of those that this code writes to.
        """
        with self._writing_session() as connection:
            try:
                with connection.cursor(row_factory=tuple_row) as cursor:
                    # One string, so one round trip: nobody else can write until the last of them is answered.
                    cursor.execute(
                        f"BEGIN; {self.locking}; "
                        f"SELECT definition FROM read_models; {behind(self.events_table_name, head)}"
                    )
                    rows = [result.fetchall() for result in cursor.results() if result.description]
                if rows[0] != [(self.definition,)]:
                    raise OtherReadModels
                transaction = Transaction(self, connection, rows[1])
                yield transaction
                transaction.commit()
            except BaseException:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _writing_session(self) -> Iterator[Connection[DictRow]]:
        """The one session that writes, outside the pool: who reads much must not keep all writers waiting."""
        with self._writers:
            session = self._writing
            if session is None or session.closed or _has_been_told(session):
                self.close_writing()
                session = self._writing = self.connect()
            try:
                yield session
            finally:
                if session.info.transaction_status != TransactionStatus.IDLE:  # broken, or in what can't be told
                    self.close_writing()

    def close_writing(self) -> None:
        """Close the session that writes; the next transaction opens another."""
        session, self._writing = self._writing, None
        if session is not None:
            session.close()

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
        rows = self.read_binary(
            f"SELECT originator_id, originator_version, topic, state FROM {self.events_table_name} "
            "WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s "
            f"ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT %s",
            (originator_id, gt or 0, lte if lte is not None else 2**62, limit),
        )
        return [StoredEvent(id_, version, topic, bytes(state)) for id_, version, topic, state in rows]

    def read(self, query: LiteralString, params: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
        """Rows of a read model, as tuples, outside any transaction."""
        return self._rows(query, params, prepare=True)

    def search(self, query: LiteralString, params: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
        """As `read`, but planned for these very values: how lists are best found depends on how common those are.

        The plan that is kept of a prepared statement knows no values: it may gather all that fits for a page's sake.
        """
        return self._rows(query, params, prepare=False)

    def _rows(self, query: LiteralString, params: Sequence[Any] | Mapping[str, Any], *, prepare: bool) -> Rows:
        with self.datastore.pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, params, prepare=prepare).fetchall()

    def read_binary(self, query: LiteralString, params: Sequence[Any] = ()) -> Rows:
        """As `Transaction.read_binary`."""
        with self.datastore.pool.connection() as connection:
            return Transaction(self, connection).read_binary(query, params)

    def log(self, after: int, limit: int) -> list[tuple[int, StoredEvent, bytes]]:
        """The log behind a position, oldest first: position, event, and the hash chain's digest there (empty: none)."""
        with self.datastore.pool.connection() as connection:
            return Transaction(self, connection).log(after, limit)

    def position(self, upstream: str) -> int:
        """The last position handled of an upstream partition; 0: none yet."""
        with self.datastore.pool.connection() as connection:
            return Transaction(self, connection).position(upstream)

    def records(self, event: DomainEvent) -> Iterator[tuple[str, int, str, dict[str, str], bytes]]:
        """What an event says in public: topic, partition, key, attributes and value of each record."""
        publication = self.publish(event)
        if publication is not None:
            key, value = str(event.originator_id), encode(publication)
            partition = partition_of(key, self.partitions)
            for line in publication.lines:
                yield topic_of(line, self.service), partition, key, attributes(publication, event, line), value

    def public_events(
        self,
        topic: str,
        after: int,
        limit: int,
        partition: int | None = None,
        heads: dict[int, int] | None = None,
        on: Transaction | None = None,
    ) -> list[Outgoing]:
        """The records of a topic behind a position, oldest first, each with the position before it in its partition.

        `heads`: what the caller who goes on from there already knows of those positions, by partition; it is kept up.
        `on`: the session to read on, if it matters.
        """
        read = (on or self).read_binary
        rows = read(
            "SELECT position, partition, key, headers, value FROM public_events "
            "WHERE topic = %s AND position > %s AND (%s::smallint IS NULL OR partition = %s) "
            "ORDER BY position LIMIT %s",
            (topic, after, partition, partition, limit),
        )
        heads = {} if heads is None else heads
        for found in {row[1] for row in rows} - heads.keys():
            head = read(
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


def out_of_reach(error: BaseException) -> bool:
    """Whether the database is only away for now (try again), rather than the statement wrong (don't)."""
    if isinstance(error, OperationalError | InterfaceError):
        return error.__cause__ is None or out_of_reach(error.__cause__)
    if not isinstance(error, psycopg.Error) or isinstance(error, psycopg.errors.PipelineAborted):
        return False
    if error.sqlstate is None:  # said by the client's side: the connection is gone, or none could be had
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate[:2] in _AWAY and error.sqlstate != _FAILED_TRANSACTION

"""What is read and written while the event store's lock is held."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple
from uuid import UUID

import orjson
from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor
from psycopg.errors import InFailedSqlTransaction
from psycopg.rows import DictRow, tuple_row

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.answers import KEEP, Answered
from baqylau.eventstore.chain import GENESIS, link

if TYPE_CHECKING:
    from baqylau.eventstore.store import Store

Statement = tuple[LiteralString, Sequence[Any] | Mapping[str, Any]]
"""A change of a read model: SQL with %s or %(named)s places, and its parameters."""

Question = tuple[LiteralString, Sequence[Any]]
"""SQL with %s places, and its parameters."""

Rows = list[tuple[Any, ...]]

Snapshot = tuple[int, bytes]
"""An aggregate's version, and its state there (`baqylau.eventstore.snapshots`)."""

_CHANGES = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")

# Arrays in PostgreSQL's binary form (%b): written as text, they would cost more than all the rest of a batch.
_APPEND: LiteralString = (
    "WITH chained AS (INSERT INTO log_chain SELECT * FROM unnest(%b::bigint[], %b::bytea[])) "
    "INSERT INTO {events} (notification_id, originator_id, originator_version, topic, state) "
    "SELECT * FROM unnest(%b::bigint[], %b::uuid[], %b::bigint[], %b::text[], %b::bytea[])"
)
# Looked up for each event. Joined, a planner that doesn't know the tables yet reads the chain from its beginning.
_DIGEST: LiteralString = "coalesce((SELECT digest FROM log_chain WHERE position = notification_id), '')"
_EVENT: LiteralString = "notification_id, originator_id, originator_version, topic, state"
_BEHIND_SNAPSHOT: LiteralString = (
    "WITH snapshot AS (SELECT originator_version, state FROM snapshots AS s WHERE originator_id = %s AND code = %b "
    "AND digest = (SELECT digest FROM log_chain WHERE position = (SELECT notification_id FROM {events} AS e "
    "WHERE e.originator_id = s.originator_id AND e.originator_version = s.originator_version))) "
    "SELECT originator_version, NULL AS topic, state FROM snapshot UNION ALL "
    "SELECT originator_version, topic, state FROM {events} WHERE originator_id = %s "
    "AND originator_version > coalesce((SELECT originator_version FROM snapshot), 0) ORDER BY originator_version"
)
_PUBLISH: LiteralString = (
    "INSERT INTO public_events (position, topic, partition, key, headers, value) "
    "SELECT * FROM unnest(%b::bigint[], %b::text[], %b::smallint[], %b::text[], %b::bytea[], %b::bytea[])"
)


BEHIND_LIMIT = 2000
"""Events of other replicas looked at between two transactions; with more than this, no kept aggregate is relied on."""


@cache
def changed_table(statement: LiteralString) -> str | None:
    """The one table that a statement changes; "" for a notification; None: it can't be told."""
    if statement.startswith("NOTIFY"):
        return ""
    found = _CHANGES.match(statement)
    return found[1] if found else None


@cache
def words_of(query: LiteralString) -> frozenset[str]:
    """The words of a query, the tables that it asks among them."""
    return frozenset(re.findall(r"\w+", query))


class Head(NamedTuple):
    """Where the log ends: the position of its last event (0: it is empty), and the hash chain's digest there."""

    position: int
    digest: bytes


class Transaction:
    """What can be read and written while the lock is held; and what can be read in any other transaction."""

    def __init__(self, store: "Store", connection: Connection[DictRow], behind: Sequence[Any] = ()) -> None:
        self._behind = behind
        self.store = store
        self.connection = connection
        self._committed = False

    def read(self, query: LiteralString, params: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
        """Rows as tuples, within the transaction."""
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, params, prepare=True).fetchall()

    def read_binary(self, query: LiteralString, params: Sequence[Any] = ()) -> Rows:
        """The same in PostgreSQL's binary form: for columns of bytes, which are twice as long as text."""
        with self.connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(query, params, prepare=True).fetchall()

    def read_ahead(self, questions: Iterable[Question]) -> Mapping[LiteralString, Mapping[tuple[Any, ...], Rows]]:
        """The rows of many questions, by their SQL and their parameters, in one round trip."""
        found: dict[LiteralString, dict[tuple[Any, ...], Rows]] = {}
        asked = []
        with self.connection.pipeline():
            for query, params in dict.fromkeys((query, tuple(params)) for query, params in questions):
                cursor = self.connection.cursor(row_factory=tuple_row)
                asked.append((query, params, cursor.execute(query, params, prepare=True)))
        for query, params, cursor in asked:
            found.setdefault(query, {})[params] = cursor.fetchall()
        return found

    def history(
        self,
        id: UUID,  # noqa: A002
        after: int,
        through: int = 2**62,
        *,
        last_alone: bool = False,
    ) -> list[StoredEvent]:
        """The stored events of an aggregate behind a version and up to one, oldest first; all, or the last alone."""
        rows = self.read_binary(
            f"SELECT originator_id, originator_version, topic, state FROM {self.store.events_table_name} "
            "WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s "
            f"ORDER BY originator_version {'DESC LIMIT 1' if last_alone else ''}",
            (id, after, through),
        )
        return [StoredEvent(id_, version, topic, bytes(state)) for id_, version, topic, state in rows]

    def behind_snapshot(self, id: UUID, code: bytes) -> tuple[Snapshot | None, list[StoredEvent]]:  # noqa: A002
        """A snapshot, where this code left one of this log, and the stored events behind it; else all of them."""
        rows = self.read_binary(_BEHIND_SNAPSHOT.format(events=self.store.events_table_name), (id, code, id))
        snapshot = (rows[0][0], bytes(rows[0][2])) if rows and rows[0][1] is None else None
        stored = rows[1:] if snapshot else rows
        return snapshot, [StoredEvent(id, version, topic, bytes(state)) for version, topic, state in stored]

    def has(self, event: StoredEvent) -> bool:
        """Whether exactly this event is stored: what became of a commit whose answer was lost."""
        rows = self.read_binary(
            f"SELECT 1 FROM {self.store.events_table_name} WHERE originator_id = %s AND originator_version = %s "
            "AND topic = %s AND state = %s",
            (event.originator_id, event.originator_version, event.topic, event.state),
        )
        return bool(rows)

    def log(self, after: int, limit: int) -> list[tuple[int, StoredEvent, bytes]]:
        """As `Store.log`."""
        rows = self._log(f"{_EVENT}, {_DIGEST}", after, limit)
        return [(row[0], StoredEvent(row[1], row[2], row[3], row[4]), row[5]) for row in rows]

    def events(self, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """The same without the digests, for whom the events alone matter: in half the time."""
        rows = self._log(_EVENT, after, limit)
        return [(row[0], StoredEvent(row[1], row[2], row[3], row[4])) for row in rows]

    def _log(self, columns: LiteralString, after: int, limit: int) -> Rows:
        return self.read_binary(
            f"SELECT {columns} FROM {self.store.events_table_name} WHERE notification_id > %s "
            "ORDER BY notification_id LIMIT %s",
            (after, limit),
        )

    def head(self) -> Head:
        """Where the log ends."""
        found = self.read(
            f"SELECT notification_id, {_DIGEST} FROM {self.store.events_table_name} "
            "ORDER BY notification_id DESC LIMIT 1"
        )
        return Head(found[0][0], bytes(found[0][1])) if found else Head(0, GENESIS)

    def end(self) -> int:
        """The position of the log's last event, whatever the hash chain says; 0: it is empty."""
        return int(self.read(f"SELECT coalesce(max(notification_id), 0) FROM {self.store.events_table_name}")[0][0])

    def position(self, upstream: str) -> int:
        """As `Store.position`."""
        name = self.store.tracking_table_name
        found = self.read(f"SELECT notification_id FROM {name} WHERE application_name = %s", (upstream,))
        return int(found[0][0]) if found else 0

    def write(
        self,
        head: Head,
        events: Sequence[DomainEvent],
        stored: Sequence[StoredEvent],
        statements: Sequence[Statement],
        positions: Sequence[tuple[str, int]],
        answers: Sequence[Answered],
    ) -> Head:
        """Write everything and commit, in one round trip. `head`: where the log ends now. Answers where it ends then.

        The lock is held, so the next positions are known; none is ever left out.
        """
        with self.connection.pipeline(), self.connection.cursor() as cursor:
            if stored:
                head = self._append(cursor, head, stored)
                self._publish(cursor, head.position - len(stored), events)
            # Runs of one statement travel together: the documents of a batch, say.
            for query, run in groupby(statements, key=itemgetter(0)):
                cursor.executemany(query, [params for _, params in run])
            for upstream, position in positions:
                cursor.execute(
                    f"INSERT INTO {self.store.tracking_table_name} VALUES (%s, %s) "
                    "ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id",
                    (upstream, position),
                    prepare=True,
                )
            if answers:
                cursor.execute(KEEP, [list(column) for column in zip(*answers, strict=True)], prepare=True)
            committing = self.connection.execute("COMMIT")
        self._commit(committing)
        return head

    def commit(self) -> None:
        """Commit, unless `write` has. Raises `psycopg.Error` where the server didn't."""
        if not self._committed:
            self._commit(self.connection.execute("COMMIT"))

    def _commit(self, committing: Cursor[Any]) -> None:
        # A transaction that has failed is "committed" without an error, by a ROLLBACK.
        if committing.statusmessage != "COMMIT":
            raise InFailedSqlTransaction
        self._committed = True

    def _append(self, cursor: Cursor[Any], head: Head, stored: Sequence[StoredEvent]) -> Head:
        position, digest = head
        positions, digests = [], []
        for position, event in enumerate(stored, head.position + 1):
            digest = link(digest, position, event)
            positions.append(position)
            digests.append(digest)
        cursor.execute(
            _APPEND.format(events=self.store.events_table_name),
            (
                positions,
                digests,
                positions,
                [event.originator_id for event in stored],
                [event.originator_version for event in stored],
                [event.topic for event in stored],
                [event.state for event in stored],
            ),
            prepare=True,
        )
        return Head(position, digest)

    def _publish(self, cursor: Cursor[Any], before: int, events: Sequence[DomainEvent]) -> None:
        rows = [
            (position, topic, partition, key, orjson.dumps(headers), value)
            for position, event in enumerate(events, before + 1)
            for topic, partition, key, headers, value in self.store.records(event)
        ]
        if rows:
            cursor.execute(_PUBLISH, [list(column) for column in zip(*rows, strict=True)], prepare=True)
            cursor.execute("NOTIFY public_events")

    def changed(self, head: Head) -> tuple[list[tuple[UUID, int]], Head] | None:
        """Which aggregates have events behind a head, with their versions, oldest first, and where the log ends now.

        `head`: the one that the transaction was opened with. None: too many have, or the head isn't one of this log
        (another has been put in its place).
        """
        heads = [Head(position, bytes(digest)) for _, _, position, digest in self._behind]
        if len(heads) == BEHIND_LIMIT or head not in (heads[:1] or [Head(0, GENESIS)]):
            return None
        return [(id_, version) for id_, version, _, _ in self._behind[1:]], heads[-1] if heads else head


def behind(events: LiteralString, head: Head | None) -> LiteralString:
    """SQL for the events from a head on, the head's own first. Without parameters, to be sent with other statements."""
    position = 0 if head is None else int(head.position)
    query: LiteralString = (
        f"SELECT originator_id, originator_version, notification_id, {_DIGEST} FROM {events} "
        "WHERE notification_id >= {} ORDER BY notification_id LIMIT {}"
    )
    return query.format(position, BEHIND_LIMIT if head else 0)

"""A service's database held against its own log: what is stored is what was recorded, and all else follows from it.

On a running system, in one snapshot, and in bounded memory. What is wrong is said with its place (table, position or
key), never with content. What a snapshot can't show of itself, a log that was cut at its end, the topic shows
(`baqylau.messaging.on_topic`) or a digest that was noted before.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import psycopg
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from eventsourcing.utils import TopicError
from psycopg import Connection
from psycopg.rows import DictRow

from baqylau.eventstore import snapshots
from baqylau.eventstore.aggregate import Aggregate, DomainEvent
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.comparison import differences
from baqylau.eventstore.rebuilding import ALONE, BATCH, IN_USE
from baqylau.eventstore.service import Service
from baqylau.eventstore.side_models import TEMPORARY, SideModels
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.transaction import Transaction
from baqylau.lines import Line, topic_of

SHOWN = 20
"""Of each kind of finding in a table, so many are shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong (a code), and where: the table, and the position or key in it."""

    table: str
    at: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} at {self.at}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """`counted`: findings by table and code; of each, `SHOWN` stand in `shown`. `digest`: the log's last, in hex."""

    events: int = 0
    public_events: int = 0
    digest: str = ""
    shown: list[Finding] = field(default_factory=list)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not self.counted

    def add(self, findings: Iterator[Finding]) -> None:
        """Take findings in."""
        for found in findings:
            kind = found.table, found.what
            self.counted[kind] += 1
            if self.counted[kind] <= SHOWN:
                self.shown.append(found)


def verify(service: Service) -> Verdict:
    """Every check of a service's database. Waits while a rebuild runs. Raises what concerns the database alone."""
    with service.store.connect() as connection:
        connection.execute("SELECT pg_advisory_lock_shared(hashtext(%s))", (ALONE,))
        with connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return _Verification(service, connection).run()


class _Verification:
    def __init__(self, service: Service, connection: Connection[DictRow]) -> None:
        self._service = service
        self._connection = connection
        self._snapshot = Transaction(service.store, connection)
        self._checks = [check() for check in service.checks]
        self._topics = [topic_of(line, service.store.service) for line in Line]
        self._verdict = Verdict()

    def run(self) -> Verdict:
        verdict = self._verdict
        side = SideModels(self._connection, self._service.of_log, TEMPORARY)
        side.create()
        self._follow(side)
        for check in self._checks:
            verdict.add(Finding(self._events, "the end", what) for what in check.end(self._snapshot.read))
        verdict.add(self._versions())
        verdict.add(self._digests_without_event())
        verdict.add(self._snapshots())
        verdict.add(self._public_events_of_nobody())
        verdict.add(self._published_beyond_the_log())
        verdict.add(self._read_models(side))
        return verdict

    @property
    def _events(self) -> str:
        return self._service.store.events_table_name

    def _follow(self, side: SideModels) -> None:
        """The log from its beginning: the chain, what is public of it, and the read models that it makes."""
        position, digest = 0, GENESIS
        while log := self._snapshot.log(position, BATCH):
            public = self._public_events(position, log[-1][0])
            events: list[tuple[int, DomainEvent]] = []
            for position, stored, kept in log:
                digest = link(digest, position, stored)
                if kept != digest:
                    self._say(self._events, position, "hash-chain-broken")
                    digest = kept or digest  # so that one break is one finding
                event = self._read(position, stored)
                if event is not None:
                    events.append((position, event))
                    self._hold_against(event, position, public)
            for topic, at in public:
                self._say("public_events", f"{topic} {at}", "not-of-the-log")
            self._let_follow(side, events)
            self._verdict.events += len(log)
        self._verdict.digest = digest.hex()

    def _let_follow(self, side: SideModels, events: Sequence[tuple[int, DomainEvent]]) -> None:
        """Let the read models follow; where one can't, because no service wrote that event, one by one."""
        try:
            with self._connection.transaction():
                side.follow(event for _, event in events)
        except psycopg.Error as error:
            if out_of_reach(error):
                raise
            if len(events) == 1:
                self._say(self._events, events[0][0], "refused-by-a-read-model")
                return
            for one in events:
                self._let_follow(side, [one])

    def _say(self, table: str, at: object, what: str) -> None:
        self._verdict.add(iter([Finding(table, str(at), what)]))

    def _read(self, position: int, stored: StoredEvent) -> DomainEvent | None:
        try:
            return self._service.decoded(stored)
        except (MapperDeserialisationError, TopicError, LookupError, ValueError, TypeError, AttributeError):
            self._say(self._events, position, "event-unreadable")
            return None

    def _public_events(self, after: int, last: int) -> dict[tuple[str, int], tuple[object, ...]]:
        """Topic and position → what is stored for publication there."""
        rows = self._snapshot.read(
            "SELECT topic, position, partition, key, headers, value FROM public_events "
            "WHERE topic = ANY(%s) AND position > %s AND position <= %s",
            (self._topics, after, last),
        )
        return {
            (topic, position): (partition, key, orjson.loads(headers), bytes(value))
            for topic, position, partition, key, headers, value in rows
        }

    def _hold_against(
        self, event: DomainEvent, position: int, public: dict[tuple[str, int], tuple[object, ...]]
    ) -> None:
        """An event's public records, taken out of `public`; and the checks of the service's own."""
        for check in self._checks:
            self._verdict.add(Finding(self._events, str(position), what) for what in check.follow(event))
        for topic, *wanted in self._service.store.records(event):
            found = public.pop((topic, position), None)
            self._verdict.public_events += 1
            if found != tuple(wanted):
                what = "lacking" if found is None else "not-what-the-event-says"
                self._say("public_events", f"{topic} {position}", what)

    def _versions(self) -> Iterator[Finding]:
        """Each aggregate's versions are 1, 2, 3…, in the order of the log."""
        rows = self._snapshot.read(
            "SELECT originator_id, originator_version, notification_id FROM (SELECT *, "
            "lag(originator_version, 1, 0::bigint) OVER by_version AS version_before, "
            f"lag(notification_id) OVER by_version AS position_before FROM {self._events} "
            "WINDOW by_version AS (PARTITION BY originator_id ORDER BY originator_version)) AS seen "
            "WHERE originator_version <> version_before + 1 OR notification_id < position_before LIMIT 1000"
        )
        for id_, version, position in rows:
            yield Finding(self._events, f"{position} ({id_}:{version})", "version-out-of-order")

    def _digests_without_event(self) -> Iterator[Finding]:
        rows = self._snapshot.read(
            f"SELECT position FROM log_chain LEFT JOIN {self._events} ON notification_id = position "
            "WHERE notification_id IS NULL ORDER BY position LIMIT 1000"
        )
        return (Finding("log_chain", str(row[0]), "event-missing") for row in rows)

    def _snapshots(self) -> Iterator[Finding]:
        """Each that this code would read is what it makes of the log, from the first event on."""
        classes = {snapshots.code_of(cls): cls for cls in snapshots.classes()}
        id_ = UUID(int=0)
        while rows := self._snapshot.read_binary(
            "SELECT originator_id, originator_version, code, state FROM snapshots "
            "WHERE originator_id > %s AND code = ANY(%b::bytea[]) ORDER BY originator_id LIMIT 1",
            (id_, list(classes)),
        ):
            id_, version, code, state = rows[0]
            kept = snapshots.decode(classes[code], id_, version, state)
            made = self._replayed(id_, version)
            if kept is None or made is None or type(kept) is not type(made) or not snapshots.same(kept, made):
                yield Finding("snapshots", f"{id_}:{version}", "not-what-the-log-says")

    def _replayed(self, id: UUID, version: int) -> Aggregate | None:  # noqa: A002
        """An aggregate as of a version; None where the log doesn't lead there."""
        found: Aggregate | None = None
        while found is None or found.version < version:
            after = found.version if found else 0
            stored = self._snapshot.history(id, after, min(after + BATCH, version))
            if not stored:
                return None
            try:
                found = Aggregate.replay([self._service.decoded(one) for one in stored], found)
            except Exception:  # noqa: BLE001 (whatever it is, it doesn't lead there)
                return None
        return found

    def _public_events_of_nobody(self) -> Iterator[Finding]:
        """Behind the log's end, or on a topic that isn't the service's: no event was there to look at them."""
        rows = self._snapshot.read(
            "SELECT topic, position FROM public_events WHERE position > %s OR NOT topic = ANY(%s) LIMIT 1000",
            (self._snapshot.end(), self._topics),
        )
        return (Finding("public_events", f"{topic} {position}", "not-of-the-log") for topic, position in rows)

    def _published_beyond_the_log(self) -> Iterator[Finding]:
        rows = self._snapshot.read(
            "SELECT topic, partition, position FROM published WHERE position > (SELECT coalesce(max(position), 0) "
            "FROM public_events AS e WHERE e.topic = published.topic AND e.partition = published.partition)"
        )
        for topic, partition, position in rows:
            yield Finding("published", f"{topic}/{partition} {position}", "beyond-the-log")

    def _read_models(self, side: SideModels) -> Iterator[Finding]:
        if not self._service.store.has_own_read_models():
            yield Finding("read_models", "the definition", "of-another-version-than-this-code: rebuild them")
            return
        side.analyze()
        for table in side.tables():
            for key, what in differences(self._connection, table, IN_USE, TEMPORARY):
                yield Finding(table, key, what)


def parked_keys(service: Service) -> Sequence[tuple[str, str, int, int]]:
    """What is parked: key, upstream, first position, how many. Not wrong in itself; someone has to look at it."""
    rows = service.store.read(
        "SELECT key, upstream, min(position), count(*) FROM parked_records GROUP BY key, upstream ORDER BY 3 LIMIT 1000"
    )
    return [(key, upstream, first, count) for key, upstream, first, count in rows]

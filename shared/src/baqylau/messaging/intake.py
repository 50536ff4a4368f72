"""Takes records of one upstream partition in: once, in order, whatever came before.

In one transaction with what a record causes stands the position after it. At or below the last position: a duplicate,
passed over. A previous position above the last: a hole; nothing behind it is handled until it is filled. A record that
can't be handled is parked, with every later one of its key, so that order holds and the rest goes on. A record of
another regime is parked apart: its positions are those of another log, unless the producer's own feed holds it. Of
what it says, nothing is kept: it would be a record of the other regime in this line's database. What can't be read at
all is parked apart too, under where it lies; if it was the producer's, there is a hole now, filled as any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
import psycopg
import structlog
from eventsourcing.persistence import MapperDeserialisationError
from pydantic import ValidationError

from baqylau.contracts.base import contract_of
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.work import NotFound, Work
from baqylau.lines import Line, wire_regime
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.parked_key import BEHIND, ParkedKey, parked_id
from baqylau.messaging.policy import NotYet, Policies
from baqylau.observability.logs import correlation
from baqylau.observability.metrics import CONSUMED, FOREIGN_REGIME
from baqylau.refusals import Refused

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a run of records. `hole`: the position after which one is missing, or None.

    `passed_over`: the highest position that came behind a hole and was not handled; 0: none was.
    """

    position: int
    hole: int | None
    passed_over: int = 0


def upstream_of(topic: str, partition: int) -> str:
    """The tracking name: one for each topic (with its generation) and partition."""
    return f"{topic}/{partition}"


def unreadable_of(upstream: str) -> str:
    """Under which name what can't be read of an upstream partition is parked, by its offset."""
    return f"{upstream}/unreadable"


class Intake:
    """Handles records for one service. `actor`: its name, for what follows from them."""

    def __init__(self, policies: Policies, line: Line, actor: str, recorded_at: Callable[[], datetime]) -> None:
        self._policies = policies
        self._line = line
        self._actor = actor
        self._recorded_at = recorded_at

    def take(self, work: Work, topic: str, partition: int, records: Sequence[Incoming]) -> Taken:
        """Handle a run of records of one partition, in one transaction. Raises only what concerns the database."""
        upstream = upstream_of(topic, partition)
        position = start = work.positions.get(upstream) or work.transaction.position(upstream)
        waiting = self._parked_keys(work, upstream, records)
        hole: int | None = None
        passed_over = 0
        for record in records:
            at, previous = _positions(record)
            if record.unreadable is not None:
                apart = unreadable_of(upstream)
                self._park_apart(work, apart, record.unreadable.offset, record, CannotBeRead(record.unreadable.reason))
                continue
            if self.is_foreign(record) and not record.of_feed:
                FOREIGN_REGIME.inc()
                log.error("foreign_record", topic=topic, partition=partition)
                apart = f"{upstream}/foreign/{parked_id(record.key)}"
                self._park_apart(work, apart, at or 0, record, ForeignRegime())
                continue
            if at is None or previous is None:
                CONSUMED.labels(topic, "no_position").inc()
                log.error("record_without_position", topic=topic, partition=partition)
                continue
            if at <= position:
                CONSUMED.labels(topic, "duplicate").inc()
                continue
            if previous != position:
                hole, passed_over = position, max(passed_over, at)
                CONSUMED.labels(topic, "behind_hole").inc()
                continue
            hole = None
            self._take_one(work, upstream, at, record, waiting)
            position = at
        if position > start:
            work.positions[upstream] = position
        return Taken(position, hole, passed_over)

    def is_foreign(self, record: Incoming) -> bool:
        """Whether it is of another regime than this line's."""
        return record.headers.get("regime") != wire_regime(self._line)

    def _park_apart(self, work: Work, apart: str, position: int, record: Incoming, why: Exception) -> None:
        CONSUMED.labels(record.topic, "parked").inc()
        work.execute()  # it may come again, since no position says that it came
        known = work.read("SELECT 1 FROM parked_records WHERE upstream = %s AND position = %s", (apart, position))
        if not known and (apart, position) not in work.find_or_new(ParkedKey, parked_id(record.key)).discarded:
            self._park(work, apart, position, _outline(record), reason_of(why), waits=False)

    def _take_one(self, work: Work, upstream: str, position: int, record: Incoming, waiting: set[str]) -> None:
        if record.key in waiting:
            self._park(work, upstream, position, record, BEHIND, waits=False)
            CONSUMED.labels(record.topic, "parked").inc()
            return
        try:
            outcome = work.attempt(lambda inner: self.handle(inner, record))
            CONSUMED.labels(record.topic, outcome).inc()
        except Exception as error:
            if isinstance(error, psycopg.Error) or out_of_reach(error):
                raise
            waiting.add(record.key)
            reason = reason_of(error)
            kept = _outline(record) if isinstance(error, ForeignRegime) else record
            self._park(work, upstream, position, kept, reason, waits=isinstance(error, NotYet))
            CONSUMED.labels(record.topic, "parked").inc()
            log.warning("record_parked", topic=record.topic, type=record.headers.get("type"), reason=reason)

    def handle(self, work: Work, record: Incoming) -> str:
        """Parse a record and hand it to its policy. Raises what makes it one to park."""
        event_type = record.headers.get("type", "")
        if record.unreadable is not None:
            raise CannotBeRead(record.unreadable.reason)
        if self.is_foreign(record):
            FOREIGN_REGIME.inc()
            raise ForeignRegime
        contract = contract_of(event_type)
        policy = None if contract is None else self._policies.get(contract)
        if contract is None or policy is None:
            return "passed_over"
        event = contract.model_validate_json(record.value)
        cause = self.cause(record)
        token = correlation.set(cause.correlation_id or None)
        try:
            policy(work, event, cause)
        finally:
            correlation.reset(token)
        return "handled"

    def park_alone(self, work: Work, record: Incoming, reason: str) -> Taken:
        """Park a record that can't even be written otherwise, in a transaction that holds nothing else of it."""
        upstream = upstream_of(record.topic, record.partition)
        position = work.transaction.position(upstream)
        at, previous = _positions(record)
        if at is not None and previous == position:
            self._park(work, upstream, at, record, reason, waits=False)
            work.positions[upstream] = position = at
            CONSUMED.labels(record.topic, "parked").inc()
        return Taken(position, None)

    def cause(self, record: Incoming) -> Cause:
        """Why the service itself does what follows from a record."""
        return Cause(
            actor=self._actor,
            recorded_at=self._recorded_at(),
            correlation_id=record.headers.get("correlationid", ""),
            causation_id=record.headers.get("id"),
            traceparent=record.headers.get("traceparent"),
        )

    def _park(self, work: Work, upstream: str, position: int, record: Incoming, reason: str, *, waits: bool) -> None:
        key = work.find_or_new(ParkedKey, parked_id(record.key))
        key.park(upstream, position, record.headers.get("type"), reason, self.cause(record))
        work.change(
            "INSERT INTO parked_records (upstream, position, key, topic, partition, headers, value, reason, waits) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                upstream,
                position,
                record.key,
                record.topic,
                record.partition,
                orjson.dumps(dict(record.headers)),
                record.value,
                reason,
                waits,
            ),
        )

    def _parked_keys(self, work: Work, upstream: str, records: Sequence[Incoming]) -> set[str]:
        """Those of the records' keys of which earlier records are parked."""
        rows = work.read(
            "SELECT DISTINCT key FROM parked_records WHERE upstream = %s AND key = ANY(%s::text[])",
            (upstream, list({record.key for record in records})),
        )
        return {row[0] for row in rows}


class ForeignRegime(Exception):
    """A record of another regime than this line's. It is never handled here."""


class CannotBeRead(Exception):
    """Nobody knows what the record says. Its argument is the reason."""


def reason_of(error: Exception) -> str:
    """Why a record can't be handled, in codes: never its content."""
    return _reason(error)[:300].replace("\0", "\ufffd")


def _reason(error: Exception) -> str:
    match error:
        case NotYet():
            return error.reason
        case ForeignRegime():
            return "foreign-regime"
        case CannotBeRead():
            return str(error)
        case Refused():
            return ", ".join(ground.reason for ground in error.grounds)
        case ValidationError():
            places = {f"{e['loc'][0] if e['loc'] else ''}:{e['type']}" for e in error.errors(include_input=False)}
            return "malformed " + ", ".join(sorted(places))
        case NotFound():
            return "unknown-aggregate"
        case MapperDeserialisationError():
            return "stored-event-unreadable"
        case psycopg.Error():
            return f"refused-by-the-database {error.sqlstate}"
        case _:
            return type(error).__name__


def _outline(record: Incoming) -> Incoming:
    """What may be kept of a record of another regime: which one it is, and not what it says."""
    named = ("id", "type", "regime", "position", "previousposition")
    return replace(record, headers={name: record.headers[name] for name in named if name in record.headers}, value=b"")


def _positions(record: Incoming) -> tuple[int | None, int | None]:
    try:
        return record.position, record.previous
    except (KeyError, ValueError):
        return None, None

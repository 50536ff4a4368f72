"""Records that could not be handled: shown, played again in order, or given up. Each step is an event (`ParkedKey`)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, LiteralString

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.store import Store, out_of_reach
from baqylau.eventstore.work import NotFound, Work
from baqylau.messaging.envelope import Incoming, Unreadable
from baqylau.messaging.intake import Intake, reason_of, unreadable_of, upstream_of
from baqylau.messaging.parked_key import BEHIND, ParkedKey, parked_id
from baqylau.messaging.policy import NotYet
from baqylau.observability.metrics import PARKED
from baqylau.refusals import Ground, refuse_if

RETRY_LIMIT = 200
"""Records of one key and upstream partition played again in one transaction."""
DISCARD_LIMIT = 1000
"""Records of one key given up in one transaction."""

_FREE: LiteralString = (
    "UPDATE parked_records SET waits = true WHERE key = %s AND reason = %s AND position = "
    "(SELECT min(first.position) FROM parked_records AS first "
    "WHERE first.key = parked_records.key AND first.upstream = parked_records.upstream)"
)
"""A record that only waited for those before it, and is now the first of its key: it is tried by itself."""


class Parked(BaseModel):
    """The parked records of one key of one upstream. `reason`: why the first can't be handled; no content is shown."""

    key: str
    upstream: str
    records: int
    first_position: int
    type: str | None
    reason: str
    retries_itself: bool
    parked_at: datetime
    attempts: int


class ParkedRecord(BaseModel):
    """One parked record. `attributes`: its CloudEvents attributes, without `ce_`. `value`: what it says, as text.

    Who may not read what it says gets `value` null and, of the attributes, those that CloudEvents and Baqylau define.
    """

    upstream: str
    position: int
    topic: str
    partition: int
    type: str | None
    reason: str
    retries_itself: bool
    parked_at: datetime
    attempts: int
    attributes: dict[str, str]
    value: str | None


class ParkedRecords(BaseModel):
    """The parked records of a key; none when all took effect or were discarded. `version`: for `If-Match`."""

    key: str
    version: int
    items: list[ParkedRecord]
    next: str | None


class Retried(BaseModel):
    """What a retry did. `left`: records of the key that still wait, for `reason`."""

    version: int
    key: str
    handled: int
    left: int
    reason: str | None


class Named(BaseModel):
    """A parked record by where it comes from."""

    model_config = ConfigDict(extra="forbid")

    upstream: Annotated[str, Field(max_length=300)]
    position: Annotated[int, Field(ge=0, lt=2**63)]


class Discarding(BaseModel):
    """`reason`: why they may be given up, for whoever asks later. `records`: which; without it, all of the key."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    records: Annotated[list[Named] | None, Field(min_length=1, max_length=DISCARD_LIMIT)] = None


class Discarded(BaseModel):
    """What was given up. `left`: records of the key that still wait."""

    version: int
    key: str
    discarded: int
    left: int


_DEFINED = frozenset(
    {
        *("specversion", "id", "type", "source", "subject", "time", "dataschema", "content-type", "datacontenttype"),
        *("position", "previousposition", "regime", "unitids", "correlationid", "causationid", "actor", "traceparent"),
    }
)


def parked(store: Store, limit: int, after: str = "") -> Sequence[Parked]:
    """At most `limit` parked keys behind a cursor (`key`), in order; of each upstream, the first record says why."""
    rows = store.read(
        "SELECT DISTINCT ON (key, upstream) key, upstream, count(*) OVER (PARTITION BY key, upstream), position, "
        "headers, reason, waits, parked_at, attempts FROM parked_records WHERE key IN "
        "(SELECT DISTINCT key FROM parked_records WHERE key > %s OR %s = '' ORDER BY key LIMIT %s) "
        "ORDER BY key, upstream, position",
        (after, after, limit),
    )
    return [
        Parked(
            key=key,
            upstream=upstream,
            records=count,
            first_position=position,
            type=orjson.loads(headers).get("type"),
            reason=reason,
            retries_itself=waits,
            parked_at=parked_at,
            attempts=attempts,
        )
        for key, upstream, count, position, headers, reason, waits, parked_at, attempts in rows
    ]


def records_of(store: Store, key: str, after: tuple[str, int], limit: int, *, whole: bool) -> list[ParkedRecord]:
    """The parked records of a key behind (upstream, position), in that order. `whole`: with what they say."""
    rows = store.read(
        "SELECT upstream, position, topic, partition, headers, value, reason, waits, parked_at, attempts "
        "FROM parked_records WHERE key = %s AND (upstream, position) > (%s, %s) ORDER BY upstream, position LIMIT %s",
        (key, *after, limit),
    )
    found = []
    for upstream, position, topic, partition, headers, value, reason, waits, parked_at, attempts in rows:
        attributes: dict[str, str] = orjson.loads(headers)
        found.append(
            ParkedRecord(
                upstream=upstream,
                position=position,
                topic=topic,
                partition=partition,
                type=attributes.get("type"),
                reason=reason,
                retries_itself=waits,
                parked_at=parked_at,
                attempts=attempts,
                attributes={name: held for name, held in attributes.items() if whole or name in _DEFINED},
                value=bytes(value).decode("utf-8", "replace") if whole else None,
            )
        )
    return found


def waiting_keys(store: Store, limit: int = 256) -> list[str]:
    """Keys whose first record waits for a fact of another topic; those tried least often come first."""
    return [
        row[0]
        for row in store.read(
            "SELECT key FROM parked_records WHERE waits GROUP BY key ORDER BY min(attempts), key LIMIT %s", (limit,)
        )
    ]


def count_parked(store: Store) -> int:
    """How many records are parked; shown as a metric."""
    count = int(store.read("SELECT count(*) FROM parked_records")[0][0])
    PARKED.set(count)
    return count


def retry(work: Work, intake: Intake, key: str, by: Cause | None = None) -> Retried:
    """Play the records of a key again, in order, up to the first that still can't be handled, or `RETRY_LIMIT`.

    New records of the key wait behind: they are parked until none is left. `by`: who asked; None: it is tried by
    itself, and recorded where something came of it. Raises `NotFound` for a key with none.
    """
    rows = work.read(
        "SELECT upstream, position, topic, partition, headers, value, reason, in_all FROM (SELECT *, "
        "count(*) OVER () AS in_all, row_number() OVER (PARTITION BY upstream ORDER BY position) AS place "
        "FROM parked_records WHERE key = %s) AS of_key WHERE place <= %s ORDER BY upstream, position",
        (key, RETRY_LIMIT),
    )
    if not rows:
        raise NotFound
    parked_key = work.find_or_new(ParkedKey, parked_id(key))
    work.guard(parked_key.version)
    handled, reason = 0, None
    for upstream, found in groupby(rows, lambda row: str(row[0])):
        records = [(row[1], _record(key, *row[:-1])) for row in found]
        positions, stuck = _play(work, intake, upstream, records)
        handled, reason = handled + len(positions), stuck or reason
        if positions or by is not None:
            parked_key.retried(upstream, positions, stuck, by or intake.cause(records[0][1]))
    work.change(_FREE, (key, BEHIND))
    in_all: int = rows[0][-1]
    return Retried(version=parked_key.version, key=key, handled=handled, left=in_all - handled, reason=reason)


def _record(
    key: str, upstream: str, position: int, topic: str, partition: int, headers: bytes, value: bytes, reason: str
) -> Incoming:
    unread = upstream == unreadable_of(upstream_of(topic, partition))
    unreadable = Unreadable(position, reason) if unread else None
    return Incoming(topic, partition, key, orjson.loads(headers), bytes(value), unreadable=unreadable)


def _play(
    work: Work, intake: Intake, upstream: str, records: Sequence[tuple[int, Incoming]]
) -> tuple[list[int], str | None]:
    """The positions that took effect, and why the next one can't."""
    handled: list[int] = []
    for position, record in records:
        error = _try(work, intake, record)
        if error is not None:
            reason = reason_of(error)
            work.change(
                "UPDATE parked_records SET attempts = attempts + 1, reason = %s, waits = %s "
                "WHERE upstream = %s AND position = %s",
                (reason, isinstance(error, NotYet), upstream, position),
            )
            return handled, reason
        handled.append(position)
        work.change("DELETE FROM parked_records WHERE upstream = %s AND position = %s", (upstream, position))
    return handled, None


def _try(work: Work, intake: Intake, record: Incoming) -> Exception | None:
    def task(inner: Work) -> Any:
        outcome = intake.handle(inner, record)
        inner.execute()
        return outcome

    try:
        work.attempt(task, savepoint=True)
    except Exception as error:
        if out_of_reach(error):
            raise
        return error
    return None


def discard(work: Work, key: str, asked: Discarding, by: Cause) -> Discarded:
    """Give records of a key up: they never take effect, also if they come again.

    Of a key with more than `DISCARD_LIMIT`, the first ones. Those behind them, now the first of their key, are tried by
    themselves. Raises `NotFound` for a key with none, and `Refused` where one that is named isn't parked.
    """
    parked_key = work.find_or_new(ParkedKey, parked_id(key))
    work.guard(parked_key.version)
    in_all: int = work.read("SELECT count(*) FROM parked_records WHERE key = %s", (key,))[0][0]
    if not in_all:
        raise NotFound
    if asked.records is None:
        chosen = work.read(
            "SELECT upstream, position FROM parked_records WHERE key = %s ORDER BY upstream, position LIMIT %s",
            (key, DISCARD_LIMIT),
        )
    else:
        chosen = _named(work, key, asked.records)
    positions: dict[str, list[int]] = defaultdict(list)
    for upstream, position in chosen:
        positions[upstream].append(position)
    for upstream, given_up in positions.items():
        parked_key.discard(upstream, given_up, asked.reason, by)
        work.change(
            "DELETE FROM parked_records WHERE upstream = %s AND position = ANY(%s::bigint[])", (upstream, given_up)
        )
    work.change(_FREE, (key, BEHIND))
    return Discarded(version=parked_key.version, key=key, discarded=len(chosen), left=in_all - len(chosen))


def _named(work: Work, key: str, records: Sequence[Named]) -> list[tuple[Any, ...]]:
    named = sorted({(record.upstream, record.position) for record in records})
    there = work.read(
        "SELECT upstream, position FROM parked_records "
        "JOIN unnest(%s::text[], %s::bigint[]) AS named (upstream, position) USING (upstream, position) "
        "WHERE key = %s ORDER BY upstream, position",
        ([upstream for upstream, _ in named], [position for _, position in named], key),
    )
    refuse_if(
        Ground(None, "record-not-parked", f"records.{index}")
        for index, record in enumerate(records)
        if (record.upstream, record.position) not in there
    )
    return there

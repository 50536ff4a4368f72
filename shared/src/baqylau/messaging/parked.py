"""Records that could not be handled: shown, and played again in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from baqylau.eventstore.store import Store, out_of_reach
from baqylau.eventstore.work import NotFound, Work
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.intake import Intake, reason_of
from baqylau.messaging.policy import NotYet
from baqylau.observability.metrics import PARKED

RETRY_LIMIT = 200
"""Records of one key played again in one transaction."""


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


class Retried(BaseModel):
    """What a retry did. `left`: records of the key that still wait, for `reason`."""

    key: str
    handled: int
    left: int
    reason: str | None


def parked(store: Store, limit: int, after: str = "") -> Sequence[Parked]:
    """At most `limit` parked keys behind a cursor (`key`), in order; of each upstream, the first record says why."""
    rows = store.read(
        "SELECT DISTINCT ON (key, upstream) key, upstream, count(*) OVER (PARTITION BY key, upstream), position, "
        "headers, reason, waits, parked_at, attempts FROM parked_records WHERE key IN "
        "(SELECT DISTINCT key FROM parked_records WHERE key > %s ORDER BY key LIMIT %s) "
        "ORDER BY key, upstream, position",
        (after, limit),
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


def retry(work: Work, intake: Intake, key: str) -> Retried:
    """Play the records of a key again, in order, up to the first that still can't be handled, or `RETRY_LIMIT`.

    New records of the key wait behind: they are parked until none is left. Raises `NotFound` for a key with none.
    """
    rows = work.read(
        "SELECT upstream, position, topic, partition, headers, value, in_all FROM (SELECT *, "
        "count(*) OVER () AS in_all, row_number() OVER (PARTITION BY upstream ORDER BY position) AS place "
        "FROM parked_records WHERE key = %s) AS of_key WHERE place <= %s ORDER BY upstream, position",
        (key, RETRY_LIMIT),
    )
    if not rows:
        raise NotFound
    handled, reason = 0, None
    stuck: set[str] = set()
    for upstream, position, topic, partition, headers, value, _ in rows:
        if upstream in stuck:
            continue
        record = Incoming(topic, partition, key, orjson.loads(headers), bytes(value))
        error = _try(work, intake, record)
        if error is None:
            handled += 1
            work.change("DELETE FROM parked_records WHERE upstream = %s AND position = %s", (upstream, position))
        else:
            stuck.add(upstream)
            reason = reason_of(error)
            work.change(
                "UPDATE parked_records SET attempts = attempts + 1, reason = %s, waits = %s "
                "WHERE upstream = %s AND position = %s",
                (reason, isinstance(error, NotYet), upstream, position),
            )
    in_all: int = rows[0][-1]
    return Retried(key=key, handled=handled, left=in_all - handled, reason=reason)


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

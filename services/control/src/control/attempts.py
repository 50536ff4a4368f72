"""The audit log of letters that were turned back: who tried, when, and on what grounds; nothing of what they said.

A letter turned back is no event of the assignment and counts for nothing. Its work is undone, so this is written in a
work of its own, before the caller hears of it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

import orjson
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.store import Store
from baqylau.eventstore.work import Work
from baqylau.refusals import Ground

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS turned_back (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, assignment_id uuid NOT NULL, actor text NOT NULL,
    recorded_at timestamptz NOT NULL, correlation_id text NOT NULL, day date NOT NULL, grounds jsonb NOT NULL);
CREATE INDEX IF NOT EXISTS turned_back_by_assignment ON turned_back (assignment_id, number);
"""


def record(work: Work, assignment_id: UUID, today: date, grounds: Sequence[Ground], cause: Cause) -> None:
    """Keep an attempt."""
    found = [{"citation": g.citation, "reason": g.reason, "field": g.field} for g in grounds]
    work.change(
        "INSERT INTO turned_back (assignment_id, actor, recorded_at, correlation_id, day, grounds) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (assignment_id, cause.actor, cause.recorded_at, cause.correlation_id, today, orjson.dumps(found).decode()),
    )


def of(store: Store, assignment_id: UUID) -> list[dict[str, Any]]:
    """The attempts on an assignment, oldest first."""
    rows = store.read(
        "SELECT actor, recorded_at, day, grounds FROM turned_back WHERE assignment_id = %s ORDER BY number",
        (assignment_id,),
    )
    return [dict(zip(("actor", "recorded_at", "day", "grounds"), row, strict=True)) for row in rows]

"""Assignments as they stand now: the lists, and the index in which the watcher finds what is overdue."""

from collections.abc import Sequence
from typing import LiteralString

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.rows import Rows, Values
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from control.domain import assignment_events as events

# The first of `organizations` and of `units` is the executor's, the others are the co-executors', in one order.
TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS assignments (
    id uuid PRIMARY KEY, document_id uuid NOT NULL, clause text NOT NULL, source text NOT NULL,
    originator text NOT NULL, personal boolean NOT NULL, occasion text, controlled_by text NOT NULL,
    rule_set text NOT NULL, issued_on date NOT NULL,
    control text NOT NULL, status text NOT NULL, deadline date NOT NULL, reported_on date, area text NOT NULL,
    organizations text[] NOT NULL, units uuid[] NOT NULL, next_due date, version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS assignments_by_deadline ON assignments (deadline, id);
CREATE INDEX IF NOT EXISTS assignments_by_status ON assignments (status, deadline, id);
CREATE INDEX IF NOT EXISTS assignments_by_organization ON assignments USING gin (organizations);
CREATE INDEX IF NOT EXISTS assignments_open_by_unit ON assignments USING gin (units)
    WHERE status IN ('open', 'reported');
CREATE INDEX IF NOT EXISTS assignments_open_by_deadline ON assignments (deadline, id)
    WHERE status IN ('open', 'reported');
CREATE INDEX IF NOT EXISTS assignments_open ON assignments (id) WHERE status IN ('open', 'reported');
CREATE INDEX IF NOT EXISTS assignments_next_due ON assignments (next_due, id) WHERE next_due IS NOT NULL;
"""


_ROWS = Rows("assignments")


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    if isinstance(event, events.AssignmentIssued):
        return [_issued(event)]
    if isinstance(event, events.AssignmentEvent):
        return [_changed(event)]
    return []


def _issued(event: events.AssignmentIssued) -> Statement:
    origin = event.origin
    return _ROWS.insert(
        {
            "id": event.originator_id,
            "document_id": event.document_id,
            "clause": event.clause,
            "source": origin.source.value,
            "originator": origin.originator.value,
            "personal": origin.personal,
            "occasion": origin.occasion.value if origin.occasion else None,
            "controlled_by": event.controlled_by.value,
            "rule_set": event.rule_set,
            "issued_on": event.issued_on,
            "control": event.control.value,
            "deadline": event.deadline,
            **_parties(event),
            **_standing(event),
        }
    )


def _changed(event: events.AssignmentEvent) -> Statement:
    changed = _standing(event)
    match event:
        case events.Granted():
            changed |= {"deadline": event.new_deadline, "control": event.control.value}
        case events.AssignmentCorrected():
            changed |= {"clause": event.clause, **_parties(event)} if event.clause is not None else _parties(event)
        case events.ExecutorReplaced():
            changed |= _parties(event)
        case events.ExecutionReported():
            changed["reported_on"] = event.reported_on
    return _ROWS.update(event.originator_id, changed)


def _standing(event: events.AssignmentEvent) -> Values:
    """What every event says."""
    return {"status": event.status.value, "next_due": event.next_due, "version": event.originator_version}


def _parties(event: events.AssignmentEvent) -> Values:
    """What changes with the parties, or their areas."""
    parties = (event.executor, *event.co_executors)
    return {
        "area": event.executor.area,
        "organizations": [party.organization for party in parties],
        "units": [party.unit_id for party in parties],
    }


ASSIGNMENTS = ReadModel(TABLES, changes)

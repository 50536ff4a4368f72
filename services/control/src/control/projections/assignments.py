"""Assignments as they stand now: the lists, and the index in which the watcher finds what is overdue."""

from collections.abc import Sequence
from typing import LiteralString

from baqylau.eventstore.aggregate import DomainEvent
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


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    if isinstance(event, events.AssignmentIssued):
        return [_issued(event)]
    if isinstance(event, events.AssignmentEvent):
        return [_changed(event)]
    return []


def _issued(event: events.AssignmentIssued) -> Statement:
    origin = event.origin
    return (
        "INSERT INTO assignments (id, document_id, clause, source, originator, personal, occasion, controlled_by, "
        "rule_set, issued_on, control, status, deadline, area, organizations, units, next_due, version) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            event.originator_id,
            event.document_id,
            event.clause,
            origin.source.value,
            origin.originator.value,
            origin.personal,
            origin.occasion.value if origin.occasion else None,
            event.controlled_by.value,
            event.rule_set,
            event.issued_on,
            event.control.value,
            event.status.value,
            event.deadline,
            event.executor.area,
            _organizations(event),
            _units(event),
            event.next_due,
            event.originator_version,
        ),
    )


def _changed(event: events.AssignmentEvent) -> Statement:
    granted = event if isinstance(event, events.Granted) else None
    corrected = event if isinstance(event, events.AssignmentCorrected) else None
    return (
        "UPDATE assignments SET version = %s, status = %s, next_due = %s, organizations = %s, units = %s, area = %s, "
        "deadline = coalesce(%s, deadline), control = coalesce(%s, control), "
        "clause = coalesce(%s, clause), reported_on = coalesce(%s, reported_on) WHERE id = %s",
        (
            event.originator_version,
            event.status.value,
            event.next_due,
            _organizations(event),
            _units(event),
            event.executor.area,
            granted.new_deadline if granted else None,
            granted.control.value if granted else None,
            corrected.clause if corrected else None,
            event.reported_on if isinstance(event, events.ExecutionReported) else None,
            event.originator_id,
        ),
    )


def _organizations(event: events.AssignmentEvent) -> list[str]:
    return [party.organization for party in (event.executor, *event.co_executors)]


def _units(event: events.AssignmentEvent) -> list[object]:
    return [party.unit_id for party in (event.executor, *event.co_executors)]


ASSIGNMENTS = ReadModel(TABLES, changes)

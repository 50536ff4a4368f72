"""The figures of executive discipline, by day: for each organization, and for each post of its control subjects.

A sum over events, as the head of `baqylau.contracts.control` says it. The day is that of the fact: of issue, of
completion, of the deadline or date missed, of the decision, of the letter. A rescinded miss is taken off on the day on
which it was counted. `open` passes from hand to hand: whoever was given it loses it when it is handed on or closed.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from control.domain import assignment_events as events
from control.domain.assignment_parts import PartyRole
from control.domain.paragraph_103_1 import ResponsibleOfficial

ORGANIZATION_ITSELF = UUID(int=0)
"""Stands in `post_id` for the organization's own figures."""

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS discipline (
    organization text NOT NULL, post_id uuid NOT NULL, figure text NOT NULL, day date NOT NULL,
    amount integer NOT NULL, PRIMARY KEY (organization, post_id, figure, day));
CREATE INDEX IF NOT EXISTS discipline_by_day ON discipline (day);
CREATE TABLE IF NOT EXISTS discipline_open (
    assignment_id uuid NOT NULL, organization text NOT NULL, post_id uuid NOT NULL,
    PRIMARY KEY (assignment_id, organization, post_id));
"""


class Figure(StrEnum):
    ISSUED = "issued"
    ON_TIME = "on_time"
    LATE = "late"
    OPEN = "open"
    MISSED = "missed"
    EXTENDED_ONCE = "extended_once"
    EXTENDED_AGAIN = "extended_again"
    PROPOSALS_LATE = "proposals_late"
    REVIEWS_RAISED = "reviews_raised"


Holder = tuple[str, UUID]

_ADD: LiteralString = (
    " ON CONFLICT (organization, post_id, figure, day) DO UPDATE SET amount = discipline.amount + excluded.amount"
)


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the tables follow an event."""
    match event:
        case events.AssignmentIssued():
            holders = _of(event.executor.organization, event.responsible)
            return [
                _count(holders, Figure.ISSUED, event.issued_on),
                *_given(event.originator_id, holders, event.issued_on),
            ]
        case events.AssignmentCompleted():
            figure = Figure.ON_TIME if event.on_time else Figure.LATE
            return [
                _count(_of(event.executor.organization, event.responsible), figure, event.completed_on),
                _taken(event.originator_id, event.completed_on),
            ]
        case events.AssignmentWithdrawn():
            return [_taken(event.originator_id, event.withdrawn_on)]
        case events.ExecutorReplaced() if event.role is PartyRole.EXECUTOR:
            return _handed_on(event, event.replaced_on)
        case events.AssignmentCorrected() if event.area is not None:
            return _handed_on(event, event.corrected_on)
        case events.DeadlineMissed():
            return [_count(_of(event.executor.organization, event.responsible), Figure.MISSED, event.deadline)]
        case events.DeadlineMissRescinded():
            # Those whom the miss had named, although another may execute by now.
            organization = event.responsible[0].organization if event.responsible else event.executor.organization
            return [_count(_of(organization, event.responsible), Figure.MISSED, event.deadline, -1)]
        case events.Granted():
            figure = Figure.EXTENDED_AGAIN if event.repeated else Figure.EXTENDED_ONCE
            return [_count(_of(event.executor.organization, event.responsible), figure, event.decided_on)]
        case events.DisciplinaryReviewRaised():
            holders = _of(event.executor.organization, event.responsible)
            return [_count(holders, Figure.REVIEWS_RAISED, event.raised_on)]
        case events.PenaltyReviewRaised():
            parties = {party.organization for party in (event.executor, *event.co_executors)}
            holders = {holder for organization in parties for holder in _of(organization, event.responsible)}
            return [_count(holders, Figure.REVIEWS_RAISED, event.raised_on)]
        case events.ProposalMissed():
            return [_count(_of(event.organization, event.responsible), Figure.PROPOSALS_LATE, event.due)]
        case events.ProposalSubmitted() if event.late and not event.missed:
            return [_count(_of(event.organization, event.responsible), Figure.PROPOSALS_LATE, event.due)]
    return []


def _of(organization: str, officials: Iterable[ResponsibleOfficial]) -> set[Holder]:
    return {(organization, ORGANIZATION_ITSELF), *((o.organization, o.post_id) for o in officials)}


def _count(holders: Iterable[Holder], figure: Figure, day: date, amount: int = 1) -> Statement:
    organizations, posts = _columns(holders)
    return (
        "INSERT INTO discipline (organization, post_id, figure, day, amount) "
        "SELECT organization, post_id, %s, %s::date, %s "
        "FROM unnest(%s::text[], %s::uuid[]) AS holder (organization, post_id)" + _ADD,
        (figure.value, day, amount, organizations, posts),
    )


def _given(assignment_id: UUID, holders: Iterable[Holder], day: date) -> list[Statement]:
    organizations, posts = _columns(holders)
    remembered: Statement = (
        "INSERT INTO discipline_open SELECT %s, * FROM unnest(%s::text[], %s::uuid[])",
        (assignment_id, organizations, posts),
    )
    return [_count(holders, Figure.OPEN, day), remembered]


def _taken(assignment_id: UUID, day: date) -> Statement:
    return (
        "WITH taken AS (DELETE FROM discipline_open WHERE assignment_id = %s RETURNING organization, post_id) "
        "INSERT INTO discipline (organization, post_id, figure, day, amount) "
        "SELECT organization, post_id, %s, %s::date, -1 FROM taken" + _ADD,
        (assignment_id, Figure.OPEN.value, day),
    )


def _handed_on(event: events.ExecutorReplaced | events.AssignmentCorrected, day: date) -> list[Statement]:
    holders = _of(event.executor.organization, event.responsible)
    return [_taken(event.originator_id, day), *_given(event.originator_id, holders, day)]


def _columns(holders: Iterable[Holder]) -> tuple[list[str], list[UUID]]:
    ordered = sorted(holders, key=str)
    return [organization for organization, _ in ordered], [post_id for _, post_id in ordered]


DISCIPLINE = ReadModel(TABLES, changes)

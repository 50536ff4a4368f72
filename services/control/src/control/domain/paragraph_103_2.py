"""103-2: until when a co-executor's proposals go to the executor.

Urgent control counts forwards from the co-executor's receipt, the rest backwards from the deadline. Neither day is
counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from baqylau.refusals import Ground

from control.domain.calendar import ProductionCalendar
from control.domain.rule_sets import RuleSet
from control.domain.terms import Basis, Count, Derivation, Direction, Term, counted_again, recounted
from control.domain.terms import counted as term_by_count
from control.domain.values import Control, Standing, Urgency


@dataclass(frozen=True, slots=True)
class ProposalExpected:
    """A co-executor's proposal as it stands. `missed`: its miss is recorded and not rescinded."""

    organization: str
    received_on: date
    term: Term
    submitted_on: date | None = None
    missed: bool = False

    @property
    def awaited(self) -> bool:
        return self.submitted_on is None and not self.missed


@dataclass(frozen=True, slots=True)
class MovedProposal:
    """A computed date that was counted again. `was`: the date before."""

    organization: str
    was: date
    term: Term


def urgency_grounds(rules: RuleSet, control: Control, urgency: Urgency | None) -> tuple[Ground, ...]:
    """Urgent control carries one of the three marks, no other control does."""
    if control is Control.URGENT and urgency is None:
        return (Ground(rules.cite("103-2"), "urgency-missing", "urgency", of_payload=True),)
    if control is not Control.URGENT and urgency is not None:
        return (Ground(rules.cite("103-2"), "urgency-without-urgent-control", "urgency", of_payload=True),)
    return ()


def own_date_grounds(
    rules: RuleSet,
    urgency: Urgency | None,
    *,
    received_on: date,
    deadline: date,
    proposal_due: date | None,
    field: str,
) -> tuple[Ground, ...]:
    """Why the assignment may not set this date itself; `field` is where the body states it.

    "Very urgent" has no "unless the assignment says otherwise". Reading: else the date lies after the day of receipt
    and not after the deadline.
    """
    if proposal_due is None:
        return ()
    reasons = []
    if urgency is Urgency.VERY_URGENT:
        reasons.append("very-urgent-sets-no-date")
    if proposal_due <= received_on:
        reasons.append("proposal-due-not-after-receipt")
    if proposal_due > deadline:
        reasons.append("proposal-due-after-deadline")
    return tuple(Ground(rules.cite("103-2"), reason, field, of_payload=True) for reason in reasons)


def proposal_term(
    rules: RuleSet,
    calendar: ProductionCalendar,
    *,
    control: Control,
    urgency: Urgency | None,
    received_on: date,
    deadline: date,
    proposal_due: date | None = None,
) -> Term:
    """A co-executor's date. `received_on` is its own receipt, or the assignment's where none is given.

    Reading: a date on or before the day of receipt becomes the first working day after it; none is later than the
    deadline. Raises `Refused` where the count leaves the calendar's years.
    """
    if proposal_due is not None:
        return Term(proposal_due, Derivation(Basis.SET_BY_ASSIGNMENT, rules.cite("103-2"), rules.name))
    return term_by_count(_count(rules, control, urgency, received_on, deadline), calendar)


def terms_after_new_deadline(
    standing: Standing, proposals: Iterable[ProposalExpected], calendar: ProductionCalendar, today: date
) -> tuple[MovedProposal, ...]:
    """The dates that a grant or transfer counts again; `standing` has the new deadline and control already.

    Reading: those of proposals not yet in and not yet missed that were counted back from the deadline. Dates that the
    assignment set itself, and those counted from receipt, stay. One that ends on the same day is counted again too: its
    derivation starts from the new deadline, and so does every count after it.
    """
    return tuple(
        MovedProposal(
            proposal.organization,
            proposal.term.due,
            counted_again(
                _count(standing.rules, standing.control, None, proposal.received_on, standing.deadline), calendar, today
            ),
        )
        for proposal in proposals
        if proposal.awaited and proposal.term.counted_back
    )


def terms_after_amendment(
    standing: Standing, proposals: Iterable[ProposalExpected], calendar: ProductionCalendar, today: date
) -> tuple[MovedProposal, ...]:
    """Which dates an amended calendar moves: computed ones of open assignments that have not yet been reached."""
    if standing.status.closed:
        return ()
    again = ((proposal, recounted(proposal.term, calendar, today)) for proposal in proposals if proposal.awaited)
    return tuple(
        MovedProposal(proposal.organization, proposal.term.due, term)
        for proposal, term in again
        if term.due != proposal.term.due
    )


def submission_grounds(
    standing: Standing, proposals: Iterable[ProposalExpected], organization: str
) -> tuple[Ground, ...]:
    """Why a proposal isn't taken in: not a co-executor, in already, or the assignment is off control. A late one is
    taken in.
    """
    cite = standing.rules.cite("103-2")
    grounds = [Ground(cite, "assignment-closed")] if standing.status.closed else []
    proposal = next((expected for expected in proposals if expected.organization == organization), None)
    if proposal is None:
        grounds.append(Ground(cite, "not-a-co-executor", "organization"))
    elif proposal.submitted_on is not None:
        grounds.append(Ground(cite, "proposal-already-in", "organization"))
    return tuple(grounds)


def _count(rules: RuleSet, control: Control, urgency: Urgency | None, received_on: date, deadline: date) -> Count:
    days = rules.proposal_days
    if control is Control.URGENT:
        if urgency is None:
            raise ValueError("urgent control without its mark: ask urgency_grounds first")
        counted_from, direction = received_on, Direction.FORWARDS
        working_days = {
            Urgency.VERY_URGENT: days.very_urgent,
            Urgency.URGENT: days.urgent,
            Urgency.ACCELERATE: days.accelerate,
        }[urgency]
    else:
        counted_from, direction = deadline, Direction.BACKWARDS
        working_days = {
            Control.SHORT_TERM: days.short_term,
            Control.MEDIUM_TERM: days.medium_term,
            Control.LONG_TERM: days.long_term,
        }[control]
    return Count(rules.cite("103-2"), rules.name, counted_from, direction, working_days, received_on, deadline)

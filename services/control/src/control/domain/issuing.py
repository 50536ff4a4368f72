"""What an assignment must be to be issued, and the dates that it is born with."""

from dataclasses import dataclass
from datetime import date

from baqylau.refusals import Ground

from control.domain.calendar import ProductionCalendar
from control.domain.days_of_doing import day_grounds
from control.domain.paragraph_102_1 import mark_grounds
from control.domain.paragraph_103_2 import ProposalExpected, own_date_grounds, proposal_term, urgency_grounds
from control.domain.paragraph_103_9 import personal_grounds
from control.domain.rule_sets import RuleBook, RuleSet
from control.domain.values import Control, Origin, Urgency


@dataclass(frozen=True, slots=True)
class CoExecutor:
    """`received_on`: its own receipt, or None for the assignment's. `proposal_due`: the date that it sets."""

    organization: str
    received_on: date | None = None
    proposal_due: date | None = None


@dataclass(frozen=True, slots=True)
class NewAssignment:
    origin: Origin
    control: Control
    urgency: Urgency | None
    issued_on: date
    received_on: date
    deadline: date
    executor: str
    co_executors: tuple[CoExecutor, ...] = ()


def issue_grounds(new: NewAssignment, book: RuleBook, calendar: ProductionCalendar, today: date) -> tuple[Ground, ...]:
    """Why it can't be issued. Entered after its deadline is no ground: it is accepted, and missed at once."""
    grounds = list(book.issue_grounds(new.issued_on))
    if new.issued_on > today:
        grounds.append(Ground(None, "day-in-the-future", "issued_on", of_payload=True))
    grounds.extend(day_grounds("received_on", new.received_on, issued_on=new.issued_on, today=today))
    if new.deadline < new.issued_on:
        grounds.append(Ground(None, "deadline-before-issue", "deadline", of_payload=True))
    grounds.extend(deadline_covered_grounds(new.deadline, calendar, "deadline"))
    named = {new.executor}
    for number, co_executor in enumerate(new.co_executors):
        where = f"co_executors.{number}"
        if co_executor.organization in named:
            grounds.append(Ground(None, "organization-named-twice", f"{where}.organization", of_payload=True))
        named.add(co_executor.organization)
        if co_executor.received_on is not None:
            grounds.extend(
                day_grounds(f"{where}.received_on", co_executor.received_on, issued_on=new.issued_on, today=today)
            )
    rules = book.in_force_on(new.issued_on)
    return tuple(grounds) if rules is None else (*grounds, *_grounds_of_law(new, rules))


def deadline_covered_grounds(deadline: date, calendar: ProductionCalendar, field: str) -> tuple[Ground, ...]:
    """Terms are counted back from a deadline, so it lies in a year that the calendar covers."""
    return () if calendar.covers(deadline) else (Ground(None, "calendar-year-not-covered", field),)


def proposals_at_issue(
    new: NewAssignment, rules: RuleSet, calendar: ProductionCalendar
) -> tuple[ProposalExpected, ...]:
    """Each co-executor's date under 103-2, in the order given. Ask `issue_grounds` first."""
    return tuple(
        ProposalExpected(
            co_executor.organization,
            _received_on(new, co_executor),
            proposal_term(
                rules,
                calendar,
                control=new.control,
                urgency=new.urgency,
                received_on=_received_on(new, co_executor),
                deadline=new.deadline,
                proposal_due=co_executor.proposal_due,
            ),
        )
        for co_executor in new.co_executors
    )


def _grounds_of_law(new: NewAssignment, rules: RuleSet) -> tuple[Ground, ...]:
    grounds = [
        *mark_grounds(rules, new.origin),
        *personal_grounds(rules, new.origin),
        *urgency_grounds(rules, new.control, new.urgency),
    ]
    for number, co_executor in enumerate(new.co_executors):
        grounds.extend(
            own_date_grounds(
                rules,
                new.urgency,
                received_on=_received_on(new, co_executor),
                deadline=new.deadline,
                proposal_due=co_executor.proposal_due,
                field=f"co_executors.{number}.proposal_due",
            )
        )
    return tuple(grounds)


def _received_on(new: NewAssignment, co_executor: CoExecutor) -> date:
    return co_executor.received_on or new.received_on

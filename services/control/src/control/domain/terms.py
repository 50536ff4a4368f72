"""Dates counted in working days, and why each is that date.

Paragraphs 103-2 (proposals), 103-3 (the notice), 103-6 and 103-7 (the limit of asking again, the opinion) count alike:
from a day that isn't counted itself, forwards or backwards, over the days off between.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from control.domain.calendar import ProductionCalendar


class Basis(StrEnum):
    """`counted`: by the paragraph. `set_by_assignment`: the assignment states the date itself, and it stays."""

    COUNTED = "counted"
    SET_BY_ASSIGNMENT = "set_by_assignment"


class Direction(StrEnum):
    FORWARDS = "forwards"
    BACKWARDS = "backwards"


class Bound(StrEnum):
    """What moved a counted date: it may not lie on or before `after`, nor later than the deadline."""

    AFTER = "after"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Derivation:
    """Why a date is that date.

    `paragraph`: its citation. `counted_from`: the day that isn't counted. `working_days`: how many, in `direction`.
    `counted_to`: where the count alone ends, and `days_off` what it passed over. `after` and `deadline`: the bounds
    that the date was held within, `bounded_by` the one that moved it; then `compressed`. `provisional`: a year that
    the count touches has no decree on moved days in this calendar version yet. A date that the assignment set has only
    its basis and rules.
    """

    basis: Basis
    paragraph: str
    rule_set: str
    calendar_version: int | None = None
    counted_from: date | None = None
    direction: Direction | None = None
    working_days: int | None = None
    counted_to: date | None = None
    days_off: tuple[date, ...] = ()
    after: date | None = None
    deadline: date | None = None
    bounded_by: Bound | None = None
    compressed: bool = False
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A due date and its derivation. `compressed`: a bound moved it from where the count ends."""

    due: date
    derivation: Derivation

    @property
    def compressed(self) -> bool:
        return self.derivation.compressed

    @property
    def counted_back(self) -> bool:
        return self.derivation.direction is Direction.BACKWARDS


@dataclass(frozen=True, slots=True)
class Count:
    """What to count: `working_days` from `counted_from`, held after `after` and not after `deadline` where they are
    given.
    """

    paragraph: str
    rule_set: str
    counted_from: date
    direction: Direction
    working_days: int
    after: date | None = None
    deadline: date | None = None


def counted(count: Count, calendar: ProductionCalendar) -> Term:
    """The date that a count gives. Raises `Refused` where it leaves the years that the calendar covers."""
    forwards = count.direction is Direction.FORWARDS
    counted_to = calendar.shift(count.counted_from, count.working_days if forwards else -count.working_days)
    due, bounded_by = counted_to, None
    if count.after is not None and due <= count.after:
        due, bounded_by = calendar.shift(count.after, 1), Bound.AFTER
    if count.deadline is not None and due > count.deadline:
        due, bounded_by = count.deadline, Bound.DEADLINE
    touched = (count.counted_from, counted_to, due)
    return Term(
        due,
        Derivation(
            basis=Basis.COUNTED,
            paragraph=count.paragraph,
            rule_set=count.rule_set,
            calendar_version=calendar.version,
            counted_from=count.counted_from,
            direction=count.direction,
            working_days=count.working_days,
            counted_to=counted_to,
            days_off=calendar.days_off_between(count.counted_from, counted_to),
            after=count.after,
            deadline=count.deadline,
            bounded_by=bounded_by,
            compressed=due != counted_to,
            provisional=calendar.provisional(min(touched), max(touched)),
        ),
    )


def counted_again(count: Count, calendar: ProductionCalendar, today: date) -> Term:
    """What a count gives where it is made after the date was first announced: at a grant, a transfer, an amendment.

    Reading, ours: the count alone decides, as at the first time, but not for a day that is over, or nobody could keep
    it: then it is the first working day from today on, still not later than the deadline. A grant of an extension never
    comes to that: its deadline moves forwards.
    """
    term = counted(count, calendar)
    return term if term.due >= today else counted(replace(count, after=today - timedelta(days=1)), calendar)


def recounted(term: Term, calendar: ProductionCalendar, today: date) -> Term:
    """The same term by an amended calendar, counted on `today`.

    A date that the assignment set, and one already reached, stay. So does one that falls on the same day: it keeps the
    derivation that it was announced with.
    """
    why = term.derivation
    if why.counted_from is None or why.direction is None or why.working_days is None or term.due <= today:
        return term
    count = Count(
        paragraph=why.paragraph,
        rule_set=why.rule_set,
        counted_from=why.counted_from,
        direction=why.direction,
        working_days=why.working_days,
        after=why.after,
        deadline=why.deadline,
    )
    again = counted_again(count, calendar, today)
    return again if again.due != term.due else term

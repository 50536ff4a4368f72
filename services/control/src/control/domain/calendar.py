"""The production calendar of Kazakhstan: which day is a working day, and arithmetic on working days.

Version 1 is what the `holidays` package gave: public holidays, those moved off a weekend (7 January and Kurban Ait
don't move), days off moved by the Government's decree and the Saturdays and Sundays worked for them. Each amendment by
an operator raises the version. The covered years are prepared once as a running count of working days and a list of
them, so that a shift or a count is two look-ups, however far it reaches.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from baqylau.refusals import Ground, Refused

from control.domain.calendar_version_1 import DAYS_OFF, DECREES_KNOWN_THROUGH, SOURCE, WORKED
from control.domain.values import blank

# The first rule set is in force from 30.11.2020, so no count reaches back past 2020. Years after the last decree that
# the package knew are computed from the holidays' law (Kurban Ait by reckoning): they are covered because deadlines
# lie ahead, and a date counted in them says `provisional` until their decree is entered.
FIRST_YEAR = 2020
LAST_YEAR = 2030

_FIRST = date(FIRST_YEAR, 1, 1).toordinal()
_DAYS = date(LAST_YEAR, 12, 31).toordinal() - _FIRST + 1


@dataclass(frozen=True, slots=True)
class CalendarAmendment:
    """One day that a decree makes a working day or a day off. `decree`: its reference."""

    date: date
    working: bool
    decree: str


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that isn't what its weekday says. `names`: kk and en, empty for a worked weekend or an amendment."""

    date: date
    working: bool
    names: Mapping[str, str]
    decree: str | None


class ProductionCalendar:
    """One version of the calendar; never changes. A day outside `FIRST_YEAR`..`LAST_YEAR` is refused, never guessed:
    every method raises `Refused` with `calendar-year-not-covered`.
    """

    __slots__ = ("_through", "_working_days", "amendments", "version")

    def __init__(self, number: int, working: bytes, amendments: tuple[CalendarAmendment, ...]) -> None:
        self.version = number
        self.amendments = amendments
        through, count, days = [], 0, []
        for offset, is_working in enumerate(working):
            if is_working:
                count += 1
                days.append(date.fromordinal(_FIRST + offset))
            through.append(count)
        self._through = tuple(through)
        self._working_days = tuple(days)

    @property
    def source(self) -> str:
        """Where the unamended days come from: the package and its version."""
        return SOURCE

    def covers(self, day: date) -> bool:
        """Whether this version says anything about the day."""
        return FIRST_YEAR <= day.year <= LAST_YEAR

    def provisional(self, first: date, last: date) -> bool:
        """Whether a year from `first` to `last` has no decree on moved days in this version yet."""
        known = {amendment.date.year for amendment in self.amendments}
        return any(year > DECREES_KNOWN_THROUGH and year not in known for year in range(first.year, last.year + 1))

    def is_working_day(self, day: date) -> bool:
        """By this version: a decree's day as the decree has it."""
        through = self._worked_through(day)
        return through > 0 and self._working_days[through - 1] == day

    def shift(self, day: date, working_days: int) -> date:
        """The working day that lies `working_days` after `day`, or before it where negative; `day` itself isn't
        counted.

        `working_days` is not 0. From a day off the count starts at the next working day in its direction.
        """
        offset = day.toordinal() - _FIRST
        if not 0 <= offset < _DAYS:
            raise _not_covered(day.year)
        through = self._through[offset]
        if working_days > 0:
            index = through + working_days - 1
        else:
            before = self._through[offset - 1] if offset else 0
            index = before + working_days
        if index < 0:
            raise _not_covered(FIRST_YEAR - 1)
        try:
            return self._working_days[index]
        except IndexError:
            raise _not_covered(LAST_YEAR + 1) from None

    def count(self, after: date, through: date) -> int:
        """How many working days lie after `after` up to and with `through`; negative where `through` is the earlier."""
        first, last = after.toordinal() - _FIRST, through.toordinal() - _FIRST
        if not 0 <= first < _DAYS:
            raise _not_covered(after.year)
        if not 0 <= last < _DAYS:
            raise _not_covered(through.year)
        return self._through[last] - self._through[first]

    def days_off_between(self, one: date, other: date) -> tuple[date, ...]:
        """The days off strictly between two days, in either order, oldest first."""
        first, last = min(one, other), max(one, other)
        start, end = self._worked_through(first), self._worked_through(last)
        worked = set(self._working_days[start:end])
        inside = (first + timedelta(days=n) for n in range(1, (last - first).days))
        return tuple(day for day in inside if day not in worked)

    def special_days(self, year: int) -> tuple[SpecialDay, ...]:
        """The year's days off that fall on weekdays, and its worked Saturdays and Sundays, oldest first."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise _not_covered(year)
        decrees = {amendment.date: amendment.decree for amendment in self.amendments}
        names = _days_off()
        days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
        return tuple(
            SpecialDay(day, working, {} if working else names.get(day, {}), decrees.get(day))
            for day in days
            if day.year == year and (working := self.is_working_day(day)) != (day.weekday() < 5)
        )

    def working_days_in(self, year: int) -> int:
        """How many working days the year has."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise _not_covered(year)
        through_last_year = bisect_right(self._working_days, date(year - 1, 12, 31))
        return bisect_right(self._working_days, date(year, 12, 31)) - through_last_year

    def amendment_grounds(self, amendments: Iterable[CalendarAmendment]) -> tuple[Ground, ...]:
        """Why these days can't be amended: nothing to amend, no decree, a day given twice, not covered, or as it is
        already.
        """
        asked = tuple(amendments)
        grounds = [] if asked else [Ground(None, "amendment-missing", "days", of_payload=True)]
        seen: set[date] = set()
        for number, amendment in enumerate(asked):
            if blank(amendment.decree):
                grounds.append(Ground(None, "decree-missing", f"days.{number}.decree", of_payload=True))
            if amendment.date in seen:
                grounds.append(Ground(None, "day-given-twice", f"days.{number}.date", of_payload=True))
            seen.add(amendment.date)
            if not self.covers(amendment.date):
                grounds.append(Ground(None, "calendar-year-not-covered", f"days.{number}.date"))
            elif self.is_working_day(amendment.date) == amendment.working:
                grounds.append(Ground(None, "day-is-so-already", f"days.{number}.date"))
        return tuple(grounds)

    def amended(self, amendments: Iterable[CalendarAmendment]) -> "ProductionCalendar":
        """The next version, with these days changed; this one stays. Ask `amendment_grounds` first."""
        return self.as_amended(self.version + 1, self.amendments + tuple(amendments))

    def as_amended(self, version: int, amendments: tuple[CalendarAmendment, ...]) -> "ProductionCalendar":
        """A version with these amendments, those of this one among them, the oldest first."""
        worked = set(self._working_days)
        for amendment in amendments:
            (worked.add if amendment.working else worked.discard)(amendment.date)
        bitmap = bytes(date.fromordinal(_FIRST + offset) in worked for offset in range(_DAYS))
        return ProductionCalendar(version, bitmap, amendments)

    def _worked_through(self, day: date) -> int:
        offset = day.toordinal() - _FIRST
        if not 0 <= offset < _DAYS:
            raise _not_covered(day.year)
        return self._through[offset]


@cache
def first_calendar() -> ProductionCalendar:
    """Version 1, prepared once for the process."""
    worked = {date.fromisoformat(day) for day in WORKED.split()}
    off = _days_off().keys()
    days = (date.fromordinal(_FIRST + offset) for offset in range(_DAYS))
    bitmap = bytes(day in worked or (day.weekday() < 5 and day not in off) for day in days)
    return ProductionCalendar(1, bitmap, ())


@cache
def _days_off() -> Mapping[date, Mapping[str, str]]:
    named = (line.partition(" ") for line in DAYS_OFF.strip().splitlines())
    return {
        date.fromisoformat(day): dict(zip(("kk", "en"), names.split(" / "), strict=True)) for day, _, names in named
    }


def _not_covered(year: int) -> Refused:
    covered = f"{FIRST_YEAR}-{LAST_YEAR}"
    refusal = Refused((Ground(None, "calendar-year-not-covered"),))
    refusal.add_note(f"{year} is outside the calendar's {covered}")
    return refusal

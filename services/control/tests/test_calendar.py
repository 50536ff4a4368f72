"""The production calendar: known years, arithmetic, amendments, and years that it doesn't cover."""

from datetime import date, timedelta
from hashlib import sha256

import holidays
import pytest
from baqylau.refusals import Refused
from control.domain.calendar import FIRST_YEAR, LAST_YEAR, CalendarAmendment, ProductionCalendar
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(date(FIRST_YEAR, 3, 1), date(LAST_YEAR, 10, 31))
SHIFTS = st.integers(1, 30)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2020, 12, 18), False),  # moved to the Sunday after by decree
        (date(2020, 12, 20), True),
        (date(2020, 5, 11), True),  # worked for 8 May
        (date(2021, 5, 3), False),  # 1 May was a Saturday
        (date(2021, 5, 10), False),  # 9 May was a Sunday
        (date(2021, 7, 3), True),
        (date(2021, 7, 5), False),
        (date(2021, 12, 1), False),  # the First President's day, the last time
        (date(2022, 12, 1), True),
        (date(2022, 1, 10), True),  # Christmas on 7 January doesn't move
        (date(2022, 7, 11), True),  # Kurban Ait on Saturday 9 July didn't move
        (date(2022, 10, 22), True),
        (date(2023, 7, 1), True),
    ],
)
def test_known_days_are_as_the_decrees_have_them(calendar: ProductionCalendar, day: date, working: bool) -> None:
    assert calendar.is_working_day(day) is working


@pytest.mark.parametrize(("year", "working_days"), [(2020, 246), (2021, 245), (2022, 246), (2023, 246)])
def test_a_year_has_as_many_working_days_as_its_balance_of_working_time(
    calendar: ProductionCalendar, year: int, working_days: int
) -> None:
    counted_one_by_one = sum(
        calendar.is_working_day(date(year, 1, 1) + timedelta(days=n)) for n in range(366 if year % 4 == 0 else 365)
    )

    assert calendar.working_days_in(year) == counted_one_by_one == working_days


def test_version_1_stays_what_it_was_when_first_counted_by(calendar: ProductionCalendar) -> None:
    # Stored derivations say "calendar version 1". A release of `holidays` that changes a day turns this red: keep the
    # release before, and enter what the new one knows as an amendment.
    days = (date(FIRST_YEAR, 1, 1) + timedelta(days=n) for n in range(4018))
    bitmap = "".join("1" if calendar.is_working_day(day) else "0" for day in days)

    assert sha256(bitmap.encode()).hexdigest() == ("2df52ef1d0a419e7238b6ea445f9fb5a6373d6fa59dcb3657a471b0d0f2d3084")


def test_version_1_has_the_days_and_names_that_the_package_gives(calendar: ProductionCalendar) -> None:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    country = holidays.country_holidays("KZ", years=range(FIRST_YEAR - 1, LAST_YEAR + 2))
    kk, en = (holidays.country_holidays("KZ", years=years, language=language) for language in ("kk", "en_US"))

    for year in years:
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        assert [calendar.is_working_day(day) for day in days] == [country.is_working_day(day) for day in days]
        named = {day.date: day.names for day in calendar.special_days(year) if not day.working}
        assert named == {day: {"kk": kk[day], "en": en[day]} for day in named}


@given(day=DAYS, shift=SHIFTS, back=st.booleans())
def test_a_shift_ends_on_the_working_day_that_counting_one_by_one_finds(
    calendar: ProductionCalendar, day: date, shift: int, back: bool
) -> None:
    step = timedelta(days=-1 if back else 1)
    expected, left = day, shift
    while left:
        expected += step
        left -= calendar.is_working_day(expected)

    assert calendar.shift(day, -shift if back else shift) == expected


@given(day=DAYS, shift=SHIFTS)
def test_shifting_forth_and_back_returns_to_the_same_working_day(
    calendar: ProductionCalendar, day: date, shift: int
) -> None:
    working_day = calendar.shift(day, 1)

    assert calendar.shift(calendar.shift(working_day, shift), -shift) == working_day
    assert calendar.shift(calendar.shift(working_day, -shift), shift) == working_day


@given(one=DAYS, other=DAYS)
def test_working_days_and_days_off_make_up_the_days_between(
    calendar: ProductionCalendar, one: date, other: date
) -> None:
    first, last = min(one, other), max(one, other)
    days_off = calendar.days_off_between(one, other)

    assert calendar.count(first, last) == -calendar.count(last, first)
    if first != last:
        assert len(days_off) + calendar.count(first, last - timedelta(days=1)) == (last - first).days - 1
    assert all(first < day < last and not calendar.is_working_day(day) for day in days_off)


@pytest.mark.parametrize(
    ("day", "shift", "outside"),
    [
        (date(FIRST_YEAR - 1, 12, 31), 1, 2019),
        (date(LAST_YEAR + 1, 1, 1), -1, 2031),
        (date(FIRST_YEAR, 1, 8), -3, 2019),
        (date(FIRST_YEAR, 1, 1), -1, 2019),
        (date(LAST_YEAR, 12, 31), 1, 2031),
    ],
)
def test_a_count_that_leaves_the_covered_years_is_refused(
    calendar: ProductionCalendar, day: date, shift: int, outside: int
) -> None:
    with pytest.raises(Refused) as refusal:
        calendar.shift(day, shift)

    assert [ground.reason for ground in refusal.value.grounds] == ["calendar-year-not-covered"]
    assert refusal.value.__notes__ == [f"{outside} is outside the calendar's 2020-2030"]


def test_the_covered_years_are_covered_from_their_first_day_to_their_last(calendar: ProductionCalendar) -> None:
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)

    assert (FIRST_YEAR, LAST_YEAR) == (2020, 2030)
    assert calendar.covers(first)
    assert calendar.covers(last)
    assert (calendar.is_working_day(first), calendar.is_working_day(last)) == (False, True)
    assert calendar.shift(date(2020, 1, 6), -1) == date(2020, 1, 5)  # the first working day that it knows
    assert calendar.shift(first, 1) == date(2020, 1, 5)
    assert calendar.shift(date(2030, 12, 30), 1) == last
    assert calendar.shift(last, -1) == date(2030, 12, 30)
    assert calendar.working_days_in(LAST_YEAR) > 240
    new_year = {day.date: day.names.get("en") for day in calendar.special_days(LAST_YEAR)}
    assert new_year[date(2030, 1, 1)] == "New Year's Day"


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_nothing_is_said_about_a_year_that_is_not_covered(calendar: ProductionCalendar, year: int) -> None:
    assert not calendar.covers(date(year, 6, 1))
    for ask in (calendar.special_days, calendar.working_days_in):
        with pytest.raises(Refused):
            ask(year)
    with pytest.raises(Refused):
        calendar.is_working_day(date(year, 6, 1))


def test_the_special_days_of_a_year_are_the_days_off_in_the_week_and_the_worked_weekends(
    calendar: ProductionCalendar,
) -> None:
    days = calendar.special_days(2020)

    assert [day.date for day in days if day.working] == [date(2020, 1, 5), date(2020, 12, 20)]
    december = {day.date.day: day.names for day in days if not day.working and day.date.month == 12}
    assert sorted(december) == [1, 16, 17, 18]
    assert december[16] == {"kk": "Тәуелсіздік күні", "en": "Independence Day"}


def test_an_amendment_raises_the_version_and_leaves_the_version_before_as_it_was(calendar: ProductionCalendar) -> None:
    days = (
        CalendarAmendment(date(2027, 3, 5), False, "№ 17"),
        CalendarAmendment(date(2027, 3, 13), True, "№ 17"),
    )

    amended = calendar.amended(days)

    assert (calendar.version, amended.version) == (1, 2)
    assert amended.shift(date(2027, 3, 4), 1) == date(2027, 3, 9)  # 8 March is a holiday
    assert calendar.shift(date(2027, 3, 4), 1) == date(2027, 3, 5)
    assert amended.shift(date(2027, 3, 12), 1) == date(2027, 3, 13)
    assert amended.amendments == days
    assert {day.date: day.decree for day in amended.special_days(2027)}[date(2027, 3, 13)] == "№ 17"


def test_a_year_is_provisional_until_its_decree_is_entered(calendar: ProductionCalendar) -> None:
    amended = calendar.amended([CalendarAmendment(date(2027, 3, 5), False, "№ 17")])

    assert not calendar.provisional(date(2021, 1, 1), date(2025, 12, 31))
    assert calendar.provisional(date(2025, 12, 31), date(2026, 1, 5))
    assert calendar.provisional(date(2027, 1, 1), date(2027, 1, 2))
    assert not amended.provisional(date(2027, 1, 1), date(2027, 1, 2))
    assert amended.provisional(date(2027, 12, 1), date(2028, 1, 2))


def test_an_amendment_that_says_nothing_new_is_refused_with_every_ground(calendar: ProductionCalendar) -> None:
    grounds = calendar.amendment_grounds(
        [
            CalendarAmendment(date(2027, 3, 6), False, " "),
            CalendarAmendment(date(2027, 3, 6), True, "№ 17"),
            CalendarAmendment(date(LAST_YEAR + 1, 3, 6), True, "№ 17"),
        ]
    )

    assert [(ground.reason, ground.field, ground.of_payload) for ground in grounds] == [
        ("decree-missing", "days.0.decree", True),
        ("day-is-so-already", "days.0.date", False),
        ("day-given-twice", "days.1.date", True),
        ("calendar-year-not-covered", "days.2.date", False),
    ]
    nothing = calendar.amendment_grounds([])
    assert [(ground.reason, ground.of_payload) for ground in nothing] == [("amendment-missing", True)]
    assert calendar.amendment_grounds([CalendarAmendment(date(2027, 3, 6), True, "№ 17")]) == ()

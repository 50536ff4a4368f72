"""The line's calendar: version 1, and a version more with each decree."""

from datetime import UTC, date, datetime

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.refusals import Refused
from control.domain.calendar import first_calendar
from control.domain.production_calendar import ID, Calendar

CAUSE = Cause(actor="operator", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="1")
MONDAY, SATURDAY = date(2027, 4, 12), date(2027, 4, 10)
DECREE = "No. 1 of 1.2.2027"


def test_the_version_is_that_of_its_events() -> None:
    calendar = Calendar(ID)

    calendar.adopt(CAUSE)
    calendar.adopt(CAUSE)
    assert (calendar.version, calendar.current.version) == (1, 1)

    calendar.amend([(MONDAY, False), (SATURDAY, True)], DECREE, "RK-703:103-2", CAUSE)
    assert (calendar.version, calendar.current.version) == (2, 2)


def test_an_amendment_of_a_calendar_never_adopted_adopts_it_first() -> None:
    calendar = Calendar(ID)

    calendar.amend([(MONDAY, False)], DECREE, "RK-703:103-2", CAUSE)

    assert [type(event).__name__ for event in calendar.pending] == ["CalendarAdopted", "CalendarAmended"]
    assert calendar.version == calendar.current.version == 2


def test_the_days_change_from_that_version_on_and_not_before() -> None:
    calendar = Calendar(ID)
    calendar.amend([(MONDAY, False), (SATURDAY, True)], DECREE, "RK-703:103-2", CAUSE)

    replayed = Calendar.replay(calendar.collect_events())

    assert replayed is not None
    assert not replayed.current.is_working_day(MONDAY)
    assert replayed.current.is_working_day(SATURDAY)
    assert first_calendar().is_working_day(MONDAY)
    assert {day.decree for day in replayed.current.special_days(2027) if day.date in (MONDAY, SATURDAY)} == {DECREE}


def test_days_that_are_so_already_or_not_covered_are_refused_all_at_once() -> None:
    calendar = Calendar(ID)

    with pytest.raises(Refused) as refusal:
        calendar.amend([(SATURDAY, False), (date(2099, 1, 5), True)], DECREE, "RK-703:103-2", CAUSE)

    assert [ground.reason for ground in refusal.value.grounds] == ["day-is-so-already", "calendar-year-not-covered"]

"""Every computed date can say why it is that date: by which paragraph and rule set, from where, within what bounds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from baqylau.refusals import Refused
from control.domain.calendar import CalendarAmendment, ProductionCalendar
from control.domain.paragraph_103_2 import proposal_term
from control.domain.paragraph_103_3 import notice_term
from control.domain.paragraph_103_6_7 import last_day_to_ask_again, opinion_term
from control.domain.rule_sets import RK_703
from control.domain.terms import Basis, Bound, Derivation, Direction, recounted
from control.domain.values import Control, Occasion, Origin, Originator, Source, Standing, Urgency

TRIP = Origin(Source.INSTRUCTION, Originator.PRESIDENT, occasion=Occasion.REGIONAL_TRIP)


def test_a_date_that_the_assignment_sets_names_its_paragraph_and_rule_set(calendar: ProductionCalendar) -> None:
    term = proposal_term(
        RK_703,
        calendar,
        control=Control.SHORT_TERM,
        urgency=None,
        received_on=date(2021, 3, 1),
        deadline=date(2021, 3, 31),
        proposal_due=date(2021, 3, 10),
    )

    assert term.derivation == Derivation(Basis.SET_BY_ASSIGNMENT, "RK-703:103-2", "RK-703")


def test_a_counted_date_says_all_that_it_was_counted_by(calendar: ProductionCalendar) -> None:
    term = proposal_term(
        RK_703,
        calendar,
        control=Control.URGENT,
        urgency=Urgency.URGENT,
        received_on=date(2021, 4, 29),
        deadline=date(2021, 5, 4),
    )

    assert term.due == date(2021, 5, 4)
    assert term.derivation == Derivation(
        basis=Basis.COUNTED,
        paragraph="RK-703:103-2",
        rule_set="RK-703",
        calendar_version=1,
        counted_from=date(2021, 4, 29),
        direction=Direction.FORWARDS,
        working_days=3,
        counted_to=date(2021, 5, 5),
        days_off=(date(2021, 5, 1), date(2021, 5, 2), date(2021, 5, 3)),
        after=date(2021, 4, 29),
        deadline=date(2021, 5, 4),
        bounded_by=Bound.DEADLINE,
        compressed=True,
    )


def test_the_notice_the_opinion_and_the_last_day_to_ask_again_name_their_paragraph_and_rule_set(
    calendar: ProductionCalendar, standing: Callable[..., Standing]
) -> None:
    notice = notice_term(RK_703, TRIP, date(2021, 4, 26), calendar)
    opinion = opinion_term(standing(), "RK-703:103-6", date(2021, 8, 9), calendar)
    last_day = last_day_to_ask_again(standing(), "RK-703:103-7", calendar)

    assert notice is not None
    told = [(term.derivation.paragraph, term.derivation.rule_set) for term in (notice, opinion, last_day)]
    assert told == [("RK-703:103-3", "RK-703"), ("RK-703:103-6", "RK-703"), ("RK-703:103-7", "RK-703")]
    assert last_day.derivation.direction is Direction.BACKWARDS


def test_a_date_counted_again_keeps_what_it_was_counted_by_but_the_calendar(calendar: ProductionCalendar) -> None:
    term = proposal_term(
        RK_703,
        calendar,
        control=Control.SHORT_TERM,
        urgency=None,
        received_on=date(2021, 3, 1),
        deadline=date(2021, 4, 30),
    )
    amended = calendar.amended([CalendarAmendment(date(2021, 4, 28), working=False, decree="№ 1")])

    again = recounted(term, amended, date(2021, 3, 1))

    assert again.due < term.due
    assert (
        replace(
            again.derivation,
            calendar_version=term.derivation.calendar_version,
            counted_to=term.derivation.counted_to,
            days_off=term.derivation.days_off,
        )
        == term.derivation
    )
    assert again.derivation.calendar_version == 2
    assert date(2021, 4, 28) in again.derivation.days_off


def test_a_day_outside_the_calendar_is_refused_and_never_guessed(calendar: ProductionCalendar) -> None:
    with pytest.raises(Refused) as refused:
        calendar.shift(date(2030, 12, 31), 5)

    assert [ground.reason for ground in refused.value.grounds] == ["calendar-year-not-covered"]

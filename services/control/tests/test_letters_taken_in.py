"""What a letter that is taken in brings: reviews, the opinion, the Government's notice."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from control.domain.calendar import CalendarAmendment, ProductionCalendar
from control.domain.letters import LetterTakenIn, opinion_grounds, opinion_late, taken_in
from control.domain.paragraph_103_3 import notice_grounds, notice_term
from control.domain.terms import recounted
from control.domain.values import (
    ControllingSide,
    Decider,
    Letter,
    LetterTaken,
    Occasion,
    Originator,
    Standing,
)

BuildStanding = Callable[..., Standing]
BuildLetter = Callable[..., Letter]
BuildTaken = Callable[..., LetterTaken]


@pytest.mark.parametrize(
    ("changes", "addressed_to", "may_decide", "opinion_under"),
    [
        ({}, ControllingSide.PA, (Decider.PRESIDENT, Decider.HEAD_OF_PA), "RK-703:103-4"),
        (
            {"originator": Originator.PA_LEADERSHIP},
            ControllingSide.PA,
            (Decider.PRESIDENT, Decider.HEAD_OF_PA),
            "RK-703:103-4",
        ),
        ({"personal": True}, ControllingSide.PA, (Decider.PRESIDENT,), "RK-703:103-4"),
        (
            {"occasion": Occasion.INTERNATIONAL_EVENT},
            ControllingSide.GOVERNMENT,
            (Decider.PRIME_MINISTER, Decider.DEPUTY_PRIME_MINISTER),
            None,
        ),
        (
            {"occasion": Occasion.REGIONAL_TRIP, "personal": True},
            ControllingSide.GOVERNMENT,
            (Decider.PRESIDENT,),
            None,
        ),
    ],
)
def test_the_first_letter_goes_to_the_side_that_controls_and_names_who_may_decide(
    calendar: ProductionCalendar,
    standing: BuildStanding,
    letter: BuildLetter,
    changes: dict[str, Any],
    addressed_to: ControllingSide,
    may_decide: tuple[Decider, ...],
    opinion_under: str | None,
) -> None:
    assert taken_in(standing(**changes), letter(), calendar) == LetterTakenIn(
        number=1,
        addressed_to=addressed_to,
        repeated=False,
        may_decide=may_decide,
        opinion_under=opinion_under,
        opinion_due=None,
        disciplinary_review=False,
        penalty_review=False,
    )


@pytest.mark.parametrize(
    ("grants", "letters", "disciplinary", "penalty"),
    [
        (0, 0, False, False),
        (0, 1, False, False),
        (0, 2, False, True),
        (0, 3, False, True),
        (1, 1, True, False),
        (1, 2, True, True),
        (2, 2, True, True),
    ],
)
def test_a_grant_brings_the_disciplinary_review_and_the_third_letter_the_penalty_review(
    calendar: ProductionCalendar,
    standing: BuildStanding,
    letter: BuildLetter,
    grants: int,
    letters: int,
    disciplinary: bool,
    penalty: bool,
) -> None:
    outcome = taken_in(standing(grants=grants, letters=letters), letter(), calendar)

    assert (outcome.number, outcome.repeated) == (letters + 1, grants > 0)
    assert (outcome.disciplinary_review, outcome.penalty_review) == (disciplinary, penalty)


@pytest.mark.parametrize(
    ("changes", "issued_on", "reasons"),
    [
        ({"opinion_on": None}, date(2021, 4, 20), []),
        ({"opinion_on": None, "opinion_under": None}, date(2021, 4, 23), []),
        ({"opinion_on": None}, date(2021, 4, 19), ["opinion-before-letter"]),
        ({}, date(2021, 4, 23), ["opinion-already-given"]),
        ({"opinion_on": None, "decided_on": date(2021, 4, 22)}, date(2021, 4, 23), ["letter-already-decided"]),
    ],
)
def test_an_opinion_is_given_once_on_a_letter_that_waits(
    standing: BuildStanding, taken: BuildTaken, changes: dict[str, Any], issued_on: date, reasons: list[str]
) -> None:
    found = opinion_grounds(
        standing(), taken(**changes), issued_on, date(2021, 4, 26), unit="Бөлім", supports=False, text="Қарсы"
    )

    assert [(ground.citation, ground.reason) for ground in found] == [("RK-703:103-4", reason) for reason in reasons]


def test_an_opinion_that_says_nothing_is_refused_under_the_paragraph_that_asks_for_it(
    standing: BuildStanding, taken: BuildTaken
) -> None:
    letter = taken(opinion_on=None, opinion_under="RK-703:103-7")
    day = date(2021, 4, 27)

    found = opinion_grounds(standing(), letter, day, date(2021, 4, 26), unit="", supports=None, text=None)

    assert all(ground.of_payload for ground in found)
    assert [(ground.citation, ground.field) for ground in found] == [
        ("RK-703:103-7", "unit"),
        ("RK-703:103-7", "supports"),
        ("RK-703:103-7", "text"),
        (None, "issued_on"),
    ]


def test_an_opinion_is_late_after_its_due_day_and_never_without_one(taken: BuildTaken) -> None:
    due = taken(opinion_due=date(2021, 8, 23))

    assert [opinion_late(due, day) for day in (date(2021, 8, 23), date(2021, 8, 24))] == [False, True]
    assert not opinion_late(taken(), date(2025, 1, 1))


def test_the_government_tells_the_pa_within_10_working_days_of_any_decision_under_102_1(
    calendar: ProductionCalendar, standing: BuildStanding
) -> None:
    trip = standing(occasion=Occasion.REGIONAL_TRIP)

    term = notice_term(trip.rules, trip.origin, date(2021, 4, 26), calendar)

    assert term is not None
    assert (term.due, term.derivation.paragraph) == (date(2021, 5, 13), "RK-703:103-3")
    assert term.derivation.counted_from == date(2021, 4, 26)
    assert notice_term(trip.rules, standing().origin, date(2021, 4, 26), calendar) is None


@pytest.mark.parametrize(
    ("occasion", "changes", "given_on", "reasons"),
    [
        (Occasion.REGIONAL_TRIP, {}, date(2021, 4, 26), []),
        (Occasion.REGIONAL_TRIP, {}, date(2021, 5, 20), []),  # late, but given
        (Occasion.REGIONAL_TRIP, {}, date(2021, 4, 25), ["notice-before-decision"]),
        (Occasion.REGIONAL_TRIP, {"decided_on": None}, date(2021, 4, 26), ["letter-undecided"]),
        (Occasion.REGIONAL_TRIP, {"notice_given_on": date(2021, 4, 27)}, date(2021, 4, 28), ["notice-already-given"]),
        (None, {}, date(2021, 4, 26), ["no-notice-owed"]),
    ],
)
def test_the_governments_notice_is_given_once_after_a_decision_under_102_1(
    standing: BuildStanding,
    taken: BuildTaken,
    occasion: Occasion | None,
    changes: dict[str, Any],
    given_on: date,
    reasons: list[str],
) -> None:
    letter = taken(**({"decided_on": date(2021, 4, 26)} | changes))

    found = notice_grounds(standing(occasion=occasion), letter, given_on, "7-1/22", date(2021, 5, 20))

    assert [(ground.citation, ground.reason) for ground in found] == [("RK-703:103-3", reason) for reason in reasons]


def test_a_notice_without_reference_or_of_tomorrow_is_malformed(standing: BuildStanding, taken: BuildTaken) -> None:
    letter = taken(decided_on=date(2021, 4, 26))
    trip = standing(occasion=Occasion.REGIONAL_TRIP)

    found = notice_grounds(trip, letter, date(2021, 5, 2), " ", date(2021, 5, 1))

    assert [(ground.citation, ground.reason, ground.of_payload) for ground in found] == [
        (None, "day-in-the-future", True),
        ("RK-703:103-3", "reference-missing", True),
    ]


def test_an_amended_calendar_moves_a_notice_not_yet_reached_and_never_onto_a_day_that_is_over(
    calendar: ProductionCalendar, standing: BuildStanding
) -> None:
    trip = standing(occasion=Occasion.REGIONAL_TRIP)
    term = notice_term(trip.rules, trip.origin, date(2021, 4, 26), calendar)
    assert term is not None
    later = calendar.amended([CalendarAmendment(date(2021, 5, 12), False, "№ 9")])
    earlier = calendar.amended([CalendarAmendment(date(2021, 5, 8), True, "№ 9")])
    much_earlier = calendar.amended([CalendarAmendment(date(2021, 5, day), True, "№ 9") for day in (8, 9)])

    assert recounted(term, later, date(2021, 5, 12)).due == date(2021, 5, 14)
    assert recounted(term, later, date(2021, 5, 13)) is term
    assert recounted(term, earlier, date(2021, 5, 11)).due == date(2021, 5, 12)
    assert recounted(term, earlier, date(2021, 5, 12)).due == date(2021, 5, 12)
    assert recounted(term, much_earlier, date(2021, 5, 11)).due == date(2021, 5, 11)
    assert recounted(term, much_earlier, date(2021, 5, 12)).due == date(2021, 5, 12)  # the 11th is over

"""103-3, 103-4, 103-6, 103-7: when a letter is turned back, and on which grounds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from control.domain.calendar import LAST_YEAR, ProductionCalendar
from control.domain.letters import letter_grounds, taken_in
from control.domain.paragraph_103_4 import transfers_from
from control.domain.paragraph_103_6_7 import over_three_months
from control.domain.values import (
    Agreement,
    AgreementGiver,
    Control,
    ExtensionKind,
    Letter,
    LetterTaken,
    Occasion,
    Originator,
    PaperLetter,
    ResponsiblePerson,
    Source,
    Standing,
    Status,
)

BuildStanding = Callable[..., Standing]
BuildLetter = Callable[..., Letter]
BuildTaken = Callable[..., LetterTaken]
Grounds = list[tuple[str | None, str]]
AGREED = Agreement(AgreementGiver.DEPUTY_PRIME_MINISTER, date(2021, 4, 15), "11-3/204")


@pytest.fixture
def grounds(calendar: ProductionCalendar) -> Callable[..., Grounds]:
    def ask(standing: Standing, letter: Letter, today: date | None = None, by_executor: bool = True) -> Grounds:
        found = letter_grounds(standing, letter, calendar, today or letter.submitted_on, by_executor=by_executor)
        return [(ground.citation, ground.reason) for ground in found]

    return ask


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"submitted_on": date(2021, 4, 30)}, []),
        ({"submitted_on": date(2021, 5, 1)}, ["letter-late"]),
        ({"current_state": None}, ["current-state-missing"]),
        ({"current_state": "  "}, ["current-state-missing"]),
        ({"justification": None}, ["justification-missing"]),
        ({"new_deadline": None}, ["new-deadline-missing"]),
        ({"new_deadline": date(2021, 4, 30)}, ["new-deadline-not-later"]),
        ({"new_deadline": date(2021, 5, 1)}, []),
        ({"kind": None}, ["kind-missing"]),
        ({"kind": ExtensionKind.TRANSFER}, ["to-control-missing"]),
        ({"to_control": Control.LONG_TERM}, ["to-control-without-transfer"]),
        ({"responsible": ()}, ["responsible-persons-missing"] * 2),
        ({"responsible": (ResponsiblePerson("MIN-B", "Иванова Б.", "вице-министр"),)}, ["responsible-persons-missing"]),
        ({"asked_by": "MIN-B"}, ["only-the-executor-asks"]),
    ],
)
def test_a_letter_is_turned_back_for_each_thing_that_103_3_asks_and_it_lacks(
    grounds: Callable[..., Grounds],
    standing: BuildStanding,
    letter: BuildLetter,
    changes: dict[str, Any],
    reasons: list[str],
) -> None:
    assert grounds(standing(), letter(**changes)) == [("RK-703:103-3", reason) for reason in reasons]


def test_a_person_without_a_name_is_nobody(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    persons = (ResponsiblePerson("MIN-A", " ", "министр"), ResponsiblePerson("MIN-B", "Иванова Б.", "вице-министр"))

    assert grounds(standing(), letter(responsible=persons)) == [("RK-703:103-3", "responsible-persons-missing")]


def test_under_102_1_responsible_persons_are_not_asked_but_the_new_deadline_is(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    trip = standing(occasion=Occasion.REGIONAL_TRIP)

    assert grounds(trip, letter(responsible=())) == []
    assert grounds(trip, letter(new_deadline=None)) == [("RK-703:103-3", "new-deadline-missing")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": Status.COMPLETED}, "assignment-closed"),
        ({"status": Status.WITHDRAWN}, "assignment-closed"),
        ({"undecided_letter": True, "letters": 1}, "letter-undecided"),
    ],
)
def test_a_letter_is_turned_back_where_there_is_nothing_to_ask(
    grounds: Callable[..., Grounds],
    standing: BuildStanding,
    letter: BuildLetter,
    changes: dict[str, Any],
    reason: str,
) -> None:
    assert grounds(standing(**changes), letter()) == [("RK-703:103-3", reason)]
    assert grounds(standing(status=Status.REPORTED), letter()) == []


@pytest.mark.parametrize(
    ("agreement", "found"),
    [
        (AGREED, []),
        (replace(AGREED, by=AgreementGiver.ACTING_PRIME_MINISTER, agreed_on=date(2021, 4, 20)), []),
        (None, [("RK-703:103-3", "agreement-missing")]),
        (replace(AGREED, by=None), [("RK-703:103-3", "agreement-without-office")]),
        (replace(AGREED, agreed_on=None), [("RK-703:103-3", "agreement-without-day")]),
        (replace(AGREED, reference=""), [("RK-703:103-3", "agreement-without-reference")]),
        (replace(AGREED, agreed_on=date(2021, 4, 21)), [("RK-703:103-3", "agreement-after-letter")]),
        (replace(AGREED, agreed_on=date(2021, 4, 30)), [("RK-703:103-3", "agreement-after-letter")]),
        (replace(AGREED, agreed_on=date(2021, 2, 28)), [(None, "day-before-issue")]),
    ],
)
def test_where_the_governments_powers_are_touched_the_agreement_comes_first(
    grounds: Callable[..., Grounds],
    standing: BuildStanding,
    letter: BuildLetter,
    agreement: Agreement | None,
    found: Grounds,
) -> None:
    asked = letter(agreement=agreement, evidence="кіріс № 5")
    entered_on = date(2021, 4, 22)

    assert grounds(standing(touches_government_powers=True), asked, entered_on, by_executor=False) == found
    assert (
        grounds(
            standing(touches_government_powers=True, occasion=Occasion.PUBLIC_EVENT),
            letter(agreement=None),
        )
        == []
    )


def test_an_agreement_that_is_not_needed_is_welcome_but_not_one_of_tomorrow(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    assert grounds(standing(), letter(agreement=AGREED)) == []
    assert grounds(standing(), letter(agreement=Agreement(None, None, None))) == []
    tomorrow = replace(AGREED, agreed_on=date(2021, 4, 21))
    assert grounds(standing(), letter(agreement=tomorrow)) == [(None, "day-in-the-future")]


def test_a_letter_through_the_system_is_of_today_and_one_from_paper_has_evidence(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    tomorrow, entered = date(2021, 4, 21), letter(evidence="кіріс № 5")

    assert grounds(standing(), letter(), tomorrow) == [("RK-703:103-3", "letter-not-of-today")]
    assert grounds(standing(), letter(), tomorrow, by_executor=False) == [("RK-703:103-3", "evidence-missing")]
    assert grounds(standing(), entered, tomorrow, by_executor=False) == []
    assert grounds(standing(), letter(), by_executor=False) == []
    assert grounds(standing(), letter(), date(2021, 4, 19)) == [(None, "day-in-the-future")]
    assert grounds(standing(), letter(submitted_on=date(2021, 2, 26))) == [(None, "day-before-issue")]
    paper = PaperLetter("1-2/3", date(2021, 4, 21), "Сейітов А.")
    assert grounds(standing(), letter(paper=paper)) == [(None, "day-in-the-future")]


def test_what_the_letter_lacks_is_of_the_payload_and_what_the_assignment_forbids_is_not(
    calendar: ProductionCalendar, standing: BuildStanding, letter: BuildLetter
) -> None:
    assignment = standing(touches_government_powers=True, undecided_letter=True, letters=1)
    empty = Letter(kind=None, submitted_on=date(2021, 5, 4), asked_by="MIN-B")
    partial = letter(agreement=Agreement(None, None, None))

    def payload(asked: Letter, today: date, by_executor: bool) -> dict[str, bool]:
        found = letter_grounds(assignment, asked, calendar, today, by_executor=by_executor)
        return {ground.reason: ground.of_payload for ground in found}

    assert payload(empty, date(2021, 5, 5), True) == {
        "only-the-executor-asks": False,
        "letter-not-of-today": True,
        "kind-missing": True,
        "current-state-missing": True,
        "justification-missing": True,
        "new-deadline-missing": True,
        "responsible-persons-missing": True,
        "agreement-missing": True,
        "letter-late": False,
        "letter-undecided": False,
    }
    assert payload(partial, date(2021, 4, 21), False) == {
        "evidence-missing": True,
        "agreement-without-office": True,
        "agreement-without-day": True,
        "agreement-without-reference": True,
        "letter-undecided": False,
    }


def test_a_paper_letter_received_in_time_is_in_time_when_entered_after_the_deadline(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    received = letter(submitted_on=date(2021, 4, 30), evidence="кіріс № 5")

    assert grounds(standing(), received, date(2021, 5, 4), by_executor=False) == []


@pytest.mark.parametrize(
    ("now", "to", "allowed"),
    [
        (now, to, to in allowed)
        for now, allowed in (
            (Control.URGENT, {Control.MEDIUM_TERM, Control.LONG_TERM}),
            (Control.SHORT_TERM, {Control.MEDIUM_TERM, Control.LONG_TERM}),
            (Control.MEDIUM_TERM, {Control.LONG_TERM}),
            (Control.LONG_TERM, set[Control]()),
        )
        for to in Control
    ],
)
def test_control_moves_only_to_medium_or_long_term_and_never_back(
    grounds: Callable[..., Grounds],
    standing: BuildStanding,
    letter: BuildLetter,
    now: Control,
    to: Control,
    allowed: bool,
) -> None:
    asked = letter(kind=ExtensionKind.TRANSFER, to_control=to)

    assert grounds(standing(control=now), asked) == ([] if allowed else [("RK-703:103-4", "transfer-not-allowed")])
    assert (to in transfers_from(now)) is allowed


def test_a_transfer_asked_again_is_turned_back_under_103_4(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    asked = letter(kind=ExtensionKind.TRANSFER, to_control=Control.LONG_TERM)

    assert grounds(standing(grants=1), asked) == [("RK-703:103-4", "transfer-again")]
    assert grounds(standing(letters=2), asked) == []  # two refused letters use up nothing


OVER = {"grants": 1, "letters": 1, "deadline": date(2021, 8, 31)}


@pytest.mark.parametrize(
    ("changes", "paragraph"),
    [
        ({}, "RK-703:103-6"),
        ({"originator": Originator.HEAD_OF_PA}, "RK-703:103-6"),
        ({"source": Source.ACT}, "RK-703:103-6"),
        ({"personal": True}, "RK-703:103-6"),
        ({"originator": Originator.PA_LEADERSHIP}, None),
        ({"occasion": Occasion.PUBLIC_EVENT}, "RK-703:103-7"),
        ({"occasion": Occasion.PUBLIC_EVENT, "originator": Originator.PA_LEADERSHIP}, "RK-703:103-7"),
        ({"occasion": Occasion.PUBLIC_EVENT, "personal": True}, "RK-703:103-7"),
    ],
)
def test_asking_again_over_three_months_comes_15_working_days_before_and_waits_for_an_opinion(
    grounds: Callable[..., Grounds],
    calendar: ProductionCalendar,
    standing: BuildStanding,
    letter: BuildLetter,
    changes: dict[str, Any],
    paragraph: str | None,
) -> None:
    again = standing(**OVER, **changes)
    last_day = letter(submitted_on=date(2021, 8, 9), new_deadline=date(2021, 10, 29))
    day_after = replace(last_day, submitted_on=date(2021, 8, 10))

    assert grounds(again, last_day) == []
    assert grounds(again, day_after) == ([(paragraph, "asked-again-late")] if paragraph else [])
    outcome = taken_in(again, last_day, calendar)
    assert outcome.repeated
    assert outcome.opinion_under == paragraph
    assert (outcome.opinion_due and outcome.opinion_due.due) == (date(2021, 8, 23) if paragraph else None)
    assert outcome.opinion_due is None or outcome.opinion_due.derivation.paragraph == paragraph


def test_after_the_deadline_the_limit_that_governs_is_the_one_cited(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    late = letter(submitted_on=date(2021, 9, 1), new_deadline=date(2021, 10, 29))

    assert grounds(standing(**OVER), late) == [("RK-703:103-6", "asked-again-late")]
    assert grounds(standing(**OVER | {"grants": 0}), late) == [("RK-703:103-3", "letter-late")]
    assert grounds(standing(**OVER, originator=Originator.PA_LEADERSHIP), late) == [("RK-703:103-3", "letter-late")]


@pytest.mark.parametrize(
    ("issued_on", "deadline", "over"),
    [
        (date(2021, 3, 1), date(2021, 6, 1), False),
        (date(2021, 3, 1), date(2021, 6, 2), True),
        (date(2020, 11, 30), date(2021, 2, 28), False),
        (date(2020, 11, 30), date(2021, 3, 1), True),
        (date(2021, 10, 15), date(2022, 1, 15), False),
        (date(2021, 10, 15), date(2022, 1, 16), True),
        (date(2021, 9, 30), date(2021, 12, 30), False),
        (date(2021, 9, 30), date(2021, 12, 31), True),
    ],
)
def test_over_three_months_is_later_than_issue_plus_three_calendar_months(
    standing: BuildStanding, issued_on: date, deadline: date, over: bool
) -> None:
    assert over_three_months(standing(issued_on=issued_on, deadline=deadline)) is over


def test_the_first_letter_of_a_long_assignment_has_103_3s_limit_and_no_due_opinion(
    grounds: Callable[..., Grounds], calendar: ProductionCalendar, standing: BuildStanding, letter: BuildLetter
) -> None:
    first = standing(deadline=date(2021, 8, 31), letters=1)
    on_the_last_day = letter(submitted_on=date(2021, 8, 31), new_deadline=date(2021, 10, 29))

    assert grounds(first, on_the_last_day) == []
    outcome = taken_in(first, on_the_last_day, calendar)
    assert (outcome.repeated, outcome.opinion_under, outcome.opinion_due) == (False, "RK-703:103-4", None)


def test_a_new_deadline_beyond_the_calendar_is_refused(
    grounds: Callable[..., Grounds], standing: BuildStanding, letter: BuildLetter
) -> None:
    assert grounds(standing(), letter(new_deadline=date(LAST_YEAR + 1, 1, 5))) == [(None, "calendar-year-not-covered")]


def test_no_text_or_name_of_a_letter_shows_in_its_repr(letter: BuildLetter) -> None:
    shown = repr(letter(paper=PaperLetter("1-2/3", date(2021, 4, 20), "Қол Қойған"), evidence="кіріс"))

    for content in ("келісуде", "Сараптама", "Сейітов", "вице-министр", "Қол Қойған", "кіріс"):
        assert content not in shown

"""103-4, 103-5 and 103-9: who may decide, on what, and under which paragraph a decision is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from control.domain.calendar import LAST_YEAR, ProductionCalendar
from control.domain.decisions import grant_grounds, granted, refusal_grounds
from control.domain.paragraph_103_2 import ProposalExpected, proposal_term
from control.domain.rule_sets import RK_703
from control.domain.values import (
    Control,
    Decider,
    Decision,
    ExtensionKind,
    LetterTaken,
    Occasion,
    Standing,
    Status,
)

BuildStanding = Callable[..., Standing]
BuildTaken = Callable[..., LetterTaken]
BuildDecision = Callable[..., Decision]
TODAY = date(2021, 4, 26)
EXCEPTIONAL = {"exceptional_circumstances": "Төтенше жағдай", "disciplinary_outcome": "Ескерту"}


@pytest.fixture
def against_grant(calendar: ProductionCalendar) -> Callable[..., list[tuple[str | None, str]]]:
    def ask(standing: Standing, letter: LetterTaken, decision: Decision, today: date = TODAY) -> list[Any]:
        return [(g.citation, g.reason) for g in grant_grounds(standing, letter, decision, calendar, today)]

    return ask


Ask = Callable[..., list[tuple[str | None, str]]]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("decided_by", list(Decider))
@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ({}, {Decider.PRESIDENT, Decider.HEAD_OF_PA}),
        ({"occasion": Occasion.PUBLIC_EVENT}, {Decider.PRIME_MINISTER, Decider.DEPUTY_PRIME_MINISTER}),
        ({"personal": True}, {Decider.PRESIDENT}),
        ({"personal": True, "occasion": Occasion.PUBLIC_EVENT}, {Decider.PRESIDENT}),
    ],
)
def test_only_the_offices_that_the_law_names_grant_or_refuse(
    against_grant: Ask,
    standing: BuildStanding,
    taken: BuildTaken,
    decision: BuildDecision,
    origin: dict[str, Any],
    may: set[Decider],
    decided_by: Decider,
    again: bool,
) -> None:
    assignment, letter = standing(**origin, grants=int(again)), taken(asked_again=again)
    decided = decision(decided_by=decided_by, **EXCEPTIONAL)

    paragraph = "RK-703:103-9" if "personal" in origin else "RK-703:103-5" if again else "RK-703:103-4"
    expected = [] if decided_by in may else [(paragraph, "may-not-decide")]
    assert against_grant(assignment, letter, decided) == expected
    assert [(g.citation, g.reason) for g in refusal_grounds(assignment, letter, decided, TODAY)] == expected


@pytest.mark.parametrize("paragraph", ["RK-703:103-4", "RK-703:103-6", "RK-703:103-7"])
def test_no_grant_comes_before_the_opinion_that_a_paragraph_asks_for_but_a_refusal_may(
    against_grant: Ask, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision, paragraph: str
) -> None:
    without = taken(opinion_under=paragraph, opinion_on=None)
    later = taken(opinion_under=paragraph, opinion_on=date(2021, 4, 27))

    assert against_grant(standing(), without, decision()) == [(paragraph, "opinion-missing")]
    assert against_grant(standing(), later, decision(), date(2021, 4, 27)) == [(paragraph, "decided-before-opinion")]
    assert against_grant(standing(), taken(opinion_on=TODAY), decision()) == []
    assert against_grant(standing(), taken(opinion_under=None, opinion_on=None), decision()) == []
    assert refusal_grounds(standing(), without, decision(), TODAY) == ()


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (EXCEPTIONAL, []),
        ({}, ["exceptional-circumstances-missing", "disciplinary-outcome-missing"]),
        (EXCEPTIONAL | {"exceptional_circumstances": " "}, ["exceptional-circumstances-missing"]),
        (EXCEPTIONAL | {"disciplinary_outcome": None}, ["disciplinary-outcome-missing"]),
    ],
)
def test_a_grant_again_carries_the_circumstances_and_the_disciplinary_outcome(
    calendar: ProductionCalendar,
    standing: BuildStanding,
    taken: BuildTaken,
    decision: BuildDecision,
    given: dict[str, Any],
    missing: list[str],
) -> None:
    again = taken(asked_again=True, opinion_under=None)

    found = grant_grounds(standing(grants=1), again, decision(**given), calendar, TODAY)

    assert [(ground.citation, ground.reason) for ground in found] == [("RK-703:103-5", reason) for reason in missing]
    assert all(ground.of_payload for ground in found)
    assert refusal_grounds(standing(grants=1), again, decision(), TODAY) == ()


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("standing_changes", "letter_changes", "changes", "reason"),
    [
        ({}, {}, {"decided_by": None}, "decider-missing"),
        ({}, {"opinion_under": None}, {"decided_on": date(2021, 4, 19)}, "decided-before-letter"),
        ({}, {"decided_on": date(2021, 4, 25)}, {}, "letter-already-decided"),
        ({"status": Status.COMPLETED}, {}, {}, "assignment-closed"),
        ({"status": Status.WITHDRAWN}, {}, {}, "assignment-closed"),
    ],
)
def test_what_is_wrong_with_a_decision_is_cited_under_the_paragraph_that_it_is_taken_under(
    against_grant: Ask,
    standing: BuildStanding,
    taken: BuildTaken,
    decision: BuildDecision,
    again: bool,
    standing_changes: dict[str, Any],
    letter_changes: dict[str, Any],
    changes: dict[str, Any],
    reason: str,
) -> None:
    assignment = standing(**standing_changes, grants=int(again))
    letter, decided = taken(**letter_changes, asked_again=again), decision(**changes, **EXCEPTIONAL)

    expected = [("RK-703:103-5" if again else "RK-703:103-4", reason)]
    assert against_grant(assignment, letter, decided) == expected
    assert [(g.citation, g.reason) for g in refusal_grounds(assignment, letter, decided, TODAY)] == expected


@pytest.mark.parametrize(
    ("asked", "decided", "reasons"),
    [
        (date(2021, 5, 28), None, []),
        (date(2021, 5, 28), date(2021, 5, 1), []),
        (date(2021, 5, 28), date(2021, 12, 31), []),
        (date(2021, 5, 28), date(2021, 4, 30), ["new-deadline-not-later"]),
        (date(2021, 5, 28), date(2021, 4, 1), ["new-deadline-not-later"]),
    ],
)
def test_a_decision_may_set_another_date_that_is_later_than_the_present_deadline(
    against_grant: Ask,
    standing: BuildStanding,
    taken: BuildTaken,
    decision: BuildDecision,
    asked: date,
    decided: date | None,
    reasons: list[str],
) -> None:
    letter = taken(new_deadline=asked)

    assert against_grant(standing(), letter, decision(new_deadline=decided)) == [
        ("RK-703:103-4", reason) for reason in reasons
    ]


def test_days_of_decision_that_cannot_be_are_no_matter_of_law(
    against_grant: Ask, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision
) -> None:
    assert against_grant(standing(), taken(), decision(), date(2021, 4, 25)) == [(None, "day-in-the-future")]
    assert (None, "day-before-issue") in against_grant(standing(), taken(), decision(decided_on=date(2021, 2, 26)))
    beyond = decision(new_deadline=date(LAST_YEAR + 1, 1, 5))
    assert against_grant(standing(), taken(), beyond) == [(None, "calendar-year-not-covered")]


def test_a_letter_once_granted_is_only_said_to_be_decided(
    against_grant: Ask, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision
) -> None:
    granted_before = standing(deadline=date(2021, 5, 28), grants=1)

    assert against_grant(granted_before, taken(decided_on=date(2021, 4, 25)), decision()) == [
        ("RK-703:103-4", "letter-already-decided")
    ]


def test_a_decision_may_come_on_the_letters_own_day(
    against_grant: Ask, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision
) -> None:
    on_the_day = decision(decided_on=date(2021, 4, 20))

    assert against_grant(standing(), taken(opinion_on=date(2021, 4, 20)), on_the_day) == []


def test_a_refusal_says_why(standing: BuildStanding, taken: BuildTaken, decision: BuildDecision) -> None:
    found = refusal_grounds(standing(), taken(), decision(reason=" "), TODAY)

    assert [(ground.citation, ground.field, ground.of_payload) for ground in found] == [(None, "reason", True)]


def test_every_ground_against_a_grant_is_listed(
    against_grant: Ask, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision
) -> None:
    letter = taken(asked_again=True, opinion_under="RK-703:103-7", opinion_on=None)
    decided = decision(decided_by=Decider.PRESIDENT, new_deadline=date(2021, 4, 30))

    found = against_grant(standing(grants=1, occasion=Occasion.REGIONAL_TRIP), letter, decided)

    assert found == [
        ("RK-703:103-5", "may-not-decide"),
        ("RK-703:103-7", "opinion-missing"),
        ("RK-703:103-5", "new-deadline-not-later"),
        ("RK-703:103-5", "exceptional-circumstances-missing"),
        ("RK-703:103-5", "disciplinary-outcome-missing"),
    ]


def test_a_grant_sets_the_deadline_and_a_transfer_the_control_and_both_move_the_terms(
    calendar: ProductionCalendar, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision
) -> None:
    term = proposal_term(
        RK_703,
        calendar,
        control=Control.SHORT_TERM,
        urgency=None,
        received_on=date(2021, 3, 2),
        deadline=date(2021, 5, 28),
    )
    proposals = (ProposalExpected("MIN-B", date(2021, 3, 2), term),)
    letter = taken(kind=ExtensionKind.TRANSFER, to_control=Control.MEDIUM_TERM, new_deadline=date(2021, 7, 30))

    def grant(letter: LetterTaken, decided: Decision) -> Any:
        return granted(standing(), letter, decided, proposals=proposals, calendar=calendar, today=TODAY)

    transfer, extension = grant(letter, decision()), grant(taken(), decision(new_deadline=date(2021, 6, 30)))

    assert (transfer.deadline, transfer.control) == (date(2021, 7, 30), Control.MEDIUM_TERM)
    assert [moved.term.due for moved in transfer.moved_proposals] == [date(2021, 7, 15)]
    assert (extension.deadline, extension.control) == (date(2021, 6, 30), Control.SHORT_TERM)
    assert [moved.term.due for moved in extension.moved_proposals] == [date(2021, 6, 23)]


def test_a_decision_without_a_decider_is_malformed_and_shows_no_text(
    calendar: ProductionCalendar, standing: BuildStanding, taken: BuildTaken, decision: BuildDecision
) -> None:
    decided = decision(decided_by=None, **EXCEPTIONAL)

    found = grant_grounds(standing(), taken(), decided, calendar, TODAY)

    assert [(ground.field, ground.of_payload) for ground in found] == [("decided_by", True)]
    for content in (*EXCEPTIONAL.values(), decided.reason):
        assert content is not None
        assert content not in repr(decided)

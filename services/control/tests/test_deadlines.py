"""What is missed, when, and in which order."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from control.domain.calendar import ProductionCalendar
from control.domain.deadlines import (
    Duty,
    DutyKind,
    day_in_almaty,
    end_of_day,
    extension_pending,
    missed_by,
    next_due,
    open_duties,
)
from control.domain.execution import (
    acceptance_grounds,
    report_grounds,
    rescission_grounds,
    return_grounds,
)
from control.domain.paragraph_103_2 import ProposalExpected, proposal_term
from control.domain.rule_sets import RK_703
from control.domain.values import Control, LetterTaken, Standing, Status

BuildStanding = Callable[..., Standing]
BuildTaken = Callable[..., LetterTaken]
DEADLINE = Duty(DutyKind.DEADLINE, date(2021, 4, 30))


def duties(standing: Standing, **known: Any) -> tuple[Duty, ...]:
    proposals, letters = known.pop("proposals", ()), known.pop("letters", {})
    return open_duties(standing, proposals, letters, **{"report_in_review": None, "deadline_missed": False} | known)


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2021, 4, 30), datetime(2021, 4, 30, 18, tzinfo=UTC)),
        (date(2024, 2, 28), datetime(2024, 2, 28, 18, tzinfo=UTC)),
        (date(2024, 3, 1), datetime(2024, 3, 1, 19, tzinfo=UTC)),  # Almaty went from UTC+6 to UTC+5 on 1.3.2024
    ],
)
def test_a_day_ends_at_the_next_midnight_in_almaty(day: date, instant: datetime) -> None:
    assert end_of_day(day) == instant
    assert day_in_almaty(instant) > day
    assert day_in_almaty(instant.replace(hour=instant.hour - 1, minute=59)) == day


def test_a_deadline_is_kept_on_its_day_and_missed_on_the_next(standing: BuildStanding) -> None:
    due = duties(standing())

    assert due == (DEADLINE,)
    assert missed_by(due, date(2021, 4, 30)) == ()
    assert missed_by(due, date(2021, 5, 1)) == (DEADLINE,)
    assert missed_by(due, date(2021, 9, 1)) == (DEADLINE,)
    assert next_due(due) == date(2021, 4, 30)


def test_a_recorded_miss_is_not_missed_again_until_a_grant_sets_another_deadline(standing: BuildStanding) -> None:
    assert duties(standing(), deadline_missed=True) == ()
    assert next_due(()) is None
    assert duties(standing(deadline=date(2021, 5, 28))) == (Duty(DutyKind.DEADLINE, date(2021, 5, 28)),)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.WITHDRAWN])
def test_an_assignment_off_control_misses_nothing_but_the_notice_owed(
    standing: BuildStanding, taken: BuildTaken, status: Status
) -> None:
    letters = {1: taken(decided_on=date(2021, 4, 26), notice_due=date(2021, 5, 13))}

    assert duties(standing(status=status)) == ()
    assert duties(standing(status=status), letters=letters) == (Duty(DutyKind.NOTICE, date(2021, 5, 13), "1"),)


def test_a_report_in_time_holds_the_miss_back_while_it_is_under_review(standing: BuildStanding) -> None:
    reported = standing(status=Status.REPORTED)

    assert duties(reported, report_in_review=date(2021, 4, 30)) == ()
    assert duties(reported, report_in_review=date(2021, 5, 1)) == (DEADLINE,)
    returned = duties(standing(), report_in_review=None)
    assert missed_by(returned, date(2021, 5, 20)) == (DEADLINE,)  # for the deadline's date, whenever it came back


def test_after_days_of_downtime_the_misses_come_in_the_order_of_their_days(
    calendar: ProductionCalendar, standing: BuildStanding, taken: BuildTaken
) -> None:
    term = proposal_term(
        RK_703,
        calendar,
        control=Control.SHORT_TERM,
        urgency=None,
        received_on=date(2021, 3, 2),
        deadline=date(2021, 4, 30),
    )
    proposals = (
        ProposalExpected("MIN-C", date(2021, 3, 2), term),
        ProposalExpected("MIN-B", date(2021, 3, 2), term),
        ProposalExpected("IN", date(2021, 3, 2), term, submitted_on=date(2021, 4, 26)),
        ProposalExpected("MISSED", date(2021, 3, 2), term, missed=True),
    )
    letters = {
        1: taken(decided_on=date(2021, 4, 2), notice_due=date(2021, 4, 30)),
        2: taken(opinion_on=None, opinion_due=date(2021, 4, 30)),
    }

    due = duties(standing(), proposals=proposals, letters=letters)

    assert [(duty.kind.value, duty.subject) for duty in due] == [
        ("proposal", "MIN-B"),
        ("proposal", "MIN-C"),
        ("opinion", "2"),
        ("notice", "1"),
        ("deadline", ""),
    ]
    assert [duty.kind for duty in missed_by(due, date(2021, 4, 30))] == [DutyKind.PROPOSAL] * 2
    assert missed_by(due, date(2021, 5, 1)) == due


@pytest.mark.parametrize(
    "changes",
    [
        {"opinion_on": date(2021, 4, 23)},
        {"decided_on": date(2021, 4, 23)},  # a refusal needs no opinion
        {"opinion_missed": True},
        {"opinion_due": None},
    ],
)
def test_an_opinion_is_missed_only_while_a_letter_waits_for_it(
    standing: BuildStanding, taken: BuildTaken, changes: dict[str, Any]
) -> None:
    waiting = {"opinion_on": None, "opinion_due": date(2021, 4, 26)}

    assert duties(standing(), letters={1: taken(**waiting)})[0] == Duty(DutyKind.OPINION, date(2021, 4, 26), "1")
    assert duties(standing(), letters={1: taken(**waiting | changes)}) == (DEADLINE,)


@pytest.mark.parametrize("changes", [{"notice_given_on": date(2021, 4, 29)}, {"notice_missed": True}])
def test_a_notice_given_or_missed_once_is_not_missed_again(
    standing: BuildStanding, taken: BuildTaken, changes: dict[str, Any]
) -> None:
    letter = taken(decided_on=date(2021, 4, 26), notice_due=date(2021, 5, 13), **changes)

    assert duties(standing(), letters={1: letter}) == (DEADLINE,)


def test_a_miss_tells_whether_a_letter_is_undecided(standing: BuildStanding) -> None:
    assert extension_pending(standing(undecided_letter=True))
    assert not extension_pending(standing())


@pytest.mark.parametrize(
    ("changes", "said", "reasons"),
    [
        ({}, {}, []),
        ({"status": Status.REPORTED}, {}, ["report-under-review"]),
        ({"status": Status.COMPLETED}, {}, ["assignment-closed"]),
        ({}, {"text": ""}, ["text-missing"]),
        ({}, {"reported_by": "MIN-B"}, ["only-the-executor-reports"]),
        ({}, {"reported_on": date(2021, 4, 29)}, ["report-not-of-today"]),
        ({}, {"reported_on": date(2021, 4, 29), "by_executor": False}, ["evidence-missing"]),
        ({}, {"reported_on": date(2021, 4, 29), "by_executor": False, "evidence": "кіріс № 5"}, []),
        ({}, {"by_executor": False}, []),
        ({}, {"reported_on": date(2021, 5, 1)}, ["day-in-the-future"]),
    ],
)
def test_a_report_is_of_today_and_one_from_paper_has_evidence(
    standing: BuildStanding, changes: dict[str, Any], said: dict[str, Any], reasons: list[str]
) -> None:
    complete: dict[str, Any] = {"reported_by": "MIN-A", "text": "Орындалды", "evidence": None, "by_executor": True}
    given = complete | said
    reported_on = given.pop("reported_on", date(2021, 4, 30))

    found = report_grounds(standing(**changes), reported_on, date(2021, 4, 30), **given)

    assert [ground.reason for ground in found] == reasons
    assert all(ground.citation is None for ground in found)
    assert all(ground.of_payload is (ground.field is not None) for ground in found)


def test_a_report_is_accepted_or_returned_once_and_not_before_it_came(standing: BuildStanding) -> None:
    reported, day = standing(status=Status.REPORTED), date(2021, 4, 28)

    def reasons(decided_on: date, under_review: bool = True, reason: str = "Толық емес") -> tuple[list[str], list[str]]:
        accept = acceptance_grounds(reported, day, decided_on, date(2021, 5, 3), under_review=under_review)
        back = return_grounds(reported, day, decided_on, date(2021, 5, 3), under_review=under_review, reason=reason)
        return [ground.reason for ground in accept], [ground.reason for ground in back]

    assert reasons(day) == ([], [])
    assert reasons(date(2021, 4, 27)) == (["decided-before-report"], ["decided-before-report"])
    assert reasons(date(2021, 5, 4)) == (["day-in-the-future"], ["day-in-the-future"])
    assert reasons(day, under_review=False) == (["report-not-under-review"], ["report-not-under-review"])
    assert reasons(day, reason=" ") == ([], ["reason-missing"])


def test_a_miss_is_rescinded_once_with_reason_and_evidence() -> None:
    def reasons(**changes: Any) -> list[str]:
        given: dict[str, Any] = {
            "recorded": True,
            "rescinded": False,
            "reason": "Қағаз түрінде",
            "evidence": "кіріс № 5",
        } | changes
        return [ground.reason for ground in rescission_grounds(**given)]

    assert reasons() == []
    assert reasons(recorded=False) == ["deadline-not-missed"]
    assert reasons(rescinded=True) == ["miss-already-rescinded"]
    lacking = rescission_grounds(recorded=True, rescinded=False, reason=None, evidence=None)
    assert [ground.of_payload for ground in lacking] == [True, True]
    assert reasons(reason=None, evidence=" ") == ["reason-missing", "evidence-missing"]

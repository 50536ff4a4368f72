"""What an assignment must be to be issued: the rule set, the days, 102-1, 103-2, 103-9."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from control.domain.calendar import LAST_YEAR, ProductionCalendar
from control.domain.issuing import CoExecutor, NewAssignment, issue_grounds, proposals_at_issue
from control.domain.paragraph_102_1 import controlled_by, under_102_1
from control.domain.rule_sets import RK_703, rule_book
from control.domain.values import Control, ControllingSide, Occasion, Origin, Originator, Source, Urgency

TODAY = date(2021, 3, 5)
INSTRUCTION = Origin(Source.INSTRUCTION, Originator.PRESIDENT)
ORDINARY = NewAssignment(
    origin=INSTRUCTION,
    control=Control.SHORT_TERM,
    urgency=None,
    issued_on=date(2021, 3, 1),
    received_on=date(2021, 3, 2),
    deadline=date(2021, 4, 30),
    executor="MIN-A",
    co_executors=(CoExecutor("MIN-B"),),
)
Grounds = Callable[..., list[tuple[str | None, str, str | None, bool]]]


@pytest.fixture
def grounds(calendar: ProductionCalendar) -> Grounds:
    def ask(today: date = TODAY, ends: dict[str, date] | None = None, **changes: Any) -> list[Any]:
        found = issue_grounds(replace(ORDINARY, **changes), rule_book(ends), calendar, today)
        return [(ground.citation, ground.reason, ground.field, ground.of_payload) for ground in found]

    return ask


def test_an_ordinary_assignment_is_issued(grounds: Grounds) -> None:
    assert grounds() == []
    assert grounds(today=date(2021, 3, 2)) == []
    assert grounds(today=date(2021, 3, 1), received_on=date(2021, 3, 1), deadline=date(2021, 3, 1)) == []
    assert grounds(issued_on=date(2020, 11, 30)) == []


def test_an_assignment_entered_after_its_deadline_is_issued(grounds: Grounds) -> None:
    assert grounds(today=date(2021, 6, 1)) == []
    assert grounds(deadline=date(2021, 3, 1)) == []


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"issued_on": date(2020, 11, 29)}, (None, "no-rule-set-in-force", "issued_on", False)),
        ({"received_on": date(2021, 3, 6)}, (None, "day-in-the-future", "received_on", True)),
        ({"received_on": date(2021, 2, 28)}, (None, "day-before-issue", "received_on", True)),
        ({"deadline": date(2021, 2, 28)}, (None, "deadline-before-issue", "deadline", True)),
        ({"deadline": date(LAST_YEAR + 1, 1, 4)}, (None, "calendar-year-not-covered", "deadline", False)),
        (
            {"co_executors": (CoExecutor("MIN-B"), CoExecutor("MIN-B"))},
            (None, "organization-named-twice", "co_executors.1.organization", True),
        ),
        (
            {"co_executors": (CoExecutor("MIN-A"),)},
            (None, "organization-named-twice", "co_executors.0.organization", True),
        ),
        (
            {"co_executors": (CoExecutor("MIN-B", received_on=date(2021, 3, 6)),)},
            (None, "day-in-the-future", "co_executors.0.received_on", True),
        ),
        ({"control": Control.URGENT}, ("RK-703:103-2", "urgency-missing", "urgency", True)),
        ({"urgency": Urgency.URGENT}, ("RK-703:103-2", "urgency-without-urgent-control", "urgency", True)),
        (
            {"co_executors": (CoExecutor("MIN-B", proposal_due=date(2021, 5, 1)),)},
            ("RK-703:103-2", "proposal-due-after-deadline", "co_executors.0.proposal_due", True),
        ),
        (
            # Its own receipt counts, not the assignment's.
            {"co_executors": (CoExecutor("MIN-B", received_on=date(2021, 3, 4), proposal_due=date(2021, 3, 4)),)},
            ("RK-703:103-2", "proposal-due-not-after-receipt", "co_executors.0.proposal_due", True),
        ),
        (
            {"origin": replace(INSTRUCTION, source=Source.ACT, occasion=Occasion.REGIONAL_TRIP)},
            ("RK-703:102-1", "act-with-occasion", "occasion", True),
        ),
        (
            {"origin": replace(INSTRUCTION, source=Source.ACT, personal=True)},
            ("RK-703:103-9", "personal-but-not-an-instruction", "source", True),
        ),
        (
            {"origin": replace(INSTRUCTION, originator=Originator.HEAD_OF_PA, personal=True)},
            ("RK-703:103-9", "personal-but-not-of-the-president", "originator", True),
        ),
    ],
)
def test_what_contradicts_the_law_or_itself_is_not_issued(
    grounds: Grounds, changes: dict[str, Any], ground: tuple[str | None, str, str | None, bool]
) -> None:
    assert grounds(**changes) == [ground]


def test_an_assignment_issued_in_the_future_is_refused(grounds: Grounds) -> None:
    future = date(2021, 3, 8)

    assert ("issued_on", "day-in-the-future") in [
        (ground[2], ground[1]) for ground in grounds(issued_on=future, received_on=future) if ground[3]
    ]


def test_every_ground_is_listed(grounds: Grounds) -> None:
    found = grounds(
        origin=Origin(Source.ACT, Originator.HEAD_OF_PA, personal=True, occasion=Occasion.PUBLIC_EVENT),
        control=Control.URGENT,
        deadline=date(2021, 2, 1),
    )

    assert [ground[0] for ground in found] == [None, "RK-703:102-1", "RK-703:103-9", "RK-703:103-9", "RK-703:103-2"]


def test_the_operator_sets_the_last_day_of_a_rule_set(grounds: Grounds) -> None:
    ended = {"RK-703": date(2023, 9, 25)}
    day = date(2023, 9, 25)
    dates = {"received_on": date(2023, 9, 27), "deadline": date(2023, 10, 27), "today": date(2023, 9, 27)}

    assert grounds(issued_on=day, ends=ended, **dates) == []
    assert [ground[1] for ground in grounds(issued_on=date(2023, 9, 26), ends=ended, **dates)] == [
        "no-rule-set-in-force"
    ]
    assert grounds(issued_on=date(2023, 9, 26), **dates) == []
    assert RK_703.in_force_until is None


def test_each_co_executors_date_is_counted_from_its_own_receipt(calendar: ProductionCalendar) -> None:
    new = replace(
        ORDINARY,
        control=Control.URGENT,
        urgency=Urgency.URGENT,
        co_executors=(
            CoExecutor("MIN-B"),
            CoExecutor("MIN-C", received_on=date(2021, 3, 4)),
            CoExecutor("MIN-D", proposal_due=date(2021, 3, 10)),
        ),
    )

    proposals = proposals_at_issue(new, RK_703, calendar)

    assert [(proposal.organization, proposal.term.due) for proposal in proposals] == [
        ("MIN-B", date(2021, 3, 5)),
        ("MIN-C", date(2021, 3, 10)),
        ("MIN-D", date(2021, 3, 10)),
    ]


@pytest.mark.parametrize("occasion", list(Occasion))
@pytest.mark.parametrize("originator", list(Originator))
def test_the_government_controls_what_followed_an_occasion_and_the_pa_the_rest(
    occasion: Occasion, originator: Originator
) -> None:
    after = Origin(Source.INSTRUCTION, originator, occasion=occasion)

    assert (under_102_1(after), controlled_by(after)) == (True, ControllingSide.GOVERNMENT)
    assert controlled_by(replace(after, occasion=None)) is ControllingSide.PA

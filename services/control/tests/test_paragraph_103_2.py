"""103-2: a co-executor's date, its derivation, and which dates a grant or an amended calendar moves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from control.domain.calendar import CalendarAmendment, ProductionCalendar
from control.domain.paragraph_103_2 import (
    ProposalExpected,
    own_date_grounds,
    proposal_term,
    submission_grounds,
    terms_after_amendment,
    terms_after_new_deadline,
    urgency_grounds,
)
from control.domain.rule_sets import RK_703
from control.domain.terms import Basis, Bound, Direction, Term
from control.domain.values import Control, Standing, Status, Urgency
from hypothesis import given
from hypothesis import strategies as st

Build = Callable[..., Standing]

RECEIVED = st.dates(date(2020, 11, 30), date(2028, 12, 31))
MARKS = st.one_of(
    st.tuples(st.just(Control.URGENT), st.sampled_from(Urgency)),
    st.tuples(st.sampled_from([Control.SHORT_TERM, Control.MEDIUM_TERM, Control.LONG_TERM]), st.none()),
)
LENGTHS = st.integers(0, 400).map(lambda days: timedelta(days=days))


def term(
    calendar: ProductionCalendar,
    mark: tuple[Control, Urgency | None],
    received_on: date,
    deadline: date,
    own: date | None = None,
) -> Term:
    return proposal_term(
        RK_703,
        calendar,
        control=mark[0],
        urgency=mark[1],
        received_on=received_on,
        deadline=deadline,
        proposal_due=own,
    )


SHORT = (Control.SHORT_TERM, None)
MEDIUM = (Control.MEDIUM_TERM, None)
LONG = (Control.LONG_TERM, None)
VERY_URGENT = (Control.URGENT, Urgency.VERY_URGENT)
URGENT = (Control.URGENT, Urgency.URGENT)


@pytest.mark.parametrize(
    ("mark", "received_on", "deadline", "due"),
    [
        (VERY_URGENT, date(2023, 2, 3), date(2023, 2, 10), date(2023, 2, 6)),  # Friday to Monday
        ((Control.URGENT, Urgency.URGENT), date(2023, 2, 6), date(2023, 2, 28), date(2023, 2, 9)),
        ((Control.URGENT, Urgency.ACCELERATE), date(2023, 2, 6), date(2023, 2, 28), date(2023, 2, 9)),
        (SHORT, date(2023, 2, 1), date(2023, 2, 20), date(2023, 2, 13)),  # Monday to the Monday before
        (MEDIUM, date(2023, 2, 1), date(2023, 2, 20), date(2023, 2, 6)),
        (LONG, date(2023, 1, 5), date(2023, 2, 20), date(2023, 1, 23)),
    ],
)
def test_neither_the_day_of_receipt_nor_that_of_the_deadline_is_counted(
    calendar: ProductionCalendar,
    mark: tuple[Control, Urgency | None],
    received_on: date,
    deadline: date,
    due: date,
) -> None:
    assert term(calendar, mark, received_on, deadline).due == due
    assert not term(calendar, mark, received_on, deadline).compressed


@given(received_on=RECEIVED, length=LENGTHS, mark=MARKS)
def test_a_date_is_a_working_day_between_receipt_and_deadline_or_the_deadline_itself(
    calendar: ProductionCalendar, received_on: date, length: timedelta, mark: tuple[Control, Urgency | None]
) -> None:
    deadline = received_on + length

    due = term(calendar, mark, received_on, deadline)

    assert due.due == deadline or (calendar.is_working_day(due.due) and received_on < due.due < deadline)
    assert due.compressed is (due.due != due.derivation.counted_to)
    assert due.compressed is (due.derivation.bounded_by is not None)


@given(received_on=RECEIVED, length=LENGTHS, later=st.integers(0, 60), mark=MARKS)
def test_a_later_receipt_or_deadline_never_brings_an_earlier_date(
    calendar: ProductionCalendar,
    received_on: date,
    length: timedelta,
    later: int,
    mark: tuple[Control, Urgency | None],
) -> None:
    deadline, more = received_on + length, timedelta(days=later)

    due = term(calendar, mark, received_on, deadline).due

    assert term(calendar, mark, received_on, deadline + more).due >= due
    assert term(calendar, mark, received_on + more, deadline + more).due >= due
    if received_on + more <= deadline:
        assert term(calendar, mark, received_on + more, deadline).due >= due


@given(received_on=RECEIVED, length=LENGTHS, mark=MARKS)
def test_a_derivation_says_all_that_is_needed_to_count_the_date_again(
    calendar: ProductionCalendar, received_on: date, length: timedelta, mark: tuple[Control, Urgency | None]
) -> None:
    why = term(calendar, mark, received_on, received_on + length).derivation

    assert (why.paragraph, why.rule_set, why.calendar_version) == ("RK-703:103-2", "RK-703", 1)
    assert why.counted_from is not None
    assert why.counted_to is not None
    assert why.working_days is not None
    days = abs((why.counted_to - why.counted_from).days)
    assert days == why.working_days + len(why.days_off)
    assert (why.direction is Direction.FORWARDS) is (mark[0] is Control.URGENT)
    assert (why.counted_to > why.counted_from) is (mark[0] is Control.URGENT)


def test_a_date_moved_by_a_bound_says_by_which(calendar: ProductionCalendar) -> None:
    after_receipt = term(calendar, LONG, date(2021, 4, 25), date(2021, 5, 15))
    at_the_deadline = term(calendar, URGENT, date(2023, 2, 8), date(2023, 2, 11))

    assert after_receipt.due == date(2021, 4, 26)
    assert after_receipt.derivation.bounded_by is Bound.AFTER
    assert at_the_deadline.due == date(2023, 2, 11)  # a Saturday: a fixed deadline doesn't move
    assert at_the_deadline.derivation.bounded_by is Bound.DEADLINE
    assert at_the_deadline.derivation.counted_to == date(2023, 2, 13)


def test_a_count_into_a_year_without_its_decree_says_that_it_is_provisional(calendar: ProductionCalendar) -> None:
    assert not term(calendar, LONG, date(2023, 1, 5), date(2023, 2, 20)).derivation.provisional
    assert term(calendar, LONG, date(2027, 1, 5), date(2027, 2, 22)).derivation.provisional
    assert term(calendar, SHORT, date(2025, 12, 1), date(2026, 1, 3)).derivation.provisional


@pytest.mark.parametrize(
    ("urgency", "own", "reasons"),
    [
        (None, date(2023, 2, 2), []),
        (None, date(2023, 2, 20), []),
        (Urgency.URGENT, date(2023, 2, 10), []),
        (Urgency.ACCELERATE, date(2023, 2, 10), []),
        (None, None, []),
        (Urgency.VERY_URGENT, None, []),
        (None, date(2023, 2, 1), ["proposal-due-not-after-receipt"]),
        (None, date(2023, 2, 21), ["proposal-due-after-deadline"]),
        (Urgency.VERY_URGENT, date(2023, 2, 10), ["very-urgent-sets-no-date"]),
        (Urgency.VERY_URGENT, date(2023, 2, 1), ["very-urgent-sets-no-date", "proposal-due-not-after-receipt"]),
    ],
)
def test_an_own_date_lies_after_receipt_and_not_after_the_deadline_and_very_urgent_has_none(
    urgency: Urgency | None, own: date | None, reasons: list[str]
) -> None:
    grounds = own_date_grounds(
        RK_703,
        urgency,
        received_on=date(2023, 2, 1),
        deadline=date(2023, 2, 20),
        proposal_due=own,
        field="co_executors.0.proposal_due",
    )

    assert [ground.reason for ground in grounds] == reasons
    assert all(ground.citation == "RK-703:103-2" and ground.of_payload for ground in grounds)
    assert all(ground.field == "co_executors.0.proposal_due" for ground in grounds)


def test_a_date_of_its_own_stands_as_the_assignment_set_it(calendar: ProductionCalendar) -> None:
    own = term(calendar, SHORT, date(2023, 2, 1), date(2023, 2, 20), own=date(2023, 2, 19))

    assert (own.due, own.compressed, own.derivation.basis) == (date(2023, 2, 19), False, Basis.SET_BY_ASSIGNMENT)


@pytest.mark.parametrize(
    ("control", "urgency", "reasons"),
    [
        (Control.URGENT, Urgency.URGENT, []),
        (Control.SHORT_TERM, None, []),
        (Control.URGENT, None, ["urgency-missing"]),
        (Control.LONG_TERM, Urgency.URGENT, ["urgency-without-urgent-control"]),
    ],
)
def test_urgent_control_has_a_mark_and_no_other_control_has(
    control: Control, urgency: Urgency | None, reasons: list[str]
) -> None:
    grounds = urgency_grounds(RK_703, control, urgency)

    assert [ground.reason for ground in grounds] == reasons
    assert all(ground.citation == "RK-703:103-2" and ground.of_payload for ground in grounds)


def expected_proposals(calendar: ProductionCalendar, deadline: date) -> tuple[ProposalExpected, ...]:
    received_on = date(2021, 3, 2)
    back = term(calendar, SHORT, received_on, deadline)
    return (
        ProposalExpected("AWAITED", received_on, back),
        ProposalExpected("IN", received_on, back, submitted_on=date(2021, 4, 1)),
        ProposalExpected("MISSED", received_on, back, missed=True),
        ProposalExpected("OWN", received_on, term(calendar, SHORT, received_on, deadline, own=date(2021, 4, 29))),
        ProposalExpected("FORWARDS", received_on, term(calendar, URGENT, received_on, deadline)),
    )


def test_a_grant_counts_again_only_what_is_awaited_and_was_counted_back(
    calendar: ProductionCalendar, standing: Build
) -> None:
    proposals = expected_proposals(calendar, date(2021, 4, 30))

    moved = terms_after_new_deadline(standing(deadline=date(2021, 5, 28)), proposals, calendar, today=date(2021, 4, 20))

    assert [(term.organization, term.was, term.term.due) for term in moved] == [
        ("AWAITED", date(2021, 4, 23), date(2021, 5, 21))
    ]
    assert moved[0].term.derivation.counted_from == date(2021, 5, 28)


def test_a_transfer_counts_again_by_the_days_of_the_new_control(calendar: ProductionCalendar, standing: Build) -> None:
    proposals = expected_proposals(calendar, date(2021, 4, 30))

    moved = terms_after_new_deadline(
        standing(deadline=date(2021, 7, 30), control=Control.LONG_TERM), proposals, calendar, date(2021, 4, 20)
    )

    assert [(term.organization, term.term.due) for term in moved] == [("AWAITED", date(2021, 6, 30))]


def test_a_grant_counts_by_the_plain_rule_also_onto_the_day_of_the_grant(
    calendar: ProductionCalendar, standing: Build
) -> None:
    saturday, sunday = date(2021, 6, 5), date(2021, 6, 6)
    proposals = expected_proposals(calendar, saturday)

    moved = terms_after_new_deadline(standing(deadline=sunday), proposals, calendar, today=date(2021, 5, 31))

    # Still five working days before: the day stays, and its derivation starts from the deadline that now holds.
    assert [(term.was, term.term.due) for term in moved] == [(date(2021, 5, 31), date(2021, 5, 31))]
    assert (moved[0].term.derivation.counted_from, moved[0].term.compressed) == (sunday, False)
    amended = calendar.amended([CalendarAmendment(date(2021, 6, 5), True, "№ 9")])
    again = [replace(proposals[0], term=moved[0].term)]
    assert [term.term.due for term in terms_after_amendment(standing(), again, amended, date(2021, 5, 28))] == [
        date(2021, 6, 1)
    ]


def test_after_a_transfer_a_date_is_counted_by_more_days_and_may_come_earlier_but_not_onto_a_day_that_is_over(
    calendar: ProductionCalendar, standing: Build
) -> None:
    proposals = expected_proposals(calendar, date(2021, 4, 30))  # due on 23.4.2021

    def moved(deadline: date, today: date) -> list[tuple[date, bool]]:
        after = standing(deadline=deadline, control=Control.LONG_TERM)
        terms = terms_after_new_deadline(after, proposals, calendar, today)
        return [(term.term.due, term.term.compressed) for term in terms]

    plain = date(2021, 4, 19)  # 20 working days before 20.5.2021
    assert moved(date(2021, 5, 20), today=date(2021, 4, 16)) == [(plain, False)]
    assert moved(date(2021, 5, 20), today=plain) == [(plain, False)]
    assert moved(date(2021, 5, 20), today=date(2021, 4, 20)) == [(date(2021, 4, 20), True)]
    # 17.4.2021 is a Saturday: the first working day from it on.
    assert moved(date(2021, 5, 3), today=date(2021, 4, 17)) == [(date(2021, 4, 19), True)]


@given(
    received_on=RECEIVED,
    length=LENGTHS,
    longer=st.integers(1, 100),
    wait=st.integers(0, 400),
    mark=st.sampled_from([SHORT, MEDIUM, LONG]),
)
def test_after_an_extension_a_date_is_the_one_that_it_would_have_been_from_the_first_day(
    calendar: ProductionCalendar,
    standing: Build,
    received_on: date,
    length: timedelta,
    longer: int,
    wait: int,
    mark: tuple[Control, Urgency | None],
) -> None:
    deadline, later = received_on + length, received_on + length + timedelta(days=longer)
    proposal = ProposalExpected("MIN-B", received_on, term(calendar, mark, received_on, deadline))
    today = min(received_on + timedelta(days=wait), proposal.term.due)  # after it the date would be missed

    moved = terms_after_new_deadline(standing(deadline=later, control=mark[0]), [proposal], calendar, today)

    assert [found.term for found in moved] == [term(calendar, mark, received_on, later)]


def test_an_amended_calendar_moves_computed_dates_not_yet_reached_and_nothing_else(
    calendar: ProductionCalendar, standing: Build
) -> None:
    deadline = date(2021, 4, 30)
    amended = calendar.amended([CalendarAmendment(date(2021, 4, 28), False, "№ 9")])
    proposals = expected_proposals(calendar, deadline)

    def moved(today: date, status: Status = Status.OPEN) -> list[tuple[str, date, date]]:
        terms = terms_after_amendment(standing(status=status), proposals, amended, today)
        return [(term.organization, term.was, term.term.due) for term in terms]

    assert moved(date(2021, 4, 1)) == [("AWAITED", date(2021, 4, 23), date(2021, 4, 22))]
    assert moved(date(2021, 4, 1), Status.REPORTED) == [("AWAITED", date(2021, 4, 23), date(2021, 4, 22))]
    assert moved(date(2021, 4, 1), Status.COMPLETED) == []
    assert moved(date(2021, 4, 23)) == []
    assert moved(date(2021, 4, 22)) == [("AWAITED", date(2021, 4, 23), date(2021, 4, 22))]


def test_an_amended_calendar_moves_dates_counted_from_receipt_too(
    calendar: ProductionCalendar, standing: Build
) -> None:
    received_on, deadline = date(2021, 3, 2), date(2021, 4, 30)
    urgent = ProposalExpected("URGENT", received_on, term(calendar, URGENT, received_on, deadline))
    amended = calendar.amended([CalendarAmendment(date(2021, 3, 4), False, "№ 9")])

    moved = terms_after_amendment(standing(), [urgent], amended, today=date(2021, 3, 2))

    assert [(term.was, term.term.due, term.term.derivation.calendar_version) for term in moved] == [
        (date(2021, 3, 5), date(2021, 3, 9), 2)
    ]
    assert date(2021, 3, 4) in moved[0].term.derivation.days_off


def test_a_proposal_comes_once_from_a_co_executor_while_the_assignment_is_on_control(
    calendar: ProductionCalendar, standing: Build
) -> None:
    proposals = expected_proposals(calendar, date(2021, 4, 30))

    def reasons(organization: str, status: Status = Status.OPEN) -> list[str]:
        grounds = submission_grounds(standing(status=status), proposals, organization)
        assert {ground.citation for ground in grounds} <= {"RK-703:103-2"}
        return [ground.reason for ground in grounds]

    assert reasons("AWAITED") == []
    assert reasons("MISSED") == []
    assert reasons("IN") == ["proposal-already-in"]
    assert reasons("MIN-A") == ["not-a-co-executor"]
    assert reasons("AWAITED", Status.WITHDRAWN) == ["assignment-closed"]

"""The assignment's commands: which events they come to, in which order, and what they hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from baqylau.refusals import Ground, Refused
from control.domain import assignment_events as events
from control.domain.assignment import Assignment
from control.domain.assignment_letters import TurnedBack
from control.domain.assignment_parts import Addressed, PartyRole
from control.domain.assignment_state import Circumstances
from control.domain.calendar import CalendarAmendment
from control.domain.issuing import CoExecutor, NewAssignment
from control.domain.paragraph_103_1 import OfficialRole
from control.domain.values import (
    Control,
    Decider,
    Decision,
    ExtensionKind,
    Letter,
    Occasion,
    Origin,
    Originator,
    Source,
    Status,
)

On = Callable[..., Circumstances]
Issued = Callable[..., Assignment]
MakeLetter = Callable[..., Letter]
MakeDecision = Callable[..., Decision]


def happened(assignment: Assignment) -> list[str]:
    """What happened since this was asked last, by name."""
    return [type(event).__name__ for event in assignment.collect_events()]


def reasons(refused: Refused) -> list[str]:
    return [ground.reason for ground in refused.grounds]


@pytest.fixture
def asked(issued: Issued, on: On, letter: MakeLetter) -> Assignment:
    """An assignment with an undecided letter of 20.4.2021, taken in through the system."""
    assignment = issued()
    assignment.request_extension(letter(), on(4, 20), by_executor=True)
    assignment.collect_events()
    return assignment


def opinion(assignment: Assignment, number: int, c: Circumstances) -> bool:
    return assignment.issue_opinion(number, c, unit="Бақылау бөлімі", supports=True, text="Қолдайды", issued_on=c.today)


class TestIssue:
    def test_an_assignment_is_born_with_its_dates_its_officials_and_the_day_to_look_at_it(self, issued: Issued) -> None:
        (event,) = issued().collect_events()

        assert isinstance(event, events.AssignmentIssued)
        assert [(p.organization, p.term.due) for p in event.proposals] == [("MIN-B", date(2021, 4, 23))]
        assert [(o.organization, o.role) for o in event.responsible] == [
            ("MIN-A", OfficialRole.FIRST_HEAD),
            ("MIN-A", OfficialRole.DEPUTY),
        ]
        assert event.rule_set == "RK-703"
        assert event.next_due == date(2021, 4, 23)
        assert "Есеп" not in repr(event)

    def test_one_entered_after_its_deadline_is_missed_at_once(self, issued: Issued, on: On) -> None:
        assignment = issued(today=on(5, 3))

        assert happened(assignment) == ["AssignmentIssued", "ProposalMissed", "DeadlineMissed"]
        assert assignment.status is Status.OPEN

    def test_every_ground_is_named_also_those_of_units_and_document(self, on: On) -> None:
        new = NewAssignment(
            Origin(Source.ACT, Originator.PRESIDENT, occasion=Occasion.REGIONAL_TRIP),
            Control.URGENT,
            None,
            date(2021, 3, 1),
            date(2021, 3, 2),
            date(2021, 4, 30),
            "MIN-A",
            (CoExecutor("MIN-B"),),
        )
        with pytest.raises(Refused) as refused:
            Assignment(uuid4()).issue(
                new,
                Ground("RK-703:2", "unit-regime-unknown", "executor.unit_id"),
                [Ground("RK-703:2", "unit-regime-unknown", "co_executors.0.unit_id")],
                on(3, 2),
                document_id=uuid4(),
                clause="1",
                text="…",
                grounds=[Ground(None, "document-unknown", "document_id")],
            )

        assert reasons(refused.value) == [
            "unit-regime-unknown",
            "unit-regime-unknown",
            "document-unknown",
            "act-with-occasion",
            "urgency-missing",
        ]


class TestMisses:
    def test_misses_come_oldest_first_and_once_however_late_the_watcher_is(self, issued: Issued, on: On) -> None:
        assignment = issued()
        assignment.collect_events()

        assert assignment.record_misses(on(4, 23)) == 0
        assert assignment.record_misses(on(8, 1)) == 2
        assert assignment.record_misses(on(8, 1)) == 0

        proposal, deadline = assignment.collect_events()
        assert isinstance(proposal, events.ProposalMissed)
        assert (proposal.organization, proposal.due) == ("MIN-B", date(2021, 4, 23))
        assert proposal.responsible[0].organization == "MIN-B"
        assert proposal.next_due == date(2021, 4, 30)
        assert isinstance(deadline, events.DeadlineMissed)
        assert (deadline.deadline, deadline.extension_pending, deadline.next_due) == (date(2021, 4, 30), False, None)

    def test_what_is_missed_stays_missed_when_the_simulated_clock_goes_back(self, issued: Issued, on: On) -> None:
        assignment = issued()
        assignment.record_misses(on(5, 3))
        assignment.collect_events()

        late = assignment.submit_proposal("MIN-B", "Ұсыныс", date(2021, 4, 1), on(4, 1))

        assert not late
        (event,) = assignment.collect_events()
        assert isinstance(event, events.ProposalSubmitted)
        assert event.missed
        assert assignment.record_misses(on(5, 3)) == 0

    def test_a_command_records_first_what_the_watcher_has_not(self, issued: Issued, on: On) -> None:
        assignment = issued()
        assignment.collect_events()

        assignment.report("MIN-A", "Орындалды", date(2021, 5, 3), None, on(5, 3), by_executor=True)

        assert happened(assignment) == ["ProposalMissed", "DeadlineMissed", "ExecutionReported"]

    def test_a_letter_in_time_leaves_the_miss_and_is_named_with_it(self, asked: Assignment, on: On) -> None:
        asked.record_misses(on(5, 1))

        missed = asked.collect_events()[-1]
        assert isinstance(missed, events.DeadlineMissed)
        assert missed.extension_pending

    def test_a_new_deadline_can_be_missed_in_its_turn(self, asked: Assignment, on: On, decision: MakeDecision) -> None:
        opinion(asked, 1, on(5, 5))
        asked.grant(1, decision(decided_on=date(2021, 5, 6)), on(5, 6))
        asked.record_misses(on(6, 1))

        missed = [e.deadline for e in asked.collect_events() if isinstance(e, events.DeadlineMissed)]
        assert missed == [date(2021, 4, 30), date(2021, 5, 28)]

    def test_a_deadline_granted_into_the_past_is_missed_in_the_same_command(
        self, asked: Assignment, on: On, decision: MakeDecision
    ) -> None:
        opinion(asked, 1, on(6, 10))
        asked.collect_events()

        asked.grant(1, decision(decided_on=date(2021, 6, 11)), on(6, 11))

        assert happened(asked) == ["ExtensionGranted", "DeadlineMissed"]

    def test_a_rescinded_miss_stays_and_does_not_come_again(self, issued: Issued, on: On) -> None:
        assignment = issued()
        assignment.record_misses(on(5, 3))
        assignment.collect_events()

        assignment.rescind_miss(date(2021, 4, 30), "Қате", "Кіріс № 17", on(5, 4))

        (rescinded,) = assignment.collect_events()
        assert isinstance(rescinded, events.DeadlineMissRescinded)
        assert [official.organization for official in rescinded.responsible] == ["MIN-A", "MIN-A"]
        assert assignment.record_misses(on(6, 1)) == 0
        with pytest.raises(Refused) as again:
            assignment.rescind_miss(date(2021, 4, 30), "Қате", None, on(5, 5))
        assert reasons(again.value) == ["evidence-missing", "miss-already-rescinded"]


class TestLetters:
    def test_a_letter_turned_back_changes_nothing(self, issued: Issued, on: On, letter: MakeLetter) -> None:
        assignment = issued()
        version = assignment.version

        with pytest.raises(TurnedBack):
            assignment.request_extension(letter(justification=None), on(4, 20), by_executor=True)

        assert (assignment.version, assignment.standing.letters) == (version, 0)

    def test_the_third_letter_after_a_grant_raises_both_reviews_in_the_laws_order(
        self, issued: Issued, on: On, letter: MakeLetter, decision: MakeDecision
    ) -> None:
        assignment = issued()
        assignment.request_extension(letter(submitted_on=date(2021, 4, 20)), on(4, 20), by_executor=True)
        opinion(assignment, 1, on(4, 21))
        assignment.grant(1, decision(), on(4, 26))
        second = letter(submitted_on=date(2021, 5, 20), new_deadline=date(2021, 5, 31))
        assignment.request_extension(second, on(5, 20), by_executor=True)
        assignment.refuse(2, decision(decided_on=date(2021, 5, 21)), on(5, 21))
        assignment.collect_events()

        third = letter(submitted_on=date(2021, 5, 24), new_deadline=date(2021, 6, 10))
        assignment.request_extension(third, on(5, 24), by_executor=True)

        requested, disciplinary, penalty = assignment.collect_events()
        assert isinstance(requested, events.ExtensionRequested)
        assert isinstance(disciplinary, events.DisciplinaryReviewRaised)
        assert isinstance(penalty, events.PenaltyReviewRaised)
        assert [official.organization for official in penalty.responsible] == ["MIN-A", "MIN-B"]
        assert {official.role for official in penalty.responsible} == {OfficialRole.FIRST_HEAD}
        assert requested.citations == ("RK-703:103-3", "RK-703:103-5")

    def test_a_grant_moves_the_proposals_that_are_awaited(
        self, asked: Assignment, on: On, decision: MakeDecision
    ) -> None:
        opinion(asked, 1, on(4, 21))
        asked.collect_events()

        moved = asked.grant(1, decision(decided_on=date(2021, 4, 22)), on(4, 22))

        assert [(m.organization, m.was, m.term.due) for m in moved] == [
            ("MIN-B", date(2021, 4, 23), date(2021, 5, 21)),
        ]
        assert happened(asked) == ["ExtensionGranted"]
        assert asked.standing.deadline == date(2021, 5, 28)

    def test_a_transfer_sets_control_and_deadline(
        self, issued: Issued, on: On, letter: MakeLetter, decision: MakeDecision
    ) -> None:
        assignment = issued()
        asks = letter(kind=ExtensionKind.TRANSFER, to_control=Control.LONG_TERM, new_deadline=date(2021, 12, 1))
        assignment.request_extension(asks, on(4, 20), by_executor=True)
        opinion(assignment, 1, on(4, 21))
        assignment.collect_events()

        assignment.grant(1, decision(), on(4, 26))

        transferred = assignment.collect_events()[-1]
        assert isinstance(transferred, events.ControlTransferred)
        assert (transferred.previous_control, transferred.control) == (Control.SHORT_TERM, Control.LONG_TERM)

    def test_under_102_1_a_refusal_too_is_told_to_the_pa_and_the_notice_can_be_missed(
        self, issued: Issued, on: On, letter: MakeLetter, decision: MakeDecision
    ) -> None:
        assignment = issued(occasion=Occasion.REGIONAL_TRIP)
        assignment.request_extension(letter(), on(4, 20), by_executor=True)
        assignment.collect_events()

        refusal = decision(decided_by=Decider.DEPUTY_PRIME_MINISTER, decided_on=date(2021, 4, 22))
        assignment.refuse(1, refusal, on(4, 22))
        assignment.withdraw("Күшін жойды", on(4, 23))
        assignment.record_misses(on(6, 1))
        late = assignment.give_notice(1, date(2021, 6, 1), "11-3/77", on(6, 1))

        assert late
        assert happened(assignment) == [
            "ExtensionRefused",
            "GovernmentDecisionNoticeDue",
            "AssignmentWithdrawn",
            "NoticeMissed",
            "GovernmentDecisionNoticeGiven",
        ]

    def test_an_opinion_is_missed_once_and_then_accepted_as_late(
        self, issued: Issued, on: On, letter: MakeLetter, decision: MakeDecision
    ) -> None:
        assignment = issued()
        assignment.request_extension(letter(new_deadline=date(2021, 8, 31)), on(4, 20), by_executor=True)
        opinion(assignment, 1, on(4, 21))
        assignment.grant(1, decision(), on(4, 26))
        again = letter(submitted_on=date(2021, 8, 3), new_deadline=date(2021, 10, 29))
        assignment.request_extension(again, on(8, 3), by_executor=True)
        assignment.collect_events()

        assert [assignment.record_misses(on(8, 18)), assignment.record_misses(on(8, 18))] == [1, 0]
        assert opinion(assignment, 2, on(8, 18))

        assert happened(assignment) == ["OpinionMissed", "ExpertOpinionIssued"]

    def test_only_the_executor_asks(self, issued: Issued, on: On, letter: MakeLetter) -> None:
        with pytest.raises(TurnedBack) as turned_back:
            issued().request_extension(letter(asked_by="MIN-B"), on(4, 20), by_executor=True)

        assert reasons(turned_back.value) == ["only-the-executor-asks"]


class TestExecution:
    def test_a_report_in_time_that_is_accepted_late_completes_on_time(self, issued: Issued, on: On) -> None:
        assignment = issued(co_executors=())
        assignment.report("MIN-A", "Орындалды", date(2021, 4, 30), None, on(4, 30), by_executor=True)
        assert assignment.record_misses(on(5, 20)) == 0
        assignment.collect_events()

        assignment.accept_report(1, date(2021, 5, 20), on(5, 20))

        (completed,) = assignment.collect_events()
        assert isinstance(completed, events.AssignmentCompleted)
        assert completed.on_time
        assert completed.next_due is None

    def test_a_report_in_time_returned_after_the_deadline_brings_the_miss_for_the_deadlines_day(
        self, issued: Issued, on: On
    ) -> None:
        assignment = issued(co_executors=())
        assignment.report("MIN-A", "Орындалды", date(2021, 4, 30), None, on(4, 30), by_executor=True)
        assignment.collect_events()

        assignment.return_report(1, "Толық емес", date(2021, 5, 20), on(5, 20))

        returned, missed = assignment.collect_events()
        assert isinstance(returned, events.ExecutionReturned)
        assert isinstance(missed, events.DeadlineMissed)
        assert missed.deadline == date(2021, 4, 30)
        assert assignment.status is Status.OPEN

    def test_nothing_changes_once_it_is_completed(
        self, issued: Issued, on: On, letter: MakeLetter, addressed: Callable[[str], Addressed]
    ) -> None:
        assignment = issued(co_executors=())
        assignment.report("MIN-A", "Орындалды", date(2021, 4, 28), None, on(4, 28), by_executor=True)
        assignment.accept_report(1, date(2021, 4, 29), on(4, 29))
        version, today = assignment.version, on(4, 30)

        for command in (
            lambda: assignment.report("MIN-A", "Тағы", today.today, None, today, by_executor=True),
            lambda: assignment.return_report(1, "Қате", today.today, today),
            lambda: assignment.request_extension(letter(submitted_on=today.today), today, by_executor=True),
            lambda: assignment.correct("Қате", today, clause="2", text=None, area=None),
            lambda: assignment.withdraw("Қате", today),
            lambda: assignment.replace_party("MIN-A", addressed("MIN-C"), "Қайта құру", today),
        ):
            with pytest.raises(Refused) as refused:
                command()
            assert "assignment-closed" in reasons(refused.value)
        assert assignment.version == version
        assert assignment.record_misses(on(8, 1)) == 0

    def test_a_correction_names_what_it_corrects_and_why(self, issued: Issued, on: On) -> None:
        assignment = issued()
        assignment.collect_events()

        assignment.correct("Қате терілген", on(3, 9), clause="5", text=None, area="transport")

        (corrected,) = assignment.collect_events()
        assert isinstance(corrected, events.AssignmentCorrected)
        assert (corrected.clause, corrected.text, corrected.area) == ("5", None, "transport")
        assert [official.role for official in corrected.responsible] == [OfficialRole.FIRST_HEAD]
        assert corrected.executor.area == assignment.executor.area == "transport"
        with pytest.raises(Refused) as refused:
            assignment.correct(None, on(3, 9), clause="5", text=None, area=None)
        assert reasons(refused.value) == ["reason-missing", "nothing-to-correct"]


class TestReorganization:
    def test_a_new_co_executor_receives_it_on_that_day_and_proposes_in_the_others_place(
        self, issued: Issued, on: On, addressed: Callable[[str], Addressed]
    ) -> None:
        assignment = issued(control=Control.LONG_TERM)
        before = assignment.proposals["MIN-B"].term.due
        assignment.collect_events()

        assignment.replace_party("MIN-B", addressed("MIN-C"), "Қайта құру", on(3, 15))

        (replaced,) = assignment.collect_events()
        assert isinstance(replaced, events.ExecutorReplaced)
        assert replaced.role is PartyRole.CO_EXECUTOR
        assert list(assignment.proposals) == ["MIN-C"]
        assert assignment.proposals["MIN-C"].received_on == date(2021, 3, 15)
        assert assignment.proposals["MIN-C"].term.due == before
        assert [party.organization for party in assignment.co_executors] == ["MIN-C"]

    def test_a_co_executor_that_takes_the_executors_place_leaves_its_own(
        self, issued: Issued, on: On, addressed: Callable[[str], Addressed]
    ) -> None:
        assignment = issued(co_executors=(CoExecutor("MIN-B"), CoExecutor("MIN-C")))

        assignment.replace_party("MIN-A", addressed("MIN-B"), "Қосылды", on(3, 15))

        assert assignment.standing.executor == "MIN-B"
        assert assignment.standing.co_executors == ("MIN-C",)
        assert list(assignment.proposals) == ["MIN-C"]

    def test_a_co_executor_merged_into_the_executor_owes_no_proposal_any_more(
        self, issued: Issued, on: On, addressed: Callable[[str], Addressed]
    ) -> None:
        assignment = issued()

        assignment.replace_party("MIN-B", addressed("MIN-A"), "Қосылды", on(3, 15))

        assert assignment.standing.co_executors == ()
        assert assignment.record_misses(on(4, 30)) == 0

    def test_another_unit_of_the_same_organization_keeps_the_dates(
        self, issued: Issued, on: On, addressed: Callable[[str], Addressed]
    ) -> None:
        assignment = issued()
        before = assignment.proposals["MIN-B"]
        elsewhere = addressed("MIN-B")
        elsewhere = replace(elsewhere, unit=replace(elsewhere.unit, id=addressed("MIN-D").unit.id))

        assignment.replace_party("MIN-B", elsewhere, "Бөлім таратылды", on(3, 15))

        assert assignment.proposals["MIN-B"] == before
        assert assignment.co_executors == (elsewhere.party,)

    def test_who_has_no_place_cannot_be_replaced_nor_by_itself(
        self, issued: Issued, on: On, addressed: Callable[[str], Addressed]
    ) -> None:
        for previous, replacement, reason in (
            ("MIN-D", "MIN-C", "not-a-party"),
            ("MIN-B", "MIN-B", "nothing-to-replace"),
        ):
            with pytest.raises(Refused) as refused:
                issued().replace_party(previous, addressed(replacement), "Қайта құру", on(3, 15))
            assert reasons(refused.value) == [reason]


class TestAmendedCalendar:
    def test_dates_not_reached_yet_are_counted_again_once(self, issued: Issued, on: On) -> None:
        assignment = issued()
        assignment.collect_events()
        today = on(4, 1)
        amended = today.calendar.amended([CalendarAmendment(date(2021, 4, 26), False, "№ 1")])

        assignment.rederive_terms(replace(today, calendar=amended))
        assignment.rederive_terms(replace(today, calendar=amended))

        (rederived,) = assignment.collect_events()
        assert isinstance(rederived, events.TermsRederived)
        assert [(m.organization, m.was, m.term.due) for m in rederived.moved] == [
            ("MIN-B", date(2021, 4, 23), date(2021, 4, 22)),
        ]
        assert rederived.next_due == date(2021, 4, 22)
        assert assignment.standing.deadline == date(2021, 4, 30)

"""Commands, days and the watcher in any order: no history that the rulebook forbids, and the same one either way round.

The histories are judged by reading the events alone, as a clerk would, not by asking the rules again.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from baqylau.eventstore.aggregate import Cause, DomainEvent
from baqylau.eventstore.mapper import PydanticMapper
from baqylau.lines import Line
from baqylau.refusals import Refused
from baqylau.segregation import PermittedUnit
from baqylau.testing.alike import alike, through_a_snapshot
from control.domain import assignment_events as events
from control.domain.assignment import Assignment
from control.domain.assignment_parts import Addressed
from control.domain.assignment_state import Circumstances
from control.domain.calendar import CalendarAmendment, first_calendar
from control.domain.issuing import CoExecutor, NewAssignment
from control.domain.paragraph_103_9 import may_decide
from control.domain.rule_sets import rule_book
from control.domain.values import (
    Control,
    Decider,
    Decision,
    ExtensionKind,
    Letter,
    Occasion,
    Origin,
    Originator,
    ResponsiblePerson,
    Source,
    Urgency,
)
from control.publications import publisher
from eventsourcing.persistence import JSONTranscoder
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import booleans, dates, integers, none, one_of, sampled_from

CAUSE = Cause(actor="controller", recorded_at=datetime(2021, 3, 2, tzinfo=UTC), correlation_id="c")
ORGANIZATIONS = ("MIN-A", "MIN-B", "MIN-C", "MIN-D")
NUMBER = integers(1, 4)
DAYS = one_of(integers(0, 3), integers(0, 60))
MAPPER = PydanticMapper(JSONTranscoder())

Command = Callable[[Assignment, Circumstances], object]


class Nobody:
    def responsible(self, *_: object) -> tuple[()]:
        return ()

    def first_heads(self, *_: object) -> tuple[()]:
        return ()


def addressed(organization: str) -> Addressed:
    unit = UUID(int=ORGANIZATIONS.index(organization) + 1)
    return Addressed(PermittedUnit(unit, organization, "01", unit, False), "finance")


def _as_stored(event: DomainEvent) -> DomainEvent:
    found: DomainEvent = MAPPER.to_domain_event(MAPPER.to_stored_event(event))
    return found


class AnyOrder(RuleBasedStateMachine):
    @initialize(
        received=dates(date(2021, 3, 1), date(2021, 3, 20)),
        term=integers(0, 150),
        originator=sampled_from(Originator),
        personal=booleans(),
        occasion=one_of(none(), sampled_from(Occasion)),
        control=sampled_from(Control),
        urgency=sampled_from(Urgency),
        entered_later=sampled_from((0, 0, 0, 200)),
        own_date=booleans(),
    )
    def issue(
        self,
        received: date,
        term: int,
        originator: Originator,
        personal: bool,
        occasion: Occasion | None,
        control: Control,
        urgency: Urgency,
        entered_later: int,
        own_date: bool,
    ) -> None:
        origin = Origin(Source.INSTRUCTION, originator, personal and originator is Originator.PRESIDENT, occasion)
        deadline = received + timedelta(days=term)
        fixed = deadline if own_date and term and control is not Control.URGENT else None
        new = NewAssignment(
            origin,
            control,
            urgency if control is Control.URGENT else None,
            date(2021, 3, 1),
            received,
            deadline,
            "MIN-A",
            (CoExecutor("MIN-B", proposal_due=fixed), CoExecutor("MIN-C", received_on=received)),
        )
        self.history: list[DomainEvent] = []
        self.restored: Assignment | None = None
        self.calendar = first_calendar()
        self.today = self.furthest = received + timedelta(days=entered_later)
        assignment = Assignment(UUID(int=9))
        assignment.issue(
            new,
            addressed("MIN-A"),
            [addressed("MIN-B"), addressed("MIN-C")],
            self._now(),
            document_id=UUID(int=8),
            clause="1",
            text="Есеп енгізілсін",
            grounds=(),
        )
        self._commit(assignment.collect_events())

    # What may come, in any order

    @rule(days=DAYS)
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(days=integers(1, 20))
    def the_simulated_clock_goes_back(self, days: int) -> None:
        self.today = max(self.today - timedelta(days=days), date(2021, 3, 1))

    @rule()
    def the_watcher_comes(self) -> None:
        self._do(lambda assignment, c: assignment.record_misses(c))

    @rule(organization=sampled_from(ORGANIZATIONS))
    def propose(self, organization: str) -> None:
        self._do(lambda assignment, c: assignment.submit_proposal(organization, "Ұсыныс", c.today, c))

    @rule(more=integers(-5, 120), transfer=booleans(), ago=integers(0, 5), on_paper=booleans())
    def ask(self, more: int, transfer: bool, ago: int, on_paper: bool) -> None:
        def command(assignment: Assignment, c: Circumstances) -> None:
            letter = Letter(
                kind=ExtensionKind.TRANSFER if transfer else ExtensionKind.EXTENSION,
                submitted_on=c.today - timedelta(days=ago if on_paper else 0),
                asked_by=assignment.executor.organization,
                new_deadline=assignment.deadline + timedelta(days=more),
                to_control=Control.LONG_TERM if transfer else None,
                current_state="Жоба келісуде",
                justification="Сараптама ұзақ",
                responsible=tuple(ResponsiblePerson(code, "С. А.", "вице-министр") for code in ORGANIZATIONS),
                evidence="Кіріс № 17" if on_paper else None,
            )
            assignment.request_extension(letter, c, by_executor=not on_paper)

        self._do(command)

    @rule(number=NUMBER)
    def opine(self, number: int) -> None:
        self._do(
            lambda assignment, c: assignment.issue_opinion(
                number, c, unit="Бөлім", supports=False, text="…", issued_on=c.today
            )
        )

    @rule(number=NUMBER, who=sampled_from(Decider), rightly=booleans(), ago=integers(0, 5), outcome=booleans())
    def grant(self, number: int, who: Decider, rightly: bool, ago: int, outcome: bool) -> None:
        def command(assignment: Assignment, c: Circumstances) -> None:
            by = may_decide(assignment.origin)[0] if rightly else who
            on = c.today - timedelta(days=ago)
            considered = "Ескерту" if outcome else None
            assignment.grant(
                number, Decision(by, on, exceptional_circumstances=considered, disciplinary_outcome=considered), c
            )

        self._do(command)

    @rule(number=NUMBER, who=sampled_from(Decider), rightly=booleans())
    def refuse(self, number: int, who: Decider, rightly: bool) -> None:
        def command(assignment: Assignment, c: Circumstances) -> None:
            by = may_decide(assignment.origin)[0] if rightly else who
            assignment.refuse(number, Decision(by, c.today, reason="Негізсіз"), c)

        self._do(command)

    @rule(more=integers(1, 120), transfer=booleans(), takes=integers(0, 5))
    def ask_and_be_granted(self, more: int, transfer: bool, takes: int) -> None:
        self.ask(more, transfer, ago=0, on_paper=False)
        number = sum(isinstance(event, events.ExtensionRequested) for event in self.history)
        self.days_pass(takes)
        self.opine(number)
        self.grant(number, Decider.PRESIDENT, rightly=True, ago=0, outcome=True)

    @rule(number=NUMBER)
    def tell_the_pa(self, number: int) -> None:
        self._do(lambda assignment, c: assignment.give_notice(number, c.today, "11-3", c))

    @rule(ago=integers(0, 5), on_paper=booleans())
    def report(self, ago: int, on_paper: bool) -> None:
        def command(assignment: Assignment, c: Circumstances) -> None:
            on = c.today - timedelta(days=ago if on_paper else 0)
            who, evidence = assignment.executor.organization, "Кіріс № 18" if on_paper else None
            assignment.report(who, "Орындалды", on, evidence, c, by_executor=not on_paper)

        self._do(command)

    @rule(number=NUMBER, reason=sampled_from(("Толық емес", None)))
    def return_it(self, number: int, reason: str | None) -> None:
        self._do(lambda assignment, c: assignment.return_report(number, reason, c.today, c))

    @precondition(lambda self: len(self.history) > 6)
    @rule(number=NUMBER)
    def accept(self, number: int) -> None:
        self._do(lambda assignment, c: assignment.accept_report(number, c.today, c))

    @precondition(lambda self: len(self.history) > 8)
    @rule()
    def withdraw(self) -> None:
        self._do(lambda assignment, c: assignment.withdraw("Күшін жойды", c))

    @rule(area=sampled_from(("finance", "transport")))
    def correct(self, area: str) -> None:
        self._do(lambda assignment, c: assignment.correct("Қате", c, clause=None, text=None, area=area))

    @rule(previous=sampled_from(ORGANIZATIONS), by=sampled_from(ORGANIZATIONS))
    def reorganize(self, previous: str, by: str) -> None:
        self._do(lambda assignment, c: assignment.replace_party(previous, addressed(by), "Қайта құру", c))

    @rule()
    def rescind(self) -> None:
        self._do(lambda assignment, c: assignment.rescind_miss(assignment.deadline, "Қате", "Кіріс № 19", c))

    @rule(ahead=integers(1, 40))
    def the_calendar_is_amended(self, ahead: int) -> None:
        day = self.today + timedelta(days=ahead)
        working = self.calendar.is_working_day(day)
        self.calendar = self.calendar.amended([CalendarAmendment(day, not working, "№ 1")])
        self._do(lambda assignment, c: assignment.rederive_terms(c))

    # How it is done: by each command on what is stored, as the service does

    def _now(self) -> Circumstances:
        return Circumstances(self.today, rule_book(), self.calendar, Nobody(), CAUSE)

    def _stored(self) -> Assignment:
        found = Assignment.replay([_as_stored(event) for event in self.history])
        assert found is not None
        return found

    def _do(self, command: Command) -> None:
        outcomes: list[Sequence[DomainEvent] | str] = []
        for watcher_first in (False, True):
            assignment = self._stored()
            if watcher_first:
                assignment.record_misses(self._now())
            try:
                command(assignment, self._now())
            except (Refused, KeyError) as refused:
                outcomes.append(f"{type(refused).__name__}: {refused}")
            else:
                outcomes.append(assignment.collect_events())
        alone, after_the_watcher = outcomes
        assert alone == after_the_watcher
        if not isinstance(alone, str):
            self._commit(alone)

    def _commit(self, happened: Sequence[DomainEvent]) -> None:
        self.history.extend(happened)
        for event in map(_as_stored, happened):
            self.restored = through_a_snapshot(event.mutate(self.restored))
        self.furthest = max(self.furthest, self.today)
        if happened:
            self.looked_at = self.today

    @invariant()
    def it_is_the_same_behind_a_snapshot_before_each_event(self) -> None:
        assert alike(self.restored, self._stored())

    # What the rulebook forbids

    @invariant()
    def one_letter_at_a_time_and_each_decided_once(self) -> None:
        undecided: set[int] = set()
        for event in self.history:
            match event:
                case events.ExtensionRequested():
                    assert not undecided
                    undecided.add(event.number)
                case events.Granted() | events.ExtensionRefused():
                    undecided.remove(event.number)

    @invariant()
    def no_grant_before_the_opinion_that_it_needs(self) -> None:
        opined: set[int] = set()
        needs: dict[int, str | None] = {}
        for event in self.history:
            match event:
                case events.ExtensionRequested():
                    needs[event.number] = event.opinion_under
                    if not event.repeated and self._issued().origin.occasion is None:
                        assert event.opinion_under == "RK-703:103-4"
                case events.ExpertOpinionIssued():
                    assert event.number not in opined
                    opined.add(event.number)
                case events.Granted():
                    assert needs[event.number] is None or event.number in opined

    @invariant()
    def extension_or_transfer_once_and_then_extension_alone_with_the_discipline_considered(self) -> None:
        grants = [event for event in self.history if isinstance(event, events.Granted)]
        for number, grant in enumerate(grants):
            assert grant.repeated is (number > 0)
            assert grant.new_deadline > grant.previous_deadline
            if number:
                assert isinstance(grant, events.ExtensionGranted)
                assert grant.exceptional_circumstances
                assert grant.disciplinary_outcome

    @invariant()
    def only_those_decide_who_may(self) -> None:
        origin = self._issued().origin
        for event in self.history:
            if isinstance(event, events.Granted | events.ExtensionRefused):
                if origin.personal:
                    assert event.decided_by is Decider.PRESIDENT
                elif origin.occasion is not None:
                    assert event.decided_by in (Decider.PRIME_MINISTER, Decider.DEPUTY_PRIME_MINISTER)
                else:
                    assert event.decided_by in (Decider.PRESIDENT, Decider.HEAD_OF_PA)

    @invariant()
    def reviews_follow_their_letter_and_the_notice_its_decision(self) -> None:
        names = [type(event).__name__ for event in self.history]
        under_102_1 = self._issued().origin.occasion is not None
        granted = letters = 0
        for place, event in enumerate(self.history):
            if isinstance(event, events.ExtensionRequested):
                letters += 1
                expected = ["DisciplinaryReviewRaised"] * (granted > 0) + ["PenaltyReviewRaised"] * (letters > 2)
                assert names[place + 1 : place + 1 + len(expected)] == expected
                assert event.number == letters
            if isinstance(event, events.Granted | events.ExtensionRefused):
                granted += isinstance(event, events.Granted)
                assert (names[place + 1 : place + 2] == ["GovernmentDecisionNoticeDue"]) is under_102_1
        assert names.count("DisciplinaryReviewRaised") <= letters
        assert names.count("PenaltyReviewRaised") == max(letters - 2, 0)

    @invariant()
    def each_deadline_is_missed_once_at_most_and_never_before_its_day_is_over(self) -> None:
        missed = [event.deadline for event in self.history if isinstance(event, events.DeadlineMissed)]
        assert len(missed) == len(set(missed))
        assert all(deadline < self.furthest for deadline in missed)
        for kind in (events.ProposalMissed, events.OpinionMissed, events.NoticeMissed):
            due = [
                (getattr(event, "organization", None) or getattr(event, "number", None), event.due)
                for event in self.history
                if isinstance(event, kind)
            ]
            assert len(due) == len(set(due))

    @invariant()
    def nothing_overdue_is_left_after_a_command(self) -> None:
        """By the index that the watcher goes by, and by what an executor owes."""
        last = self.history[-1]
        assert isinstance(last, events.AssignmentEvent)
        assert last.next_due is None or last.next_due >= self.looked_at
        status, deadline, report = "open", self._issued().deadline, None
        for event in self.history:
            match event:
                case events.ExecutionReported():
                    status, report = "reported", event.reported_on
                case events.ExecutionReturned():
                    status, report = "open", None
                case events.Granted():
                    deadline = event.new_deadline
                case events.AssignmentCompleted() | events.AssignmentWithdrawn():
                    status = "closed"
        missed = {event.deadline for event in self.history if isinstance(event, events.DeadlineMissed)}
        in_review_in_time = report is not None and report <= deadline
        if status != "closed" and deadline < self.looked_at and not in_review_in_time:
            assert deadline in missed

    @invariant()
    def what_is_off_control_stays_as_it_is(self) -> None:
        closed = False
        for event in self.history:
            after = (events.GovernmentDecisionNoticeGiven, events.NoticeMissed, events.DeadlineMissRescinded)
            assert not closed or isinstance(event, after)
            closed = closed or isinstance(event, events.AssignmentCompleted | events.AssignmentWithdrawn)

    @invariant()
    def dates_of_proposals_lie_after_receipt_and_within_the_deadline(self) -> None:
        assignment = self._stored()
        parties = [party.organization for party in assignment.co_executors]
        assert sorted(assignment.proposals) == sorted(parties)
        assert assignment.executor.organization not in parties
        for proposal in assignment.proposals.values():
            assert proposal.term.due <= assignment.deadline

    @invariant()
    def what_is_told_in_public_holds_no_text(self) -> None:
        publish = publisher(Line.NON_CONFIDENTIAL)
        for event in self.history[-3:]:
            told = publish(event)
            assert told is not None
            assert told.event.event_type().split(".")[2] == type(event).__name__
            value = told.event.to_json().decode()
            assert not any("А" <= letter <= "я" for letter in value.replace("№", ""))

    def _issued(self) -> events.AssignmentIssued:
        first = self.history[0]
        assert isinstance(first, events.AssignmentIssued)
        return first


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

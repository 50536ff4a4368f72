"""An assignment on control: one clause of an act or instruction, from its issue to the day it is taken off."""

from collections.abc import Sequence
from uuid import UUID

from baqylau.refusals import Ground, refuse_if

from control.domain import assignment_events as events
from control.domain.assignment_execution import OnExecution
from control.domain.assignment_letters import OnLetters
from control.domain.assignment_parts import Addressed
from control.domain.assignment_state import Circumstances
from control.domain.issuing import NewAssignment, issue_grounds, proposals_at_issue
from control.domain.paragraph_102_1 import controlled_by


class Assignment(OnLetters, OnExecution):
    """A task, an executor, a deadline. Its events are of this class; its commands stand by what they are about."""

    AssignmentIssued = events.AssignmentIssued
    ProposalSubmitted = events.ProposalSubmitted
    ProposalMissed = events.ProposalMissed
    ExtensionRequested = events.ExtensionRequested
    DisciplinaryReviewRaised = events.DisciplinaryReviewRaised
    PenaltyReviewRaised = events.PenaltyReviewRaised
    ExpertOpinionIssued = events.ExpertOpinionIssued
    OpinionMissed = events.OpinionMissed
    ExtensionGranted = events.ExtensionGranted
    ControlTransferred = events.ControlTransferred
    ExtensionRefused = events.ExtensionRefused
    GovernmentDecisionNoticeDue = events.GovernmentDecisionNoticeDue
    GovernmentDecisionNoticeGiven = events.GovernmentDecisionNoticeGiven
    NoticeMissed = events.NoticeMissed
    ExecutionReported = events.ExecutionReported
    ExecutionReturned = events.ExecutionReturned
    AssignmentCompleted = events.AssignmentCompleted
    AssignmentCorrected = events.AssignmentCorrected
    ExecutorReplaced = events.ExecutorReplaced
    AssignmentWithdrawn = events.AssignmentWithdrawn
    DeadlineMissed = events.DeadlineMissed
    DeadlineMissRescinded = events.DeadlineMissRescinded
    TermsRederived = events.TermsRederived

    def issue(
        self,
        new: NewAssignment,
        executor: Addressed | Ground,
        co_executors: Sequence[Addressed | Ground],
        c: Circumstances,
        *,
        document_id: UUID,
        clause: str,
        text: str,
        grounds: Sequence[Ground],
    ) -> None:
        """Put it on control. The parties are in the order of `new`'s, or what was found against one stands there.

        `grounds`: what else was found against what it names.
        """
        against = [place for place in (executor, *co_executors) if isinstance(place, Ground)]
        refuse_if((*against, *grounds, *issue_grounds(new, c.book, c.calendar, c.today)))
        assert isinstance(executor, Addressed)
        rules = c.book.in_force_on(new.issued_on)
        assert rules is not None
        under = ("102-1", "103-1", "103-2", *(("103-9",) if new.origin.personal else ()))
        self._record(
            events.AssignmentIssued,
            c,
            [rules.cite(paragraph) for paragraph in under],
            executor=executor.party,
            co_executors=tuple(place.party for place in co_executors if isinstance(place, Addressed)),
            document_id=document_id,
            clause=clause,
            text=text,
            origin=new.origin,
            control=new.control,
            urgency=new.urgency,
            issued_on=new.issued_on,
            received_on=new.received_on,
            deadline=new.deadline,
            controlled_by=controlled_by(new.origin),
            rule_set=rules.name,
            proposals=proposals_at_issue(new, rules, c.calendar),
            responsible=c.officials.responsible(executor.unit.organization, executor.area, new.issued_on),
        )
        self.record_misses(c)

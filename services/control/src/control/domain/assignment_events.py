"""What happens to an assignment, in the law's words. Each event holds all that was decided; it only changes state.

`citations`: the provisions that it follows from. Texts and people's names are `Content`: stored and shown to those who
may read, never in a log or on a topic.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from baqylau.eventstore.aggregate import DomainEvent
from pydantic import Field

from control.domain.assignment_parts import (
    ComputedTerm,
    DecisionMade,
    Miss,
    MovedTerm,
    Party,
    PartyRole,
    Report,
)
from control.domain.paragraph_103_1 import ResponsibleOfficial
from control.domain.paragraph_103_2 import MovedProposal, ProposalExpected
from control.domain.terms import Term
from control.domain.values import (
    Agreement,
    Control,
    ControllingSide,
    Decider,
    ExtensionKind,
    LetterTaken,
    Origin,
    PaperLetter,
    ResponsiblePerson,
    Status,
    Urgency,
)

if TYPE_CHECKING:
    from control.domain.assignment import Assignment

Content = Annotated[str, Field(repr=False)]
ContentIfAny = Annotated[str | None, Field(repr=False)]


class AssignmentEvent(DomainEvent):
    """Whose it is, and how the assignment stands after the event.

    `next_due`: the first day at whose end something can be missed, what the watcher's index holds; None: nothing can.
    """

    executor: Party
    co_executors: tuple[Party, ...]
    citations: tuple[str, ...]
    status: Status = Status.OPEN
    next_due: date | None = None


class AssignmentIssued(AssignmentEvent):
    document_id: UUID
    clause: str
    text: Content
    origin: Origin
    control: Control
    urgency: Urgency | None = None
    issued_on: date
    received_on: date
    deadline: date
    controlled_by: ControllingSide
    rule_set: str
    proposals: tuple[ProposalExpected, ...]
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.begin(self)


class ProposalSubmitted(AssignmentEvent):
    """`missed`: its miss was recorded before."""

    organization: str
    due: date
    submitted_on: date
    late: bool
    missed: bool
    text: Content
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.change_proposal(self.organization, submitted_on=self.submitted_on)


class ProposalMissed(AssignmentEvent):
    organization: str
    due: date
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.change_proposal(self.organization, missed=True)


class ExtensionRequested(AssignmentEvent):
    """`deadline`: the present one. `on_paper`: entered by the controlling side. `opinion_under`: whose opinion a grant
    waits for.
    """

    number: int
    kind: ExtensionKind
    submitted_on: date
    deadline: date
    new_deadline: date
    to_control: Control | None = None
    current_state: ContentIfAny = None
    justification: ContentIfAny = None
    responsible_persons: tuple[ResponsiblePerson, ...]
    agreement: Agreement | None = None
    paper: PaperLetter | None = None
    evidence: ContentIfAny = None
    on_paper: bool
    repeated: bool
    addressed_to: ControllingSide
    may_decide: tuple[Decider, ...]
    opinion_under: str | None = None
    opinion_term: Term | None = None

    def apply(self, assignment: "Assignment") -> None:
        taken = LetterTaken(
            kind=self.kind,
            submitted_on=self.submitted_on,
            new_deadline=self.new_deadline,
            to_control=self.to_control,
            asked_again=self.repeated,
            opinion_under=self.opinion_under,
            opinion_due=self.opinion_term.due if self.opinion_term else None,
        )
        assignment.requests[self.number] = Request(self, taken, self.opinion_term)


class LetterEvent(AssignmentEvent):
    """Of one letter, by its number."""

    number: int

    def change(self, assignment: "Assignment", **taken: Any) -> "Request":
        """Change what the rules are asked about the letter."""
        request = assignment.requests[self.number]
        request.taken = replace(request.taken, **taken)
        return request


class DisciplinaryReviewRaised(LetterEvent):
    raised_on: date
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.requests[self.number].reviews[type(self).__name__] = self.responsible


class PenaltyReviewRaised(LetterEvent):
    raised_on: date
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.requests[self.number].reviews[type(self).__name__] = self.responsible


class ExpertOpinionIssued(LetterEvent):
    unit: str
    supports: bool
    text: Content
    issued_on: date
    due: date | None = None
    late: bool

    def apply(self, assignment: "Assignment") -> None:
        self.change(assignment, opinion_on=self.issued_on).opinion = self


class OpinionMissed(LetterEvent):
    due: date
    addressed_to: ControllingSide

    def apply(self, assignment: "Assignment") -> None:
        self.change(assignment, opinion_missed=True)


class Granted(LetterEvent):
    """A grant of either kind. `proposals`: dates counted back from the deadline that moved with it."""

    decided_by: Decider
    decided_on: date
    previous_deadline: date
    new_deadline: date
    control: Control
    repeated: bool
    proposals: tuple[MovedProposal, ...]
    exceptional_circumstances: ContentIfAny = None
    disciplinary_outcome: ContentIfAny = None
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assert isinstance(self, ExtensionGranted | ControlTransferred)
        self.change(assignment, decided_on=self.decided_on).decision = self
        assignment.deadline, assignment.control = self.new_deadline, self.control
        assignment.grants += 1
        for moved in self.proposals:
            assignment.change_proposal(moved.organization, term=moved.term)


class ExtensionGranted(Granted):
    pass


class ControlTransferred(Granted):
    previous_control: Control


class ExtensionRefused(LetterEvent):
    kind: ExtensionKind
    decided_by: Decider
    decided_on: date
    reason: Content
    deadline: date
    repeated: bool

    def apply(self, assignment: "Assignment") -> None:
        self.change(assignment, decided_on=self.decided_on).decision = self


class GovernmentDecisionNoticeDue(LetterEvent):
    decision: DecisionMade
    decided_on: date
    term: Term

    def apply(self, assignment: "Assignment") -> None:
        self.change(assignment, notice_due=self.term.due).notice_term = self.term


class GovernmentDecisionNoticeGiven(LetterEvent):
    given_on: date
    reference: Content
    due: date
    late: bool

    def apply(self, assignment: "Assignment") -> None:
        self.change(assignment, notice_given_on=self.given_on).notice = self


class NoticeMissed(LetterEvent):
    due: date

    def apply(self, assignment: "Assignment") -> None:
        self.change(assignment, notice_missed=True)


@dataclass(slots=True)
class Request:
    """A letter that was taken in, and what became of it. `taken`: the same as the rules ask about it."""

    asked: ExtensionRequested
    taken: LetterTaken
    opinion_term: Term | None = None
    opinion: ExpertOpinionIssued | None = None
    decision: ExtensionGranted | ControlTransferred | ExtensionRefused | None = None
    notice_term: Term | None = None
    notice: GovernmentDecisionNoticeGiven | None = None
    reviews: dict[str, tuple[ResponsibleOfficial, ...]] = field(default_factory=dict)
    """Reviews that it raised, by the event's name, with the officials named."""


class ExecutionReported(AssignmentEvent):
    number: int
    reported_on: date
    text: Content
    evidence: ContentIfAny = None
    on_paper: bool
    deadline: date

    def apply(self, assignment: "Assignment") -> None:
        assignment.reports[self.number] = Report(
            self.reported_on, self.on_paper, self.text, self.evidence, self.deadline
        )
        assignment.status = Status.REPORTED


class ExecutionReturned(AssignmentEvent):
    number: int
    reported_on: date
    returned_on: date
    reason: Content
    deadline: date

    def apply(self, assignment: "Assignment") -> None:
        report = assignment.reports[self.number]
        report.returned_on, report.return_reason = self.returned_on, self.reason
        assignment.status = Status.OPEN


class AssignmentCompleted(AssignmentEvent):
    number: int
    reported_on: date
    completed_on: date
    deadline: date
    on_time: bool
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.reports[self.number].accepted_on = self.completed_on
        assignment.status = Status.COMPLETED


class AssignmentCorrected(AssignmentEvent):
    """What isn't corrected is None. `area`: the executor's."""

    corrected_on: date
    clause: str | None = None
    text: ContentIfAny = None
    area: str | None = None
    reason: Content
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.clause = self.clause or assignment.clause
        assignment.text = self.text or assignment.text
        assignment.executor = replace(assignment.executor, area=self.area or assignment.executor.area)


class ExecutorReplaced(AssignmentEvent):
    """`executor`, `co_executors`: as from now on. `proposal`: the new co-executor's, as it takes it over."""

    role: PartyRole
    previous: Party
    replacement: Party
    replaced_on: date
    reason: Content
    proposal: ProposalExpected | None = None
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.executor, assignment.co_executors = self.executor, self.co_executors
        kept = {party.organization for party in self.co_executors}
        proposals = [found for found in assignment.proposals.values() if found.organization in kept]
        if self.proposal is not None:
            proposals.append(self.proposal)
        assignment.proposals = {found.organization: found for found in proposals}


class AssignmentWithdrawn(AssignmentEvent):
    withdrawn_on: date
    reason: Content
    deadline: date
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.status = Status.WITHDRAWN


class DeadlineMissed(AssignmentEvent):
    deadline: date
    extension_pending: bool
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.misses[self.deadline] = Miss(self.extension_pending, self.responsible)


class DeadlineMissRescinded(AssignmentEvent):
    deadline: date
    rescinded_on: date
    reason: Content
    evidence: Content
    responsible: tuple[ResponsibleOfficial, ...]

    def apply(self, assignment: "Assignment") -> None:
        assignment.misses[self.deadline].rescinded_on = self.rescinded_on


class TermsRederived(AssignmentEvent):
    calendar_version: int
    moved: tuple[MovedTerm, ...]

    def apply(self, assignment: "Assignment") -> None:
        for moved in self.moved:
            if moved.what is ComputedTerm.PROPOSAL:
                assignment.change_proposal(moved.organization or "", term=moved.term)
                continue
            request = assignment.requests[moved.number or 0]
            if moved.what is ComputedTerm.OPINION:
                request.opinion_term = moved.term
                request.taken = replace(request.taken, opinion_due=moved.term.due)
            else:
                request.notice_term = moved.term
                request.taken = replace(request.taken, notice_due=moved.term.due)

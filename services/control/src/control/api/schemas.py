"""HTTP shapes of the commands on assignments.

What the law requires of a letter, an opinion or a decision may be left out here: the law says that it is missing, with
its citation and beside every other ground. The parser only says what is malformed.
"""

import datetime as dt
from typing import Annotated
from uuid import UUID

from baqylau.platform.commands import Answer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from control.domain.terms import Derivation
from control.domain.values import (
    AgreementGiver,
    Control,
    ControllingSide,
    Decider,
    ExtensionKind,
    Occasion,
    Originator,
    Source,
    Status,
    Urgency,
)

MAX_CO_EXECUTORS = 300
"""So that the public event of an issue, with a derivation for each, stays within what the broker takes."""


def _plain_date(value: object) -> object:
    if isinstance(value, str) and len(value) == 10:
        return value
    raise PydanticCustomError("date_format", "A date is YYYY-MM-DD")


Day = Annotated[dt.date, BeforeValidator(_plain_date)]
Code = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,40}$")]
# PostgreSQL's text takes no NUL. What the law is to judge may be blank here; the rest says something.
_SAYS_SOMETHING = r"^[^\x00]*[^\s\x00][^\x00]*$"
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=20_000)]
Wording = Annotated[str, StringConstraints(pattern=_SAYS_SOMETHING, max_length=20_000)]
Short = Annotated[str, StringConstraints(pattern=_SAYS_SOMETHING, max_length=200)]


class Body(BaseModel):
    """A request's body: a field that isn't known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Executor(Body):
    """`area`: the supervised area from which the responsible officials follow (103-1)."""

    organization: Code
    unit_id: UUID
    area: Short


class CoExecutor(Executor):
    """`received_on` left out: the assignment's. `proposal_due`: a date that the assignment sets itself (103-2)."""

    received_on: Day | None = None
    proposal_due: Day | None = None


class IssueAssignment(Body):
    """`issued_on`, `received_on` left out: today. The deadline may lie in the past or the future."""

    document_id: UUID
    clause: Short
    text: Wording
    source: Source
    originator: Originator
    personal: StrictBool = Field(False, description="A personal instruction of the President (103-9).")
    occasion: Occasion | None = Field(None, description="With one, paragraph 102-1 applies.")
    touches_government_powers: StrictBool = False
    control: Control
    urgency: Urgency | None = None
    issued_on: Day | None = None
    received_on: Day | None = None
    deadline: Day
    executor: Executor
    co_executors: tuple[CoExecutor, ...] = Field((), max_length=MAX_CO_EXECUTORS)


class SubmitProposal(Body):
    organization: Code
    text: Text | None = None
    submitted_on: Day | None = None


class ResponsiblePersonNamed(Body):
    organization: Text = ""
    name: Text = ""
    position: Text = ""


class AgreementGiven(Body):
    by: AgreementGiver | None = None
    agreed_on: Day | None = None
    reference: Text | None = None


class LetterOnPaper(Body):
    registration_number: Short
    dated: Day
    signed_by: Short


class RequestExtension(Body):
    """`submitted_on` left out: today. `evidence`: what shows an earlier day of receipt of a letter on paper."""

    kind: ExtensionKind | None = None
    new_deadline: Day | None = None
    to_control: Control | None = None
    current_state: Text | None = None
    justification: Text | None = None
    responsible: tuple[ResponsiblePersonNamed, ...] = Field((), max_length=1000)
    submitted_on: Day | None = None
    evidence: Text | None = None
    agreement: AgreementGiven | None = None
    letter: LetterOnPaper | None = None


class IssueOpinion(Body):
    unit: Text | None = None
    supports: StrictBool | None = None
    text: Text | None = None
    issued_on: Day | None = None


class Grant(Body):
    """`new_deadline` left out: the one that the letter asks."""

    decided_by: Decider | None = None
    decided_on: Day | None = None
    new_deadline: Day | None = None
    exceptional_circumstances: Text | None = None
    disciplinary_outcome: Text | None = None


class Refusal(Body):
    decided_by: Decider | None = None
    reason: Text | None = None
    decided_on: Day | None = None


class GiveNotice(Body):
    given_on: Day | None = None
    reference: Text | None = None


class ReportExecution(Body):
    text: Text | None = None
    reported_on: Day | None = None
    evidence: Text | None = None


class AcceptReport(Body):
    decided_on: Day | None = None


class ReturnReport(Body):
    reason: Text | None = None
    decided_on: Day | None = None


class Correct(Body):
    """`area`: the executor's. The deadline moves only by a grant."""

    reason: Text | None = None
    clause: Short | None = None
    text: Wording | None = None
    area: Short | None = None


class ReplaceExecutor(Body):
    """`previous`: the organization whose place changes hands, the executor's or a co-executor's."""

    reason: Text | None = None
    previous: Code
    replacement: Executor


class Withdraw(Body):
    reason: Text | None = None


class RescindMiss(Body):
    reason: Text | None = None
    evidence: Text | None = None


class AssignmentAnswer(Answer):
    """The assignment after the command."""

    id: UUID
    status: Status
    control: Control
    deadline: dt.date


class ProposalView(BaseModel):
    """A co-executor's date, and why it is that date."""

    organization: str
    due: dt.date
    compressed: bool
    derivation: Derivation


class MovedProposalView(ProposalView):
    """`was`: the date before."""

    was: dt.date


class IssuedView(AssignmentAnswer):
    controlled_by: ControllingSide
    proposals: tuple[ProposalView, ...]


class ProposalSubmittedView(AssignmentAnswer):
    organization: str
    due: dt.date
    late: bool


class ExtensionRequestedView(AssignmentAnswer):
    """`repeated`: an earlier letter was granted. The reviews: what the letter raised (103-5, 103-8)."""

    number: int
    addressed_to: ControllingSide
    repeated: bool
    opinion_due: dt.date | None
    opinion_derivation: Derivation | None
    may_decide: tuple[Decider, ...]
    disciplinary_review: bool
    penalty_review: bool


class OpinionView(AssignmentAnswer):
    late: bool


class DecidedView(AssignmentAnswer):
    """`notice_due`: until when the Government tells the PA (103-3); null where it owes no notice."""

    number: int
    notice_due: dt.date | None
    notice_derivation: Derivation | None


class GrantedView(DecidedView):
    """`moved`: co-executors' dates that the new deadline moved."""

    moved: tuple[MovedProposalView, ...]


class NoticeView(AssignmentAnswer):
    late: bool


class ReportView(AssignmentAnswer):
    number: int


class ReplacedView(AssignmentAnswer):
    proposals: tuple[ProposalView, ...]

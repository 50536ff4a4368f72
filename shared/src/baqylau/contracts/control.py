"""Events of an assignment's life: issue, proposals, execution, misses (102-1, 103-1, 103-2, "Deadlines").

Letters, decisions and what follows from them, and the calendar, are in `control_extensions`.

The figures of ``GET /discipline`` are sums over these events, by organization and by each official of ``responsible``:
issued = AssignmentIssued; on time and late = AssignmentCompleted by ``on_time``; open = issued - completed - withdrawn;
missed = DeadlineMissed - DeadlineMissRescinded; extended once and again = ExtensionGranted and ControlTransferred by
``repeated``; proposals late = ProposalMissed, and ProposalSubmitted with ``late`` where no miss of it came before;
reviews raised = DisciplinaryReviewRaised and PenaltyReviewRaised. ExecutorReplaced hands what is open to another.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from baqylau.contracts.base import PublicEvent, contract
from baqylau.contracts.values import (
    AreaParty,
    Citations,
    CoExecutor,
    Control,
    ControllingSide,
    CorrectedField,
    Occasion,
    Official,
    Originator,
    Party,
    PartyRole,
    ProposalTerm,
    Source,
    Urgency,
)


class ControlEvent(PublicEvent):
    """Base of control's events."""

    service: ClassVar[str] = "control"

    citations: Citations


class AssignmentEvent(ControlEvent):
    """Base of the events of one assignment: whose it is."""

    assignment_id: UUID = Field(description="The assignment")
    executor: Party = Field(description="Organization that consolidates and answers")
    co_executors: tuple[Party, ...] = Field(description="Organizations that propose to the executor")


class ResponsibleEvent(AssignmentEvent):
    """Base of the events that count for the executor's officials (103-1)."""

    responsible: tuple[Official, ...] = Field(
        description="First head and deputies of the area, of the executor, as on the day of the event; empty: not known"
    )


@contract
class AssignmentIssued(ResponsibleEvent):
    """An assignment was put on control, from a registered document (102-1, 103-1, 103-2)."""

    executor: AreaParty = Field(description="Organization that consolidates and answers, and its area")
    co_executors: tuple[CoExecutor, ...] = Field(description="Organizations that propose to the executor, and by when")
    document_id: UUID = Field(description="The registered document that it stands in")
    clause: str = Field(description="Number of the clause in the document")
    source: Source = Field(description="Act or instruction")
    originator: Originator = Field(description="Who gave it")
    personal: bool = Field(description="True for a personal instruction of the President (103-9)")
    occasion: Occasion | None = Field(None, description="Trip or event that it follows; with one, 102-1 applies")
    touches_government_powers: bool = Field(description="True where letters need the Government's agreement (103-3)")
    control: Control = Field(description="Kind of control (103-2)")
    urgency: Urgency | None = Field(None, description="Mark, under urgent control only (103-2)")
    issued_on: date = Field(description="Day of issue, which fixes the rule set")
    received_on: date = Field(description="Day on which the executor received it")
    deadline: date = Field(description="Last day for execution, as the issuer set it")
    controlled_by: ControllingSide = Field(description="Who controls it (102-1)")
    rule_set: str = Field(description="Rule set that governs it for life, such as RK-703")


@contract
class ProposalSubmitted(AssignmentEvent):
    """A co-executor's proposal is with the executor (103-2)."""

    co_executor: Party = Field(description="Who proposed")
    due: date = Field(description="Last day for it")
    submitted_on: date = Field(description="Day on which it was submitted")
    late: bool = Field(description="True where submitted after it was due")
    responsible: tuple[Official, ...] = Field(description="The co-executor's officials on that day (103-1)")


@contract
class ProposalMissed(AssignmentEvent):
    """A co-executor's proposal was not in at the end of the day on which it was due (103-2). Once for each due date."""

    co_executor: Party = Field(description="Whose proposal is missing")
    due: date = Field(description="The day that passed")
    responsible: tuple[Official, ...] = Field(description="The co-executor's officials on that day (103-1)")


@contract
class ExecutionReported(AssignmentEvent):
    """The executor handed in a report of execution; it's now under review."""

    number: int = Field(description="Number of the report on this assignment, from 1")
    reported_on: date = Field(description="Day of the report")
    deadline: date = Field(description="Deadline on that day")
    on_paper: bool = Field(description="True where the controlling side entered it, with evidence")


@contract
class ExecutionReturned(AssignmentEvent):
    """The controlling side returned a report; the assignment is open again."""

    number: int = Field(description="Number of the report")
    reported_on: date = Field(description="Day of the report")
    returned_on: date = Field(description="Day of the return")
    deadline: date = Field(description="Deadline of the assignment")


@contract
class AssignmentCompleted(ResponsibleEvent):
    """The controlling side accepted a report: the assignment is taken off control."""

    number: int = Field(description="Number of the accepted report")
    reported_on: date = Field(description="Day of the report")
    completed_on: date = Field(description="Day of the acceptance")
    deadline: date = Field(description="Deadline of the assignment")
    on_time: bool = Field(description="True where the report came no later than the deadline")


@contract
class AssignmentCorrected(ResponsibleEvent):
    """The controlling side corrected an assignment; a deadline moves only by a grant."""

    corrected: tuple[CorrectedField, ...] = Field(description="What was corrected; a text without its wording")
    corrected_on: date = Field(description="Day of the correction")
    clause: str | None = Field(None, description="Number of the clause now, where corrected")
    area: str | None = Field(None, description="Code of the executor's supervised area now, where corrected")


@contract
class ExecutorReplaced(ResponsibleEvent):
    """After a reorganization another executes or co-executes. ``executor``, ``co_executors``: as from now on."""

    role: PartyRole = Field(description="Whose place changed hands")
    previous: Party = Field(description="Who held the place")
    replacement: AreaParty = Field(description="Who holds it now")
    replaced_on: date = Field(description="Day of the replacement")
    proposal: ProposalTerm | None = Field(
        None, description="The new co-executor's date, where a proposal is outstanding"
    )


@contract
class AssignmentWithdrawn(ResponsibleEvent):
    """The controlling side withdrew an assignment: nothing about it falls due any more."""

    withdrawn_on: date = Field(description="Day of the withdrawal")
    deadline: date = Field(description="Deadline of the assignment")


@contract
class DeadlineMissed(ResponsibleEvent):
    """A deadline's day ended without execution (103-1: officials are personally responsible). Once for each deadline.

    A report in time that is returned after the deadline brings it then; ``responsible`` is of the deadline's day.
    """

    deadline: date = Field(description="The deadline that passed")
    extension_pending: bool = Field(description="True where a letter handed in in time was still undecided")


@contract
class DeadlineMissRescinded(ResponsibleEvent):
    """Evidence showed a miss mistaken. ``responsible`` are those whom the miss had named."""

    deadline: date = Field(description="Deadline of the miss")
    rescinded_on: date = Field(description="Day of the rescission")

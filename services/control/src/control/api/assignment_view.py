"""One assignment as shown: plain dates, their derivations beside them, and names only for those who may read them."""

from datetime import date
from typing import Any
from uuid import UUID

from baqylau.platform.commands import Answer
from pydantic import BaseModel, Field

from control.domain import assignment_events as events
from control.domain.assignment import Assignment
from control.domain.assignment_parts import DecisionMade, Party, Report
from control.domain.paragraph_103_1 import OfficialRole, ResponsibleOfficial
from control.domain.terms import Derivation, Term
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


class Official(BaseModel):
    """Personally responsible (103-1). Name and position are null for those who may not read them."""

    organization: str
    post_id: UUID
    role: OfficialRole
    acting: bool
    name: str | None
    position: str | None


class PartyView(BaseModel):
    organization: str
    unit_id: UUID
    area: str


class ProposalState(BaseModel):
    """What is expected of a co-executor (103-2)."""

    organization: str
    received_on: date
    due: date
    compressed: bool
    derivation: Derivation
    submitted_on: date | None
    late: bool = Field(description="True where it came after it was due.")
    missed: bool = Field(description="True where it wasn't in at the end of its day.")


class ResponsiblePersonView(BaseModel):
    organization: str
    name: str | None
    position: str | None


class AgreementView(BaseModel):
    by: AgreementGiver | None
    agreed_on: date | None
    reference: str | None


class PaperView(BaseModel):
    registration_number: str
    dated: date
    signed_by: str | None


class OpinionState(BaseModel):
    unit: str
    supports: bool
    text: str
    issued_on: date
    late: bool


class DecisionState(BaseModel):
    """`new_deadline`, `control`: of a grant. `reason`: of a refusal."""

    decision: DecisionMade
    decided_by: Decider
    decided_on: date
    new_deadline: date | None = None
    control: Control | None = None
    exceptional_circumstances: str | None = None
    disciplinary_outcome: str | None = None
    reason: str | None = None


class NoticeState(BaseModel):
    given_on: date
    reference: str
    late: bool


class RequestState(BaseModel):
    """A letter that was taken in (103-3), and what became of it. `opinion_under`: whose opinion a grant waits for."""

    number: int
    kind: ExtensionKind
    submitted_on: date
    on_paper: bool
    deadline: date = Field(description="The deadline on that day.")
    new_deadline: date
    to_control: Control | None
    current_state: str | None
    justification: str | None
    evidence: str | None
    responsible: list[ResponsiblePersonView]
    agreement: AgreementView | None
    letter: PaperView | None
    repeated: bool
    addressed_to: ControllingSide
    may_decide: tuple[Decider, ...]
    opinion_under: str | None
    opinion_due: date | None
    opinion_derivation: Derivation | None
    opinion_missed: bool
    opinion: OpinionState | None
    decision: DecisionState | None
    notice_due: date | None
    notice_derivation: Derivation | None
    notice_missed: bool
    notice: NoticeState | None
    reviews: dict[str, list[Official]] = Field(description="Reviews that it raised, by the event's name.")


class ReportState(BaseModel):
    """`accepted_on`, `returned_on`: both null while it is under review."""

    number: int
    reported_on: date
    on_paper: bool
    text: str
    evidence: str | None
    deadline: date = Field(description="The deadline on that day.")
    accepted_on: date | None
    returned_on: date | None
    return_reason: str | None


class MissState(BaseModel):
    """A missed deadline, with who was responsible on its day. It stays, also when it is rescinded."""

    deadline: date
    extension_pending: bool
    responsible: list[Official]
    rescinded_on: date | None


class AssignmentView(Answer):
    """Everything of an assignment.

    `responsible`: the executor's control subjects today; of a past view, those named then. `overdue`: null of a past
    view. `next_due`: the first day at whose end something is missed, null where nothing can be.
    """

    id: UUID
    document_id: UUID
    clause: str
    text: str
    source: Source
    originator: Originator
    personal: bool
    occasion: Occasion | None
    touches_government_powers: bool
    control: Control
    urgency: Urgency | None
    controlled_by: ControllingSide
    rule_set: str
    issued_on: date
    received_on: date
    deadline: date
    status: Status
    overdue: bool | None
    next_due: date | None
    executor: PartyView
    co_executors: list[PartyView]
    responsible: list[Official]
    grants: int
    proposals: list[ProposalState]
    extension_requests: list[RequestState]
    reports: list[ReportState]
    misses: list[MissState]


def view(found: Assignment, responsible: tuple[ResponsibleOfficial, ...], today: date | None) -> AssignmentView:
    """The assignment as shown to one who may read all of it. `today`: None for a past view."""
    origin, duties = found.origin, found.duties()
    return AssignmentView(
        version=found.version,
        id=found.id,
        document_id=found.document_id,
        clause=found.clause,
        text=found.text,
        source=origin.source,
        originator=origin.originator,
        personal=origin.personal,
        occasion=origin.occasion,
        touches_government_powers=origin.touches_government_powers,
        control=found.control,
        urgency=found.urgency,
        controlled_by=found.controlled_by,
        rule_set=found.rules.name,
        issued_on=found.issued_on,
        received_on=found.received_on,
        deadline=found.deadline,
        status=found.status,
        overdue=None if today is None else overdue(found, today),
        next_due=duties[0].due if duties else None,
        executor=_party(found.executor),
        co_executors=[_party(party) for party in found.co_executors],
        responsible=_officials(responsible),
        grants=found.grants,
        proposals=[
            ProposalState(
                organization=expected.organization,
                received_on=expected.received_on,
                due=expected.term.due,
                compressed=expected.term.compressed,
                derivation=expected.term.derivation,
                submitted_on=expected.submitted_on,
                late=expected.submitted_on is not None and expected.submitted_on > expected.term.due,
                missed=expected.missed,
            )
            for expected in found.proposals.values()
        ],
        extension_requests=[_request(number, request) for number, request in found.requests.items()],
        reports=[_report(number, report) for number, report in found.reports.items()],
        misses=[
            MissState(
                deadline=deadline,
                extension_pending=miss.extension_pending,
                responsible=_officials(miss.responsible),
                rescinded_on=miss.rescinded_on,
            )
            for deadline, miss in found.misses.items()
        ],
    )


def overdue(found: Assignment, today: date) -> bool:
    """Whether the deadline is over without a report of the time, accepted or under review."""
    in_time = any(r.under_review and r.reported_on <= found.deadline for r in found.reports.values())
    return found.deadline < today and not found.status.closed and not in_time


def withhold_names(shown: Any, own: str, executor: str) -> None:
    """Take out the names that a member of `own` may not read: those of other organizations' people.

    The executor reads the letters that it wrote itself, with everyone whom they name.
    """
    if isinstance(shown, list):
        for element in shown:
            withhold_names(element, own, executor)
        return
    if not isinstance(shown, dict):
        return
    if "name" in shown and shown.get("organization", own) != own:
        shown["name"] = shown["position"] = None
    if "signed_by" in shown and own != executor:
        shown["signed_by"] = None
    for key, value in shown.items():
        own_letter = own == executor and isinstance(value, list) and _names_persons(key, value)
        if not own_letter:
            withhold_names(value, own, executor)


def _names_persons(key: str, value: list[Any]) -> bool:
    """Whether these are persons whom a letter names, and not control subjects, who are known by their post."""
    return key in ("responsible", "responsible_persons") and all("post_id" not in person for person in value)


def _party(party: Party) -> PartyView:
    return PartyView(organization=party.organization, unit_id=party.unit_id, area=party.area)


def _officials(officials: tuple[ResponsibleOfficial, ...]) -> list[Official]:
    return [
        Official(
            organization=official.organization,
            post_id=official.post_id,
            role=official.role,
            acting=official.acting,
            name=official.name,
            position=official.position,
        )
        for official in officials
    ]


def _request(number: int, request: events.Request) -> RequestState:
    asked, taken, opinion, notice = request.asked, request.taken, request.opinion, request.notice
    return RequestState(
        number=number,
        kind=asked.kind,
        submitted_on=asked.submitted_on,
        on_paper=asked.on_paper,
        deadline=asked.deadline,
        new_deadline=asked.new_deadline,
        to_control=asked.to_control,
        current_state=asked.current_state,
        justification=asked.justification,
        evidence=asked.evidence,
        responsible=[
            ResponsiblePersonView(organization=p.organization, name=p.name, position=p.position)
            for p in asked.responsible_persons
        ],
        agreement=AgreementView.model_validate(asked.agreement, from_attributes=True) if asked.agreement else None,
        letter=PaperView.model_validate(asked.paper, from_attributes=True) if asked.paper else None,
        repeated=asked.repeated,
        addressed_to=asked.addressed_to,
        may_decide=asked.may_decide,
        opinion_under=asked.opinion_under,
        opinion_due=taken.opinion_due,
        opinion_derivation=_derivation(request.opinion_term),
        opinion_missed=taken.opinion_missed,
        opinion=OpinionState.model_validate(opinion, from_attributes=True) if opinion else None,
        decision=_decision(request.decision),
        notice_due=taken.notice_due,
        notice_derivation=_derivation(request.notice_term),
        notice_missed=taken.notice_missed,
        notice=NoticeState.model_validate(notice, from_attributes=True) if notice else None,
        reviews={name: _officials(officials) for name, officials in request.reviews.items()},
    )


def _decision(decision: events.Granted | events.ExtensionRefused | None) -> DecisionState | None:
    if decision is None:
        return None
    made = DecisionMade.GRANTED if isinstance(decision, events.Granted) else DecisionMade.REFUSED
    return DecisionState.model_validate(vars(decision) | {"decision": made})


def _derivation(term: Term | None) -> Derivation | None:
    return None if term is None else term.derivation


def _report(number: int, report: Report) -> ReportState:
    return ReportState(
        number=number,
        reported_on=report.reported_on,
        on_paper=report.on_paper,
        text=report.text,
        evidence=report.evidence,
        deadline=report.deadline,
        accepted_on=report.accepted_on,
        returned_on=report.returned_on,
        return_reason=report.return_reason,
    )

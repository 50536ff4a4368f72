"""Control of assignments as a team would write it, on the database of the documents' peer.

One transaction a request, with an outbox row. The dates of 103-2 by `numpy.busday_offset`. What it leaves out of ours:
the judgement by law, derivations, responsible officials, history, and whoever sends the outbox on.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import holidays
import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from benchmarks.peers.documents import Body, Document, Outbox, Unit
from benchmarks.peers.platform import Session, Tables, role, serve

_HOLIDAYS = holidays.country_holidays("KZ", years=range(2020, 2033))
CALENDAR = np.busdaycalendar(holidays=np.array(sorted(_HOLIDAYS), dtype="datetime64[D]"))
FORWARDS = {"very_urgent": 1, "urgent": 3, "accelerate": 3}
BACKWARDS = {"short_term": 5, "medium_term": 10, "long_term": 20}

Organization = Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class Party(Body):
    organization: Organization
    unit_id: UUID
    area: str = Field(max_length=200)


class CoExecutorNamed(Party):
    received_on: date | None = None
    proposal_due: date | None = None


class IssueAssignment(Body):
    document_id: UUID
    clause: str = Field(min_length=1, max_length=200)
    text: Text
    source: str = Field(pattern="^(act|instruction)$")
    originator: str = Field(pattern="^(president|head_of_pa|pa_leadership)$")
    personal: bool = False
    occasion: str | None = Field(None, pattern="^(regional_trip|international_event|public_event)$")
    touches_government_powers: bool = False
    control: str = Field(pattern="^(urgent|short_term|medium_term|long_term)$")
    urgency: str | None = Field(None, pattern="^(very_urgent|urgent|accelerate)$")
    issued_on: date | None = None
    received_on: date | None = None
    deadline: date
    executor: Party
    co_executors: list[CoExecutorNamed] = Field([], max_length=300)


class SubmitProposal(Body):
    organization: Organization
    text: Text


class Responsible(Body):
    organization: str
    name: str
    position: str


class RequestExtension(Body):
    kind: str = Field(pattern="^(extension|transfer)$")
    new_deadline: date
    current_state: Text
    justification: Text
    responsible: list[Responsible]


class ReportExecution(Body):
    text: Text


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProposalView(Shown):
    organization: str
    unit_id: UUID
    area: str
    received_on: date
    due: date
    submitted_on: date | None


class RequestView(Shown):
    number: int
    kind: str
    submitted_on: date
    new_deadline: date
    current_state: str
    justification: str
    responsible: list[dict[str, Any]]


class ReportView(Shown):
    number: int
    text: str
    reported_on: date


class AssignmentItem(Shown):
    id: UUID
    version: int
    document_id: UUID
    clause: str
    source: str
    originator: str
    control: str
    status: str
    issued_on: date
    deadline: date
    executor_organization: str
    executor_unit: UUID
    co_executors: list[ProposalView]


class AssignmentView(AssignmentItem):
    text: str
    requests: list[RequestView]
    reports: list[ReportView]


class AssignmentList(BaseModel):
    items: list[AssignmentItem]


class Assignment(Tables):
    __tablename__ = "assignments"
    __table_args__ = (
        Index("assignments_by_deadline", "deadline", "id"),
        Index("assignments_by_executor", "executor_organization", "status", "deadline", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    clause: Mapped[str]
    text: Mapped[str]
    source: Mapped[str]
    originator: Mapped[str]
    personal: Mapped[bool]
    occasion: Mapped[str | None]
    touches_government_powers: Mapped[bool]
    control: Mapped[str]
    urgency: Mapped[str | None]
    issued_on: Mapped[date]
    received_on: Mapped[date]
    deadline: Mapped[date]
    executor_organization: Mapped[str]
    executor_unit: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    executor_area: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    co_executors: Mapped[list["CoExecutor"]] = relationship(order_by="CoExecutor.id")
    requests: Mapped[list["ExtensionRequest"]] = relationship(order_by="ExtensionRequest.number")
    reports: Mapped[list["Report"]] = relationship(order_by="Report.number")


class CoExecutor(Tables):
    __tablename__ = "co_executors"

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), index=True)
    organization: Mapped[str] = mapped_column(index=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    area: Mapped[str]
    received_on: Mapped[date]
    due: Mapped[date]
    submitted_on: Mapped[date | None]
    text: Mapped[str | None]


class ExtensionRequest(Tables):
    __tablename__ = "extension_requests"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    submitted_on: Mapped[date]
    new_deadline: Mapped[date]
    current_state: Mapped[str]
    justification: Mapped[str]
    responsible: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Report(Tables):
    __tablename__ = "reports"

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    reported_on: Mapped[date]


router = APIRouter(prefix="/assignments")
Controller = Annotated[dict[str, Any], Depends(role("controller"))]
Participant = Annotated[dict[str, Any], Depends(role("controller", "executor"))]


def proposal_due(body: IssueAssignment, received_on: date) -> date:
    """103-2: forwards from receipt for urgent control, else back from the deadline; after receipt in any case."""
    if body.urgency is not None:
        start, days = received_on, FORWARDS[body.urgency]
    else:
        start, days = body.deadline, -BACKWARDS[body.control]
    counted = _working_day(start, days, "backward" if days > 0 else "forward")
    return min(max(counted, _working_day(received_on, 1, "backward")), body.deadline)


def _working_day(start: date, days: int, roll: Literal["backward", "forward"]) -> date:
    found = np.busday_offset(np.datetime64(start), days, roll=roll, busdaycal=CALENDAR).item()
    assert isinstance(found, date)
    return found


@router.post("", status_code=201)
async def issue(body: IssueAssignment, session: Session, _: Controller) -> AssignmentItem:
    """Issue an assignment from a registered document."""
    if await session.get(Document, body.document_id) is None:
        raise HTTPException(409, "The document isn't known here.")
    parties = [body.executor, *body.co_executors]
    known = set(await session.scalars(select(Unit.id).where(Unit.id.in_({party.unit_id for party in parties}))))
    if {party.unit_id for party in parties} - known:
        raise HTTPException(409, "A unit isn't known here.")
    today = datetime.now(UTC).date()
    received_on = body.received_on or today
    found = Assignment(
        id=uuid4(),
        **body.model_dump(exclude={"executor", "co_executors", "issued_on", "received_on"}),
        issued_on=body.issued_on or today,
        received_on=received_on,
        executor_organization=body.executor.organization,
        executor_unit=body.executor.unit_id,
        executor_area=body.executor.area,
        co_executors=[
            CoExecutor(
                **party.model_dump(exclude={"received_on", "proposal_due"}),
                received_on=party.received_on or received_on,
                due=party.proposal_due or proposal_due(body, party.received_on or received_on),
            )
            for party in body.co_executors
        ],
    )
    due = [{"organization": party.organization, "due": party.due.isoformat()} for party in found.co_executors]
    _tell(session, found, "AssignmentIssued", deadline=body.deadline.isoformat(), proposals=due)
    session.add(found)
    await session.commit()
    return AssignmentItem.model_validate(found)


@router.post("/{id}/proposals", status_code=201)
async def submit_proposal(id: UUID, body: SubmitProposal, session: Session, _: Participant) -> AssignmentItem:  # noqa: A002
    """Take a co-executor's proposal in."""
    found = await _locked(session, id)
    expected = next((party for party in found.co_executors if party.organization == body.organization), None)
    if expected is None or expected.submitted_on is not None:
        raise HTTPException(409, "No proposal is awaited from there.")
    expected.submitted_on, expected.text = datetime.now(UTC).date(), body.text
    return await _changed(session, found, "ProposalSubmitted", organization=body.organization)


@router.post("/{id}/extension-requests", status_code=201)
async def request_extension(id: UUID, body: RequestExtension, session: Session, _: Participant) -> AssignmentItem:  # noqa: A002
    """Take a letter in."""
    found = await _locked(session, id)
    number = len(await _numbers(session, ExtensionRequest, id)) + 1
    session.add(
        ExtensionRequest(assignment_id=id, number=number, submitted_on=datetime.now(UTC).date(), **body.model_dump())
    )
    return await _changed(session, found, "ExtensionRequested", number=number)


@router.post("/{id}/reports", status_code=201)
async def report(id: UUID, body: ReportExecution, session: Session, _: Participant) -> AssignmentItem:  # noqa: A002
    """Take a report of execution in."""
    found = await _locked(session, id)
    if found.status != "open":
        raise HTTPException(409, "It's reported, or closed.")
    number = len(await _numbers(session, Report, id)) + 1
    found.status = "reported"
    session.add(Report(assignment_id=id, number=number, text=body.text, reported_on=datetime.now(UTC).date()))
    return await _changed(session, found, "ExecutionReported", number=number)


@router.get("/{id}")
async def assignment(id: UUID, session: Session, _: Participant) -> AssignmentView:  # noqa: A002
    """Everything of one assignment."""
    everything = (Assignment.co_executors, Assignment.requests, Assignment.reports)
    found = await session.get(Assignment, id, options=[selectinload(part) for part in everything])
    if found is None:
        raise HTTPException(404)
    return AssignmentView.model_validate(found)


@router.get("")
async def assignments(
    session: Session,
    _: Participant,
    organization: Organization | None = None,
    status: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AssignmentList:
    """Assignments by deadline, the first due first. `organization`: as executor."""
    asked = select(Assignment).options(selectinload(Assignment.co_executors))
    if organization is not None:
        asked = asked.where(Assignment.executor_organization == organization)
    if status is not None:
        asked = asked.where(Assignment.status == status)
    found = await session.scalars(asked.order_by(Assignment.deadline, Assignment.id).limit(limit))
    return AssignmentList(items=[AssignmentItem.model_validate(one) for one in found])


async def _locked(session: AsyncSession, id_: UUID) -> Assignment:
    found = await session.get(
        Assignment, id_, options=[selectinload(Assignment.co_executors)], with_for_update={"of": Assignment}
    )
    if found is None:
        raise HTTPException(404)
    return found


async def _numbers(session: AsyncSession, table: type[ExtensionRequest | Report], id_: UUID) -> Sequence[int]:
    return (await session.scalars(select(table.number).where(table.assignment_id == id_))).all()


async def _changed(session: AsyncSession, found: Assignment, event: str, **more: Any) -> AssignmentItem:
    found.version += 1
    _tell(session, found, event, **more)
    await session.commit()
    return AssignmentItem.model_validate(found)


def _tell(session: AsyncSession, found: Assignment, event: str, **more: Any) -> None:
    session.add(Outbox(key=str(found.id), type=event, payload={"assignment_id": str(found.id), **more}))


if __name__ == "__main__":
    serve(router)

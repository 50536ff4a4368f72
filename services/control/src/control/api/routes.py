"""The commands on assignments."""

from typing import Annotated
from uuid import uuid4

from baqylau.platform.auth import Role
from baqylau.platform.problems import responses
from fastapi import APIRouter, Depends, HTTPException, Response

from control import application
from control.api import schemas
from control.api.desk import AssignmentId, Desk, MissedDeadline, Number, desk
from control.domain.assignment_letters import TurnedBack

router = APIRouter(prefix="/assignments", tags=["assignments"])

Controller = Annotated[Desk, Depends(desk(Role.CONTROLLER))]
Participant = Annotated[Desk, Depends(desk(Role.CONTROLLER, Role.EXECUTOR))]

CHANGES = responses(404, 409, 412)


@router.post("", status_code=201, response_model=schemas.IssuedView, responses=responses(409))
async def issue(body: schemas.IssueAssignment, at: Controller) -> Response:
    """Issue an assignment from a registered document. One entered after its deadline is missed at once."""
    assignment_id = uuid4()
    return await at.run(
        lambda work, c: application.issue(work, assignment_id, body, at.known_units, c),
        201,
        ahead=[application.document_asked(body.document_id)],
    )


@router.post("/{id}/proposals", status_code=201, response_model=schemas.ProposalSubmittedView, responses=CHANGES)
async def submit_proposal(assignment_id: AssignmentId, body: schemas.SubmitProposal, at: Participant) -> Response:
    """Take a co-executor's proposal in (103-2). A late one is taken in, and shown as late."""
    if at.organization not in (None, body.organization):
        raise HTTPException(403, "A proposal is entered by its own organization, or by the controlling side.")
    return await at.run(lambda work, c: application.submit_proposal(work, assignment_id, body, at.organization, c), 201)


@router.post(
    "/{id}/extension-requests", status_code=201, response_model=schemas.ExtensionRequestedView, responses=CHANGES
)
async def request_extension(assignment_id: AssignmentId, body: schemas.RequestExtension, at: Participant) -> Response:
    """Take a letter in (103-3), or turn it back with every ground."""
    try:
        return await at.run(
            lambda work, c: application.request_extension(work, assignment_id, body, at.organization, c), 201
        )
    except TurnedBack as refusal:
        await at.keep_attempt(assignment_id, refusal)
        raise


@router.post("/{id}/extension-requests/{number}/opinion", response_model=schemas.OpinionView, responses=CHANGES)
async def issue_opinion(
    assignment_id: AssignmentId, number: Number, body: schemas.IssueOpinion, at: Controller
) -> Response:
    """Record the expert opinion on a letter (103-4, 103-6, 103-7). A late one is taken in, and shown as late."""
    return await at.run(lambda work, c: application.issue_opinion(work, assignment_id, number, body, c))


@router.post("/{id}/extension-requests/{number}/grant", response_model=schemas.GrantedView, responses=CHANGES)
async def grant(assignment_id: AssignmentId, number: Number, body: schemas.Grant, at: Controller) -> Response:
    """Record that a letter was granted (103-4, 103-5, 103-9)."""
    return await at.run(lambda work, c: application.grant(work, assignment_id, number, body, c))


@router.post("/{id}/extension-requests/{number}/refusal", response_model=schemas.DecidedView, responses=CHANGES)
async def refuse(assignment_id: AssignmentId, number: Number, body: schemas.Refusal, at: Controller) -> Response:
    """Record that a letter was refused. It counts for 103-8."""
    return await at.run(lambda work, c: application.refuse(work, assignment_id, number, body, c))


@router.post("/{id}/extension-requests/{number}/notice", response_model=schemas.NoticeView, responses=CHANGES)
async def give_notice(
    assignment_id: AssignmentId, number: Number, body: schemas.GiveNotice, at: Controller
) -> Response:
    """Record that the Government told the PA of its decision (103-3)."""
    return await at.run(lambda work, c: application.give_notice(work, assignment_id, number, body, c))


@router.post("/{id}/reports", status_code=201, response_model=schemas.ReportView, responses=CHANGES)
async def report(assignment_id: AssignmentId, body: schemas.ReportExecution, at: Participant) -> Response:
    """Take a report of execution in; it is under review."""
    return await at.run(lambda work, c: application.report(work, assignment_id, body, at.organization, c), 201)


@router.post("/{id}/reports/{number}/acceptance", response_model=schemas.ReportView, responses=CHANGES)
async def accept_report(
    assignment_id: AssignmentId,
    number: Number,
    at: Controller,
    body: schemas.AcceptReport | None = None,
) -> Response:
    """Accept a report: the assignment is completed and taken off control."""
    return await at.run(
        lambda work, c: application.accept_report(work, assignment_id, number, body or schemas.AcceptReport(), c)
    )


@router.post("/{id}/reports/{number}/return", response_model=schemas.ReportView, responses=CHANGES)
async def return_report(
    assignment_id: AssignmentId, number: Number, body: schemas.ReturnReport, at: Controller
) -> Response:
    """Return a report: the assignment is open again. In time and returned after the deadline, it is missed then."""
    return await at.run(lambda work, c: application.return_report(work, assignment_id, number, body, c))


@router.post("/{id}/corrections", response_model=schemas.AssignmentAnswer, responses=CHANGES)
async def correct(assignment_id: AssignmentId, body: schemas.Correct, at: Controller) -> Response:
    """Correct clause, text or the executor's area. The deadline moves only by a grant."""
    return await at.run(lambda work, c: application.correct(work, assignment_id, body, c))


@router.post("/{id}/executors", response_model=schemas.ReplacedView, responses=CHANGES)
async def replace_party(assignment_id: AssignmentId, body: schemas.ReplaceExecutor, at: Controller) -> Response:
    """Replace the executor or a co-executor after a reorganization."""
    return await at.run(lambda work, c: application.replace_party(work, assignment_id, body, at.known_units, c))


@router.post("/{id}/withdrawal", response_model=schemas.AssignmentAnswer, responses=CHANGES)
async def withdraw(assignment_id: AssignmentId, body: schemas.Withdraw, at: Controller) -> Response:
    """Take an assignment off control without execution."""
    return await at.run(lambda work, c: application.withdraw(work, assignment_id, body, c))


@router.post("/{id}/misses/{deadline}/rescission", response_model=schemas.AssignmentAnswer, responses=CHANGES)
async def rescind_miss(
    assignment_id: AssignmentId, deadline: MissedDeadline, body: schemas.RescindMiss, at: Controller
) -> Response:
    """Rescind the miss of a deadline that evidence shows mistaken. It stays in the history."""
    return await at.run(lambda work, c: application.rescind_miss(work, assignment_id, deadline, body, c))

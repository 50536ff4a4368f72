"""Routes of audit and proof."""

from typing import Annotated

from baqylau.lines import Line
from baqylau.platform.auth import Caller, Role, caller, require
from baqylau.platform.commands import Commands
from baqylau.platform.problems import responses
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from secrecy_gate import audit
from secrecy_gate.api.audit_schemas import BreachList, Findings, Judged, ProofView, proof_view

router = APIRouter(tags=["audit"])

Auditor = Annotated[Caller, Depends(require(Role.AUDITOR))]


async def auditor_of_a_line(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """An auditor with the credentials of a line. What it reports is about that line, whatever it says."""
    if who.audience is Line.GATE or not who.may(Role.AUDITOR):
        raise HTTPException(403, "Findings come from an auditor that runs inside a line, with that line's token.")
    return who


@router.post("/findings", response_model=Judged, responses=responses())
async def report_findings(
    body: Findings, request: Request, who: Annotated[Caller, Depends(auditor_of_a_line)]
) -> Response:
    """Records that a line's auditor could not reconcile. The gate judges them; the same again is nothing new."""
    command = Commands(request, who, None, None)
    return await command.run(lambda work, cause: audit.judge(work, who.audience, body.findings, cause))


@router.get("/breaches", responses=responses())
def breaches(
    request: Request,
    _: Auditor,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> BreachList:
    """What the audit found, in the order of finding."""
    found = audit.breaches(request.app.state.service, after, limit)
    return BreachList(items=found, next=found[-1].number if len(found) == limit else None)


@router.get("/proof", responses=responses())
def proof(request: Request, _: Auditor) -> ProofView:
    """For each unit tree, the regimes that it ever held and the events that show it, from the whole log."""
    keeper: audit.ProofKeeper = request.app.state.proof
    return keeper.shown(proof_view)


@router.get("/proof/log", responses=responses(), response_class=StreamingResponse)
def proof_log(request: Request, _: Auditor) -> StreamingResponse:
    """The whole log with its hash chain, an event a line (NDJSON), to be checked offline by `secrecy_gate.verify`."""
    return StreamingResponse(audit.export(request.app.state.service), media_type="application/x-ndjson")

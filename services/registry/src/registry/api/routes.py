"""The registry's routes."""

from typing import Annotated
from uuid import UUID

from baqylau.contracts.values import DocumentKind
from baqylau.platform.auth import Caller, Role, require
from baqylau.platform.commands import Commands, commands
from baqylau.platform.problems import responses
from baqylau.platform.short_way import shown
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from registry.api import content as files
from registry.api.schemas import (
    STORABLE,
    ChangedDocument,
    CorrectDocument,
    Day,
    DocumentList,
    DocumentView,
    RegisterDocument,
    RegisteredDocument,
    StoredContent,
    WithdrawDocument,
)
from registry.application import Asked, Registry, Units
from registry.projections.content import Contents

router = APIRouter(tags=["documents"])

Registrar = Annotated[Commands, Depends(commands(Role.REGISTRAR))]
Reader = Annotated[Caller, Depends(require(Role.REGISTRAR, Role.AUDITOR))]


async def _registry(request: Request) -> Registry:
    found: Registry = request.app.state.registry
    return found


async def _contents(request: Request) -> Contents:
    found: Contents = request.app.state.contents
    return found


async def _visible(caller: Reader) -> Units:
    """A registrar sees the documents of the units in its token, an auditor all."""
    return None if caller.may(Role.AUDITOR) else caller.units


Documents = Annotated[Registry, Depends(_registry)]
Files = Annotated[Contents, Depends(_contents)]
Visible = Annotated[Units, Depends(_visible)]

FILE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.post("/documents", status_code=201, response_model=RegisteredDocument, responses=responses(409))
async def register_document(body: RegisterDocument, request: Request, command: Registrar) -> Response:
    """Register a document: judged by paragraphs 2, 43 and 46, numbered without gaps for its unit and year."""
    if body.unit_id not in command.caller.units:
        raise HTTPException(403, "The token isn't for this unit.")
    registry, today = await _registry(request), request.app.state.clock.today()
    return await command.run(lambda work, cause: registry.register(work, body, today, cause), 201)


@router.get("/documents", response_model=DocumentList, responses=responses())
def documents(
    registry: Documents,
    units: Visible,
    q: Annotated[str | None, Query(max_length=200, pattern=STORABLE, description="Words, in kk, ru or en.")] = None,
    unit_id: UUID | None = None,
    kind: DocumentKind | None = None,
    first: Annotated[Day | None, Query(alias="from", description="First day of registration.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day of registration.")] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The documents that the caller may see, newest first, by title, number, names and filters."""
    return shown(registry.documents(Asked(q, unit_id, kind, first, last, after, limit), units))


@router.get("/documents/{id}", response_model=DocumentView, responses=responses(404))
def document(id: UUID, registry: Documents, units: Visible) -> Response:  # noqa: A002
    """One document with everything about it but its content."""
    return shown(registry.document(id, units))


@router.post("/documents/{id}/corrections", response_model=ChangedDocument, responses=responses(404, 409, 412))
async def correct_document(
    id: UUID,  # noqa: A002
    body: CorrectDocument,
    request: Request,
    registry: Documents,
    command: Registrar,
) -> Response:
    """Correct metadata. The corrected whole is judged again."""
    today, units = request.app.state.clock.today(), command.caller.units
    return await command.run(lambda work, cause: registry.correct(work, id, units, body, today, cause))


@router.post("/documents/{id}/withdrawal", response_model=ChangedDocument, responses=responses(404, 409, 412))
async def withdraw_document(
    id: UUID,  # noqa: A002
    body: WithdrawDocument,
    request: Request,
    registry: Documents,
    command: Registrar,
) -> Response:
    """Withdraw a document. It stays, and so does its number."""
    today, units = request.app.state.clock.today(), command.caller.units
    return await command.run(lambda work, cause: registry.withdraw(work, id, units, body, today, cause))


@router.put(
    "/documents/{id}/content",
    response_model=StoredContent,
    responses=responses(400, 404, 409, 412),
    openapi_extra={"requestBody": {"required": True, **FILE}},
)
async def store_content(
    id: UUID,  # noqa: A002
    request: Request,
    registry: Documents,
    uploads: Files,
    command: Registrar,
) -> Response:
    """Store the content, at most 64 MiB, once. The same again gives the same answer."""
    units = command.caller.units
    await run_in_threadpool(registry.document, id, units)
    received = await files.receive(request, uploads)
    try:
        return await command.run(lambda work, cause: registry.store_content(work, id, units, received, cause))
    finally:
        await files.end(uploads, received.upload_id)


@router.get(
    "/documents/{id}/content",
    response_class=Response,
    responses={200: {"description": "The file", **FILE}, **responses(404)},
)
def content(id: UUID, registry: Documents, stored: Files, units: Visible) -> Response:  # noqa: A002
    """The content, as it was stored."""
    return files.send(stored, registry.content(id, units))

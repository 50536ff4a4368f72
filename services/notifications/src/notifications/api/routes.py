"""The service's routes.

An inbox is read by those whose token names the recipient's unit (executors, registrars, controllers), and by operators
and auditors of the line; to anyone else the recipient isn't there.
"""

from typing import Annotated
from uuid import UUID

from baqylau.platform.auth import Caller, Role, require
from baqylau.platform.commands import Commands, commands
from baqylau.platform.problems import responses
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from notifications import application
from notifications.api.schemas import DeliveryList, DeliveryView, Inbox, NoticeView, PutRecipient, RecipientView
from notifications.api.stream import follow
from notifications.application import Reader
from notifications.domain.notice import DeliveryStatus

router = APIRouter()

OF_UNITS = (Role.EXECUTOR, Role.REGISTRAR, Role.CONTROLLER)
OF_LINE = (Role.OPERATOR, Role.AUDITOR)


def reader(who: Caller) -> Reader:
    """Whose inboxes a caller may read."""
    return Reader(None if who.may(*OF_LINE) else who.units)


Operator = Annotated[Commands, Depends(commands(Role.OPERATOR))]
Overseer = Annotated[Caller, Depends(require(*OF_LINE))]
Member = Annotated[Caller, Depends(require(*OF_UNITS, *OF_LINE))]
MemberCommand = Annotated[Commands, Depends(commands(*OF_UNITS, Role.OPERATOR))]
Cursor = Annotated[int | None, Query(ge=1, le=2**62, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.put("/recipients/{id}", response_model=RecipientView, responses=responses(409, 412))
async def put_recipient(id: UUID, body: PutRecipient, request: Request, command: Operator) -> Response:  # noqa: A002
    """Say who is told of what concerns a unit, in which language and by which channels."""
    handling = request.app.state.handling
    return await command.run(lambda work, cause: application.put_recipient(work, handling, id, body, cause))


@router.get("/recipients/{id}", response_model=RecipientView, responses=responses(404))
def recipient(id: UUID, request: Request, _: Overseer) -> RecipientView:  # noqa: A002
    """One recipient, without secrets."""
    return application.recipient_view(request.app.state.service, id)


@router.get("/inbox/{recipient}", response_model=Inbox, responses=responses(404))
def inbox(recipient: UUID, request: Request, who: Member, after: Cursor = None, limit: Limit = 100) -> Inbox:
    """A recipient's notices, newest first, in its language."""
    state = request.app.state
    items, unread = application.inbox(state.service, state.handling.regime, recipient, reader(who), after, limit)
    return Inbox(items=items, next=items[-1].number if len(items) == limit else None, unread=unread)


@router.get("/inbox/{recipient}/stream", responses=responses(404))
def stream(
    recipient: UUID, request: Request, who: Member, after: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> StreamingResponse:
    """The same as server-sent events, oldest first: `id` is the notice's number; `Last-Event-ID` resumes behind it."""
    return StreamingResponse(follow(request, recipient, reader(who), after), media_type="text/event-stream")


@router.post("/inbox/{recipient}/{notice}/read", response_model=NoticeView, responses=responses(404, 412))
async def read_notice(recipient: UUID, notice: UUID, request: Request, command: MemberCommand) -> Response:
    """Mark a notice as read."""
    regime, who = request.app.state.handling.regime, reader(command.caller)
    return await command.run(lambda work, cause: application.read_notice(work, regime, recipient, notice, who, cause))


@router.get("/deliveries", response_model=DeliveryList, responses=responses())
def deliveries(
    request: Request, _: Overseer, status: DeliveryStatus | None = None, after: Cursor = None, limit: Limit = 100
) -> DeliveryList:
    """Deliveries by the channels besides the inbox, newest first."""
    items = application.deliveries(request.app.state.service, status, after, limit)
    return DeliveryList(items=items, next=items[-1].number if len(items) == limit else None)


@router.post("/deliveries/{id}/retry", response_model=DeliveryView, responses=responses(404, 409, 412))
async def retry_delivery(id: UUID, command: Operator) -> Response:  # noqa: A002
    """Try a delivery again now, with the pauses from the start."""
    return await command.run(lambda work, cause: application.retry_delivery(work, id, cause))

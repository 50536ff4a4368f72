"""The routes of records that could not be handled: an operator sees to them, an auditor may read what they say."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.work import NotFound, Work
from baqylau.messaging.parked import (
    Discarded,
    Discarding,
    Parked,
    ParkedRecords,
    Retried,
    discard,
    parked,
    records_of,
    retry,
)
from baqylau.messaging.parked_key import parked_id
from baqylau.platform.auth import Caller, Role, require
from baqylau.platform.commands import Commands, commands
from baqylau.platform.problems import responses
from baqylau.platform.runtime import Runtime
from baqylau.refusals import Ground, Refused

router = APIRouter(tags=["operation"])

Reader = Annotated[Caller, Depends(require(Role.OPERATOR, Role.AUDITOR))]
Operation = Annotated[Commands, Depends(commands(Role.OPERATOR))]
Limit = Annotated[int, Query(ge=1, le=500)]


class ParkedKeys(BaseModel):
    """`next`: the key to go on after."""

    items: list[Parked]
    next: str | None


class Step(BaseModel):
    """One event of a parked key: `RecordParked`, `ParkedRecordsRetried`, `ParkedRecordsDiscarded`, and who did it."""

    type: str
    version: int
    recorded_at: AwareDatetime
    actor: str
    data: dict[str, Any]


class Steps(BaseModel):
    """`next`: the version to go on after."""

    items: list[Step]
    next: int | None


@router.get("/parked", response_model=ParkedKeys, responses=responses())
def list_parked(
    request: Request, _: Reader, after: Annotated[str, Query(max_length=300)] = "", limit: Limit = 100
) -> ParkedKeys:
    """Records that could not be handled, by key, with the reason in codes."""
    found = parked(request.app.state.service.store, limit, after)
    return ParkedKeys(items=list(found), next=found[-1].key if len({one.key for one in found}) == limit else None)


@router.get("/parked/{key:path}/history", response_model=Steps, responses=responses(404))
def history(
    request: Request, key: str, _: Reader, after: Annotated[int, Query(ge=0, le=2**31)] = 0, limit: Limit = 100
) -> Steps:
    """What became of a key's parked records, oldest first: parked, played again, discarded, by whom and why.

    It stays when none is parked any more. 404: none of this key ever was.
    """
    events = request.app.state.service.history(parked_id(key), after, limit)
    if not events and not after:
        raise NotFound
    items = [
        Step(
            type=type(event).__name__,
            version=event.originator_version,
            recorded_at=event.cause.recorded_at,
            actor=event.cause.actor,
            data=event.model_dump(mode="json", exclude={"originator_id", "originator_version", "cause"}),
        )
        for event in events
    ]
    return Steps(items=items, next=items[-1].version if len(items) == limit else None)


@router.get("/parked/{key:path}", response_model=ParkedRecords, responses=responses(404))
def inspect_parked(
    request: Request, key: str, who: Reader, after: Annotated[str, Query(max_length=330)] = "", limit: Limit = 100
) -> ParkedRecords:
    """The parked records of a key, in the order in which they would be played. An auditor sees what they say.

    `items` is empty where all of them took effect or were discarded. 404: none of this key ever was parked.
    """
    runtime: Runtime = request.app.state.runtime
    id_, store = parked_id(key), runtime.service.store
    found = records_of(store, key, _cursor(after), limit, whole=who.may(Role.AUDITOR))
    last = store.select_events(id_, desc=True, limit=1)
    if not found and not last:
        raise NotFound
    return ParkedRecords(
        key=key,
        version=last[0].originator_version if last else 0,
        items=found,
        next=f"{found[-1].upstream}:{found[-1].position}" if len(found) == limit else None,
    )


def _cursor(after: str) -> tuple[str, int]:
    """Upstream and position, as `next` showed them."""
    upstream, _, position = after.rpartition(":")
    if after and not (position.isascii() and position.isdigit() and len(position) < 19):
        raise Refused([Ground(None, "cursor-malformed", "after", of_payload=True)])
    return upstream, int(position or -1)


@router.post("/parked/{key:path}/retry", response_model=Retried, responses=responses(404, 412))
async def retry_parked(request: Request, key: str, command: Operation) -> Response:
    """Play the records of a key again, in order, up to the first that still can't be handled."""
    runtime: Runtime = request.app.state.runtime

    def task(work: Work, cause: Cause) -> Retried:
        return retry(work, runtime.intake, key, cause)

    return await command.run(task)


@router.post("/parked/{key:path}/discard", response_model=Discarded, responses=responses(404, 409, 412))
async def discard_parked(key: str, body: Discarding, command: Operation) -> Response:
    """Give records of a key up, with a reason: they never take effect. Who did it and why stays in the history.

    Without `records`, all that are parked now; with `If-Match`, only if none has come since.
    """

    def task(work: Work, cause: Cause) -> Discarded:
        return discard(work, key, body, cause)

    return await command.run(task)

"""The gate's routes."""

from typing import Annotated
from uuid import UUID

from baqylau.platform.auth import Caller, Role, require
from baqylau.platform.commands import Commands, commands
from baqylau.platform.problems import responses
from fastapi import APIRouter, Depends, Query, Request, Response

from secrecy_gate import application
from secrecy_gate.api.schemas import (
    AssignRegime,
    Decision,
    DecisionsAsked,
    DissolveUnit,
    EstablishUnit,
    MoveUnit,
    OrganizationView,
    PostEmployee,
    PostingView,
    RegisterOrganization,
    UnitList,
    UnitView,
)

router = APIRouter()

Officer = Annotated[Commands, Depends(commands(Role.GATE_OFFICER))]
Reader = Annotated[Caller, Depends(require(Role.GATE_OFFICER, Role.AUDITOR))]
Asker = Annotated[Caller, Depends(require(Role.GATE_OFFICER, Role.SUBSCRIBER))]


@router.post("/organizations", status_code=201, response_model=OrganizationView, responses=responses(409))
async def register_organization(body: RegisterOrganization, command: Officer) -> Response:
    """Make an organization known to all lines."""
    return await command.run(lambda work, cause: application.register_organization(work, body, cause), 201)


@router.get("/organizations/{code}/units", response_model=UnitList, responses=responses(404))
def units_of(
    code: str,
    request: Request,
    _: Reader,
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> UnitList:
    """The unit trees of an organization, by the code of their top unit. `next`: the code to go on after."""
    return application.units_of(request.app.state.service, code, after, limit)


@router.post("/units", status_code=201, response_model=UnitView, responses=responses(409))
async def establish_unit(body: EstablishUnit, command: Officer) -> Response:
    """Establish a structural unit."""
    return await command.run(lambda work, cause: application.establish_unit(work, body, cause), 201)


@router.get("/units/{id}", response_model=UnitView, responses=responses(404))
def unit(id: UUID, request: Request, _: Reader) -> UnitView:  # noqa: A002
    """One unit."""
    return application.unit(request.app.state.service, id)


@router.put("/units/{id}/regime", response_model=UnitView, responses=responses(404, 409, 412))
async def assign_regime(id: UUID, body: AssignRegime, command: Officer) -> Response:  # noqa: A002
    """Give the unit's tree its regime, once, for ever."""
    return await command.run(lambda work, cause: application.assign_regime(work, id, body.regime, cause))


@router.put("/units/{id}/parent", response_model=UnitView, responses=responses(404, 409, 412))
async def move_unit(id: UUID, body: MoveUnit, command: Officer) -> Response:  # noqa: A002
    """Move a unit with everything under it."""
    return await command.run(lambda work, cause: application.move_unit(work, id, body, cause))


@router.post("/units/{id}/dissolve", response_model=UnitView, responses=responses(404, 409, 412))
async def dissolve_unit(id: UUID, body: DissolveUnit, request: Request, command: Officer) -> Response:  # noqa: A002
    """Dissolve a unit."""
    today = request.app.state.clock.today()
    return await command.run(lambda work, cause: application.dissolve_unit(work, id, body, today, cause))


@router.post("/postings", status_code=201, response_model=PostingView, responses=responses(409))
async def post_employee(body: PostEmployee, command: Officer) -> Response:
    """Post an employee to a unit."""
    return await command.run(lambda work, cause: application.post_employee(work, body, cause), 201)


@router.delete("/postings/{id}", response_model=PostingView, responses=responses(404, 412))
async def release_employee(id: UUID, command: Officer) -> Response:  # noqa: A002
    """End a posting."""
    return await command.run(lambda work, cause: application.release_employee(work, id, cause))


@router.post("/decisions", response_model=Decision | list[Decision], responses=responses())
def decide(body: DecisionsAsked, request: Request, _: Asker) -> Decision | list[Decision]:
    """May a record of a regime be handled in a unit? One question, or up to 1,000 at once.

    The answer is the same for each `action`, and for a unit that is dissolved or not known as for one without a regime.
    """
    if isinstance(body, list):
        return application.decide(request.app.state.service, body)
    return application.decide(request.app.state.service, [body])[0]

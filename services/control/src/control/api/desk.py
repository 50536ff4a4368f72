"""Whose desk a command on an assignment comes to, and how it is run there."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import UUID

from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.transaction import Question
from baqylau.eventstore.work import Work
from baqylau.platform.auth import Role
from baqylau.platform.commands import Commands, commands
from baqylau.segregation import KnownUnits
from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel

from control import attempts
from control.api.schemas import Day
from control.application import circumstances
from control.domain.assignment_letters import TurnedBack
from control.domain.assignment_state import Circumstances

AssignmentId = Annotated[UUID, Path(alias="id")]
Number = Annotated[int, Path(alias="number")]
MissedDeadline = Annotated[Day, Path(alias="deadline")]


class Desk:
    """Runs commands of one request in today's circumstances.

    `organization`: the executor's or co-executor's that asks; None: the controlling side, line-wide.
    """

    def __init__(self, request: Request, command: Commands) -> None:
        caller = command.caller
        self.organization = None if caller.may(Role.CONTROLLER) else caller.organization or ""
        self.today = request.app.state.clock.today()
        self.known_units: KnownUnits = request.app.state.known_units
        self._book = request.app.state.book
        self._writer = request.app.state.service.writer
        self._command = command

    async def run(
        self,
        decide: Callable[[Work, Circumstances], BaseModel],
        status: int = 200,
        ahead: Sequence[Question] = (),
    ) -> Response:
        """Run a command in a transaction and answer what it returned. `ahead`: as `Writer.submit`."""

        def task(work: Work, cause: Cause) -> BaseModel:
            return decide(work, circumstances(work, self._book, self.today, cause))

        return await self._command.run(task, status, ahead)

    async def keep_attempt(self, assignment_id: UUID, refusal: TurnedBack) -> None:
        """Write in the audit log that a letter was turned back, in a work of its own."""
        cause = self._command.cause()

        def task(work: Work) -> None:
            attempts.record(work, assignment_id, self.today, refusal.grounds, cause)

        await self._writer.ask(task)


def desk(*roles: Role) -> Callable[..., Awaitable[Desk]]:
    """A dependency: a desk for callers with one of these roles."""

    async def made(request: Request, command: Annotated[Commands, Depends(commands(*roles))]) -> Desk:
        return Desk(request, command)

    return made

"""Replicas of the real gate on a real database: services with writers of their own, without HTTP and Kafka."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

from baqylau.contracts.values import OrganizationKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.lines import Line
from baqylau.testing.probe import line_settings
from baqylau_infra.database import Access
from secrecy_gate import application
from secrecy_gate.api import schemas
from secrecy_gate.projections.breaches import BREACHES
from secrecy_gate.projections.postings import POSTINGS
from secrecy_gate.projections.units import UNITS
from secrecy_gate.publications import publish

NAMES = schemas.PublicNames(kk="Бөлім", ru="Отдел", en="Unit")
TODAY = date(2021, 3, 1)

T = TypeVar("T")


class Gate:
    """One replica. What it is asked goes to its own writer, as the routes' commands do."""

    def __init__(self, access: Access, stack: ExitStack) -> None:
        settings = line_settings(access.environment(), line=Line.GATE)
        self.service = Service("secrecy-gate", settings, publish, [UNITS, POSTINGS, BREACHES])
        self.service.writer.start()
        stack.callback(self.service.close)
        stack.callback(self.service.writer.stop)

    def ask(self, task: Callable[[Work], T]) -> "Future[T]":
        return self.service.writer.submit(task)

    def register(self, code: str) -> "Future[schemas.OrganizationView]":
        body = schemas.RegisterOrganization(code=code, names=NAMES, kind=OrganizationKind.STATE_BODY, territorial=False)
        return self.ask(lambda work: application.register_organization(work, body, cause()))

    def establish(self, organization: str, code: str, parent: UUID | None = None) -> "Future[schemas.UnitView]":
        body = schemas.EstablishUnit(organization=organization, code=code, names=NAMES, parent_id=parent)
        return self.ask(lambda work: application.establish_unit(work, body, cause()))

    def assign(self, unit: UUID, regime: Regime) -> "Future[schemas.UnitView]":
        return self.ask(lambda work: application.assign_regime(work, unit, regime, cause()))

    def move(self, unit: UUID, parent: UUID | None) -> "Future[schemas.UnitView]":
        return self.ask(lambda work: application.move_unit(work, unit, schemas.MoveUnit(parent_id=parent), cause()))

    def dissolve(self, unit: UUID) -> "Future[schemas.UnitView]":
        body = schemas.DissolveUnit(reason="қайта құру")
        return self.ask(lambda work: application.dissolve_unit(work, unit, body, TODAY, cause()))

    def post(self, employee: UUID, unit: UUID) -> "Future[schemas.PostingView]":
        body = schemas.PostEmployee(employee_id=employee, unit_id=unit)
        return self.ask(lambda work: application.post_employee(work, body, cause()))

    def release(self, posting: UUID) -> "Future[schemas.PostingView]":
        return self.ask(lambda work: application.release_employee(work, posting, cause()))


class Gates:
    """Some replicas of the gate on one database."""

    def __init__(self, access: Access, replicas: int) -> None:
        self._stack = ExitStack()
        self.replicas = [Gate(access, self._stack) for _ in range(replicas)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()


def cause() -> Cause:
    return Cause(actor="officer", recorded_at=datetime.now(UTC), correlation_id="test")

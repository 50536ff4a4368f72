"""The gate's use cases: load, command, answer. What is written is written by the caller's transaction."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import NotFound, Work
from baqylau.refusals import Ground, Refused

from secrecy_gate.api.schemas import (
    Decision,
    DecisionAsked,
    DissolveUnit,
    EstablishUnit,
    MoveUnit,
    OrganizationView,
    PostEmployee,
    PostingView,
    RegisterOrganization,
    UnitList,
    UnitTree,
    UnitView,
)
from secrecy_gate.domain import paragraph_2
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization, Unit

_UNIT = (
    "SELECT id, organization, code, names, parent_id, root_id, documentation_service, regime, dissolved_on, version "
    "FROM units "
)
_COLUMNS = tuple(_UNIT.removeprefix("SELECT ").removesuffix(" FROM units ").split(", "))


def register_organization(work: Work, body: RegisterOrganization, cause: Cause) -> OrganizationView:
    """Make an organization known."""
    organization = work.find_or_new(Organization, Organization.id_for(body.code))
    organization.register(body.code, body.names, body.kind, territorial=body.territorial, cause=cause)
    return OrganizationView(version=organization.version, **body.model_dump())


def establish_unit(work: Work, body: EstablishUnit, cause: Cause) -> UnitView:
    """Establish a unit of an organization that is known."""
    organization = work.find(Organization, Organization.id_for(body.organization))
    if organization is None:
        raise Refused([Ground(None, "organization-unknown", "organization")])
    unit = organization.establish(
        uuid4(),
        body.code,
        body.names,
        body.parent_id,
        documentation_service=body.documentation_service,
        cause=cause,
    )
    return _view(organization, unit)


def assign_regime(work: Work, unit_id: UUID, regime: Regime, cause: Cause) -> UnitView:
    """Give the unit's tree its regime."""
    organization = _organization_of(work, unit_id)
    return _view(organization, organization.assign_regime(unit_id, regime, cause))


def move_unit(work: Work, unit_id: UUID, body: MoveUnit, cause: Cause) -> UnitView:
    """Move a unit within its organization."""
    organization = _organization_of(work, unit_id)
    return _view(organization, organization.move(unit_id, body.parent_id, cause))


def dissolve_unit(work: Work, unit_id: UUID, body: DissolveUnit, today: date, cause: Cause) -> UnitView:
    """Dissolve a unit in which nobody serves any more."""
    organization = _organization_of(work, unit_id)
    has_postings = bool(work.read("SELECT 1 FROM postings WHERE unit_id = %s LIMIT 1", (unit_id,)))
    unit = organization.dissolve(unit_id, body.reason, today, has_postings=has_postings, cause=cause)
    return _view(organization, unit)


def post_employee(work: Work, body: PostEmployee, cause: Cause) -> PostingView:
    """Post an employee to a unit that has a regime."""
    rows = work.read("SELECT organization FROM units WHERE id = %s", (body.unit_id,))
    organization = work.find(Organization, Organization.id_for(rows[0][0])) if rows else None
    unit = organization.units[body.unit_id] if organization else None
    employee = work.find_or_new(Employee, Employee.id_for(body.employee_id))
    posting_id = uuid4()
    employee.post(
        posting_id,
        body.employee_id,
        body.unit_id,
        organization.code if organization else "",
        unit.regime if unit else None,
        dissolved=unit is not None and unit.dissolved_on is not None,
        cause=cause,
    )
    regime = employee.postings[posting_id].regime
    return PostingView(
        version=employee.version, id=posting_id, employee_id=body.employee_id, unit_id=body.unit_id, regime=regime
    )


def release_employee(work: Work, posting_id: UUID, cause: Cause) -> PostingView:
    """End a posting."""
    rows = work.read("SELECT employee_id FROM postings WHERE id = %s", (posting_id,))
    if not rows:
        raise NotFound
    employee = work.resource(Employee, Employee.id_for(rows[0][0]))
    posting = employee.postings[posting_id]
    employee.release(posting_id, rows[0][0], cause)
    return PostingView(
        version=employee.version,
        id=posting_id,
        employee_id=rows[0][0],
        unit_id=posting.unit_id,
        regime=posting.regime,
    )


def unit(service: Service, unit_id: UUID) -> UnitView:
    """One unit. Raises `NotFound`."""
    rows = service.store.read(_UNIT + "WHERE id = %s", (unit_id,))
    if not rows:
        raise NotFound
    return UnitView(**dict(zip(_COLUMNS, rows[0], strict=True)))


def units_of(service: Service, code: str, after: str, limit: int) -> UnitList:
    """Unit trees of an organization, by the code of the top unit. Raises `NotFound` where it isn't known."""
    if not service.store.read("SELECT 1 FROM organizations WHERE code = %s", (code,)):
        raise NotFound
    tops = service.store.read(
        "SELECT id, code FROM units WHERE organization = %s AND parent_id IS NULL AND code > %s ORDER BY code LIMIT %s",
        (code, after, limit),
    )
    rows = service.store.read(_UNIT + "WHERE root_id = ANY(%s) ORDER BY code", ([id_ for id_, _ in tops],))
    units = {row[0]: UnitTree(**dict(zip(_COLUMNS, row, strict=True))) for row in rows}
    for found in units.values():
        if found.parent_id in units:
            units[found.parent_id].units.append(found)
    return UnitList(
        items=[units[id_] for id_, _ in tops if id_ in units], next=tops[-1][1] if len(tops) == limit else None
    )


def decide(service: Service, asked: Sequence[DecisionAsked]) -> list[Decision]:
    """Whether each may be handled so, all read at once."""
    units: dict[UUID, str | None] = dict(
        service.store.read(
            "SELECT id, regime FROM units WHERE id = ANY(%s) AND dissolved_on IS NULL", ([a.unit_id for a in asked],)
        )
    )
    subjects = [a.subject for a in asked if a.subject is not None]
    serves: dict[UUID, set[Regime]] = {}
    if subjects:
        rows = service.store.read(
            "SELECT DISTINCT employee_id, regime FROM postings WHERE employee_id = ANY(%s)", (subjects,)
        )
        for employee_id, regime in rows:
            serves.setdefault(employee_id, set()).add(Regime(regime))
    return [
        _decision(one, units.get(one.unit_id), serves.get(one.subject, set()) if one.subject else set())
        for one in asked
    ]


def _decision(asked: DecisionAsked, unit_has: str | None, serves: set[Regime]) -> Decision:
    reason = paragraph_2.handling_permitted(asked.regime, Regime(unit_has) if unit_has else None, serves)
    return Decision(permitted=reason is None, reason=reason, citation=paragraph_2.CITATION if reason else None)


def _organization_of(work: Work, unit_id: UUID) -> Organization:
    rows = work.read("SELECT organization FROM units WHERE id = %s", (unit_id,))
    organization = work.find(Organization, Organization.id_for(rows[0][0])) if rows else None
    if organization is None:
        raise NotFound
    work.guard(organization.units[unit_id].version)
    return organization


def _view(organization: Organization, found: Unit) -> UnitView:
    return UnitView(
        version=found.version,
        id=found.id,
        organization=organization.code,
        code=found.code,
        names=found.names,
        parent_id=found.parent_id,
        root_id=organization.root_of(found.id),
        documentation_service=found.documentation_service,
        regime=found.regime,
        dissolved_on=found.dissolved_on,
    )

"""What the gate says in public, and to whom: the one place where its events become contracts.

Need to know: a line hears of the organizations, and of the units and postings of its own regime. What has no regime yet
stays on the gate's own topic, for auditors.
"""

from typing import Protocol, TypeVar
from uuid import UUID

from baqylau.contracts import secrecy_gate as public
from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.lines import Line, line_of
from baqylau.messaging.envelope import Publication

from secrecy_gate.domain import paragraph_2
from secrecy_gate.domain.breach import Breach
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization

LINES = tuple(Line)
_CITATIONS = {"citations": (paragraph_2.CITATION,)}


def publish(event: DomainEvent) -> Publication | None:
    """The public event, its lines and its units."""
    match event:
        case Organization.OrganizationRegistered():
            return Publication(_as(public.OrganizationRegistered, event), LINES)
        case Organization.UnitEstablished():
            return Publication(_as(public.UnitEstablished, event), (Line.GATE,), (event.unit_id,))
        case Organization.UnitRegimeAssigned():
            return _to_the_line(_as(public.UnitRegimeAssigned, event, **_CITATIONS), event)
        case Organization.UnitMoved():
            told = tuple(moved for moved in event.moved_unit_ids if moved not in event.without_regime)
            return _to_the_line(_as(public.UnitMoved, event, moved_unit_ids=told), event, told)
        case Organization.UnitDissolved():
            return _to_the_line(_as(public.UnitDissolved, event), event)
        case Employee.EmployeePosted():
            return _to_the_line(_as(public.EmployeePosted, event, **_CITATIONS), event)
        case Breach.SegregationBreached():
            return Publication(_as(public.SegregationBreached, event, **_CITATIONS), (Line.GATE,), (event.unit_id,))
        case Employee.EmployeeReleased():
            return _to_the_line(_as(public.EmployeeReleased, event), event)
    return None


class _OfAUnit(Protocol):
    @property
    def unit_id(self) -> UUID: ...
    @property
    def regime(self) -> Regime | None: ...
    @property
    def told(self) -> int | None: ...


def _to_the_line(said: public.GateEvent, event: _OfAUnit, unit_ids: tuple[UUID, ...] = ()) -> Publication:
    """For the auditors' topic, and for the line of its regime, if it has one."""
    lines = (Line.GATE,) if event.regime is None else (Line.GATE, line_of(event.regime))
    return Publication(said, lines, unit_ids or (event.unit_id,), event.told)


E = TypeVar("E", bound=public.GateEvent)


def _as(contract: type[E], event: DomainEvent, **more: object) -> E:
    """The contract takes the fields that it knows, and ignores the rest: nothing becomes public by being stored."""
    return contract.model_validate(vars(event) | more)

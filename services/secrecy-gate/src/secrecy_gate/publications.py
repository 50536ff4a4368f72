"""What the gate says in public, and to whom: the one place where its events become contracts.

Need to know: a line hears of the organizations, and of the units and postings of its own regime. What has no regime yet
stays on the gate's own topic, for auditors.
"""

from typing import TypeVar

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
            return Publication(_as(public.UnitRegimeAssigned, event, **_CITATIONS), _to(event.regime), (event.unit_id,))
        case Organization.UnitMoved():
            return Publication(_as(public.UnitMoved, event), _to(event.regime), event.moved_unit_ids)
        case Organization.UnitDissolved():
            return Publication(_as(public.UnitDissolved, event), _to(event.regime), (event.unit_id,))
        case Employee.EmployeePosted():
            return Publication(_as(public.EmployeePosted, event, **_CITATIONS), _to(event.regime), (event.unit_id,))
        case Breach.SegregationBreached():
            return Publication(_as(public.SegregationBreached, event, **_CITATIONS), (Line.GATE,), (event.unit_id,))
        case Employee.EmployeeReleased():
            return Publication(_as(public.EmployeeReleased, event), _to(event.regime), (event.unit_id,))
    return None


def _to(regime: Regime | None) -> tuple[Line, ...]:
    return (Line.GATE,) if regime is None else (Line.GATE, line_of(regime))


E = TypeVar("E", bound=public.GateEvent)


def _as(contract: type[E], event: DomainEvent, **more: object) -> E:
    """The contract takes the fields that it knows, and ignores the rest: nothing becomes public by being stored."""
    return contract.model_validate(vars(event) | more)

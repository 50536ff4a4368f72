"""What the gate's whole log proves: that no unit tree, and no employee, ever held two regimes at one time.

A fold over the log, event after event, kept up to date as the log grows. It trusts nothing that decided the events: it
takes them as they stand and says where they break paragraph 2. The offline check folds the same way.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import DomainEvent

from secrecy_gate.domain import paragraph_2
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event of the log: its position, its id on the wire, and when it was recorded."""

    position: int
    event_id: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A regime that a tree held: since which event, stated for which unit."""

    regime: Regime
    unit_id: UUID
    since: Evidence


@dataclass(frozen=True, slots=True)
class Breach:
    """Where the log breaks paragraph 2. `reason`: a code; `subject`: the tree's root, the unit or the employee."""

    reason: str
    subject: UUID
    regimes: tuple[Regime, ...]
    shown_by: Evidence
    citation: str = paragraph_2.CITATION


@dataclass(slots=True)
class Tree:
    """A unit tree: each regime that it ever held, with the events that say so, and its units now."""

    root_id: UUID
    organization: str
    held: list[Held] = field(default_factory=list)
    units: set[UUID] = field(default_factory=set)


class Proof:
    """Follows the log. `position`: how far."""

    def __init__(self) -> None:
        self.position = 0
        self.trees: dict[UUID, Tree] = {}
        self.breaches: list[Breach] = []
        self._tree_of: dict[UUID, UUID] = {}
        self._regime_of: dict[UUID, Held] = {}
        self._serves: dict[UUID, Counter[Regime]] = {}
        self._postings: set[UUID] = set()

    @property
    def holds(self) -> bool:
        """Whether nothing in the log breaks paragraph 2."""
        return not self.breaches

    def follow(self, position: int, event: DomainEvent) -> None:
        """Take in the next event of the log."""
        by = Evidence(position, f"{event.originator_id}:{event.originator_version}", event.cause.recorded_at)
        match event:
            case Organization.UnitEstablished():
                self._join(event.unit_id, event.root_id, event.organization, by)
            case Organization.UnitMoved():
                for unit_id in event.moved_unit_ids:
                    self._join(unit_id, event.root_id, event.organization, by)
            case Organization.UnitRegimeAssigned():
                self._assign(event, by)
            case Employee.EmployeePosted():
                self._post(event, by)
            case Employee.EmployeeReleased():
                if event.posting_id in self._postings:
                    self._postings.remove(event.posting_id)
                    self._serves[event.employee_id][event.regime] -= 1
            case _:
                pass
        self.position = position

    def _join(self, unit_id: UUID, root_id: UUID, organization: str, by: Evidence) -> None:
        earlier = self._tree_of.get(unit_id)
        if earlier is not None:
            self.trees[earlier].units.discard(unit_id)
        tree = self.trees.setdefault(root_id, Tree(root_id, organization))
        tree.units.add(unit_id)
        self._tree_of[unit_id] = root_id
        brought = self._regime_of.get(unit_id)
        if brought is not None:
            self._hold(tree, Held(brought.regime, unit_id, by))

    def _assign(self, event: Organization.UnitRegimeAssigned, by: Evidence) -> None:
        earlier = self._regime_of.get(event.unit_id)
        if earlier is not None and earlier.regime is not event.regime:
            self.breaches.append(Breach("unit-changed-its-regime", event.unit_id, (earlier.regime, event.regime), by))
        self._regime_of[event.unit_id] = Held(event.regime, event.unit_id, by)
        tree = self.trees.setdefault(
            self._tree_of.get(event.unit_id, event.root_id), Tree(event.root_id, event.organization)
        )
        self._hold(tree, self._regime_of[event.unit_id])

    def _hold(self, tree: Tree, held: Held) -> None:
        if all(one.regime is not held.regime for one in tree.held):
            tree.held.append(held)
        now = {self._regime_of[unit].regime for unit in tree.units if unit in self._regime_of}
        if len(now) > 1:
            self.breaches.append(Breach("tree-holds-two-regimes", tree.root_id, tuple(sorted(now)), held.since))

    def _post(self, event: Employee.EmployeePosted, by: Evidence) -> None:
        serves = self._serves.setdefault(event.employee_id, Counter())
        serves[event.regime] += 1
        self._postings.add(event.posting_id)
        now = sorted(regime for regime, postings in serves.items() if postings > 0)
        if len(now) > 1:
            self.breaches.append(Breach("employee-serves-two-regimes", event.employee_id, tuple(now), by))
        unit_has = self._regime_of.get(event.unit_id)
        if unit_has is None or unit_has.regime is not event.regime:
            self.breaches.append(Breach("posted-to-a-unit-without-that-regime", event.unit_id, (event.regime,), by))

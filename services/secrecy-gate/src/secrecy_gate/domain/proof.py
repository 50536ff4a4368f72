"""What the gate's whole log proves: that no unit tree, and no employee, ever held two regimes at one time.

A fold over the log, event after event, kept up to date as the log grows. It trusts nothing that decided the events:
which unit stands in which tree it follows by the parents alone, and where an event says otherwise, that is a failure
too. The offline check folds the same way.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import DomainEvent

from secrecy_gate.domain import breach, paragraph_2
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event of the log: its position, its id on the wire, and when it was recorded (None: that can't be read)."""

    position: int
    event_id: str
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A regime that a tree held: since which event, stated for which unit."""

    regime: Regime
    unit_id: UUID
    since: Evidence


@dataclass(frozen=True, slots=True)
class Failure:
    """Where the log doesn't prove segregation. `reason`: a code; `subject`: the unit, root, employee or aggregate.

    `citation` None: it isn't paragraph 2 that is broken, but the log itself.
    """

    reason: str
    subject: UUID
    regimes: tuple[Regime, ...]
    shown_by: Evidence
    citation: str | None = paragraph_2.CITATION


@dataclass(slots=True)
class Tree:
    """A unit tree: each regime that it ever held, with the events that say so, and its units now.

    `regimes`: how many of its units have which regime now.
    """

    root_id: UUID
    organization: str
    held: list[Held] = field(default_factory=list)
    units: set[UUID] = field(default_factory=set)
    regimes: Counter[Regime] = field(default_factory=Counter)


class Proof:
    """Follows the log. `position`: how far."""

    def __init__(self) -> None:
        self.position = 0
        self.trees: dict[UUID, Tree] = {}
        self.failures: list[Failure] = []
        self._parent_of: dict[UUID, UUID | None] = {}
        self._under_unit: dict[UUID, set[UUID]] = {}
        self._tree_of: dict[UUID, Tree] = {}
        self._regime_of: dict[UUID, Regime] = {}
        self._serves: dict[UUID, Counter[Regime]] = {}
        self._postings: dict[UUID, tuple[UUID, Regime]] = {}

    @property
    def holds(self) -> bool:
        """Whether nothing in the log speaks against segregation."""
        return not self.failures

    def follow(self, position: int, event: DomainEvent) -> None:
        """Take in the next event of the log."""
        by = Evidence(position, f"{event.originator_id}:{event.originator_version}", event.cause.recorded_at)
        match event:
            case Organization.UnitEstablished():
                self._established(event, by)
            case Organization.UnitMoved():
                self._moved(event, by)
            case Organization.UnitRegimeAssigned():
                self._assigned(event, by)
            case Organization.UnitDissolved():
                self._must_have(event.unit_id, event.regime, by)
            case Employee.EmployeePosted():
                self._posted(event, by)
            case Employee.EmployeeReleased():
                self._released(event, by)
            case breach.Breach.SegregationBreached():
                regimes = tuple(regime for regime in (event.record_regime, event.unit_regime) if regime)
                self.failures.append(Failure("audit-found-a-breach", event.unit_id, regimes, by))
            case _:
                pass
        self.position = position

    def distrust(self, reason: str, subject: UUID, by: Evidence) -> None:
        """The log itself can't be trusted there."""
        self.failures.append(Failure(reason, subject, (), by, citation=None))

    def _established(self, event: Organization.UnitEstablished, by: Evidence) -> None:
        if event.unit_id in self._tree_of:
            self.distrust("unit-established-twice", event.unit_id, by)
        self._place(event.unit_id, event.parent_id, event.organization, by)
        if self._tree_of[event.unit_id].root_id != event.root_id:
            self.distrust("event-contradicts-the-log", event.unit_id, by)

    def _moved(self, event: Organization.UnitMoved, by: Evidence) -> None:
        known = event.unit_id in self._tree_of
        was_under = self._tree_of[event.unit_id].root_id if known else None
        moved = self._place(event.unit_id, event.parent_id, event.organization, by)
        without = frozenset(one for one in moved if event.regime and one not in self._regime_of)
        said = (event.previous_root_id, event.root_id, frozenset(event.moved_unit_ids), frozenset(event.without_regime))
        if said != (was_under, self._tree_of[event.unit_id].root_id, moved, without):
            self.distrust("event-contradicts-the-log", event.unit_id, by)
        self._must_have(event.unit_id, event.regime, by)

    def _must_have(self, unit_id: UUID, regime: Regime | None, by: Evidence) -> None:
        """What an event says of a unit's regime decides who is told of it."""
        if self._regime_of.get(unit_id) is not regime:
            self.distrust("event-contradicts-the-log", unit_id, by)

    def _place(self, unit_id: UUID, parent_id: UUID | None, organization: str, by: Evidence) -> frozenset[UUID]:
        """Put a unit with everything under it under a parent, or at the top. Answers what was moved."""
        moved = [unit_id]
        for one in moved:  # it grows as it is walked
            moved += self._under_unit.get(one, ())
        if parent_id in moved or (parent_id is not None and parent_id not in self._tree_of):
            self.distrust("parent-unknown-or-beneath", unit_id, by)
            parent_id = None
        tree = (
            self.trees.setdefault(unit_id, Tree(unit_id, organization))
            if parent_id is None
            else self._tree_of[parent_id]
        )
        if tree.organization != organization:
            self.distrust("tree-of-another-organization", unit_id, by)
        earlier = self._parent_of.get(unit_id)
        if earlier is not None:
            self._under_unit[earlier].discard(unit_id)
        if parent_id is not None:
            self._under_unit.setdefault(parent_id, set()).add(unit_id)
        self._parent_of[unit_id] = parent_id
        for one in moved:
            self._join(one, tree)
        self._hold(tree, unit_id, by)
        return frozenset(moved)

    def _join(self, unit_id: UUID, tree: Tree) -> None:
        left, regime = self._tree_of.get(unit_id), self._regime_of.get(unit_id)
        if left is not None:
            left.units.discard(unit_id)
            left.regimes.subtract([regime] if regime else ())
        tree.units.add(unit_id)
        tree.regimes.update([regime] if regime else ())
        self._tree_of[unit_id] = tree

    def _assigned(self, event: Organization.UnitRegimeAssigned, by: Evidence) -> None:
        unit_id, earlier = event.unit_id, self._regime_of.get(event.unit_id)
        if unit_id not in self._tree_of:
            self._place(unit_id, None, event.organization, by)
        tree = self._tree_of[unit_id]
        if (event.parent_id, event.root_id) != (self._parent_of[unit_id], tree.root_id):
            self.distrust("event-contradicts-the-log", unit_id, by)
        if earlier is not None and earlier is not event.regime:
            self.failures.append(Failure("unit-changed-its-regime", unit_id, (earlier, event.regime), by))
        tree.regimes.subtract([earlier] if earlier else ())
        tree.regimes[event.regime] += 1
        self._regime_of[unit_id] = event.regime
        self._hold(tree, unit_id, by)

    def _hold(self, tree: Tree, unit_id: UUID, by: Evidence) -> None:
        """Note what the tree holds since this event."""
        now = sorted(regime for regime, units in tree.regimes.items() if units > 0)
        had = {held.regime for held in tree.held}
        tree.held += [Held(regime, unit_id, by) for regime in now if regime not in had]
        if len(now) > 1:
            self.failures.append(Failure("tree-holds-two-regimes", tree.root_id, tuple(now), by))

    def _posted(self, event: Employee.EmployeePosted, by: Evidence) -> None:
        serves = self._serves.setdefault(event.employee_id, Counter())
        serves[event.regime] += 1
        self._postings[event.posting_id] = (event.employee_id, event.regime)
        now = sorted(regime for regime, postings in serves.items() if postings > 0)
        if len(now) > 1:
            self.failures.append(Failure("employee-serves-two-regimes", event.employee_id, tuple(now), by))
        if self._regime_of.get(event.unit_id) is not event.regime:
            self.failures.append(Failure("posted-to-a-unit-without-that-regime", event.unit_id, (event.regime,), by))

    def _released(self, event: Employee.EmployeeReleased, by: Evidence) -> None:
        employee_id, regime = self._postings.pop(event.posting_id, (None, event.regime))
        if employee_id is None or (employee_id, regime) != (event.employee_id, event.regime):
            self.distrust("event-contradicts-the-log", event.employee_id, by)
        if employee_id is not None:
            self._serves[employee_id][regime] -= 1

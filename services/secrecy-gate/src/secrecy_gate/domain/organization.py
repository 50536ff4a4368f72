"""An organization with its structural units: the boundary within which paragraph 2 is decided at once."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from baqylau.contracts.values import Names, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import Ground, refuse_if

from secrecy_gate.domain import paragraph_2

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a01")

MAX_UNITS = 10_000
"""Of one organization, ever: a move names every unit moved, and a record on a topic is bounded."""
MAX_LEVELS = 64
"""Of one tree, its top unit the first: trees are shown nested, and readers of JSON bound nesting."""


@dataclass(slots=True, eq=False)
class Unit:
    """A structural unit. `parent_id` None: a top unit. `version`: the organization's when the unit last changed."""

    id: UUID
    code: str
    names: Names
    parent_id: UUID | None
    documentation_service: bool
    version: int
    regime: Regime | None = None
    dissolved_on: date | None = None


class Organization(Aggregate):
    """Registered once; its units are established, given a regime, moved and dissolved.

    `told`: how many of its events the line of each regime was told. An event carries that count for its line: by the
    organization's own version, a line could count the events of which it isn't told.
    """

    code: str
    told: Counter[Regime]
    units: dict[UUID, Unit]
    _codes: set[str]
    _under_unit: dict[UUID, set[UUID]]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.code = ""
        self.told = Counter()
        self.units = {}
        self._codes = set()
        self._under_unit = {}

    @staticmethod
    def id_for(code: str) -> UUID:
        """The same code, the same organization."""
        return uuid5(_NAMESPACE, f"organization:{code}")

    class OrganizationRegistered(DomainEvent):
        code: str
        names: Names
        kind: OrganizationKind
        territorial: bool

        def apply(self, organization: "Organization") -> None:
            organization.code = self.code
            organization.told.update(Regime)

    class UnitEstablished(DomainEvent):
        unit_id: UUID
        organization: str
        code: str
        names: Names
        parent_id: UUID | None = None
        root_id: UUID
        documentation_service: bool

        def apply(self, organization: "Organization") -> None:
            organization.units[self.unit_id] = Unit(
                self.unit_id, self.code, self.names, self.parent_id, self.documentation_service, self.originator_version
            )
            organization._codes.add(self.code)
            organization._put_under(self.parent_id, self.unit_id)

    class UnitRegimeAssigned(DomainEvent):
        """Carries all of the unit's data: a line hears of a unit here first."""

        unit_id: UUID
        organization: str
        code: str
        names: Names
        parent_id: UUID | None = None
        root_id: UUID
        documentation_service: bool
        regime: Regime
        told: int | None = None

        def apply(self, organization: "Organization") -> None:
            organization.told[self.regime] += 1
            unit = organization.units[self.unit_id]
            unit.regime, unit.version = self.regime, self.originator_version

    class UnitMoved(DomainEvent):
        """`without_regime`: those of the moved units that were dissolved before their tree got the regime that it has.
        The line isn't told of them: it was never told that they are there.
        """

        unit_id: UUID
        organization: str
        parent_id: UUID | None = None
        previous_root_id: UUID
        root_id: UUID
        moved_unit_ids: tuple[UUID, ...]
        without_regime: tuple[UUID, ...] = ()
        regime: Regime | None = None
        told: int | None = None

        def apply(self, organization: "Organization") -> None:
            organization.told.update([self.regime] if self.regime else [])
            unit = organization.units[self.unit_id]
            if unit.parent_id is not None:
                organization._under_unit[unit.parent_id].discard(unit.id)
            organization._put_under(self.parent_id, unit.id)
            unit.parent_id = self.parent_id
            for moved in self.moved_unit_ids:
                organization.units[moved].version = self.originator_version

    class UnitDissolved(DomainEvent):
        unit_id: UUID
        organization: str
        dissolved_on: date
        reason: str
        regime: Regime | None = None
        told: int | None = None

        def apply(self, organization: "Organization") -> None:
            organization.told.update([self.regime] if self.regime else [])
            unit = organization.units[self.unit_id]
            unit.dissolved_on, unit.version = self.dissolved_on, self.originator_version

    def register(self, code: str, names: Names, kind: OrganizationKind, *, territorial: bool, cause: Cause) -> None:
        """Make the organization known. Refused where the code is taken."""
        refuse_if([Ground(None, "organization-code-taken", "code")] if self.version else [])
        self.trigger(self.OrganizationRegistered, cause, code=code, names=names, kind=kind, territorial=territorial)

    def establish(
        self,
        unit_id: UUID,
        code: str,
        names: Names,
        parent_id: UUID | None,
        *,
        documentation_service: bool,
        cause: Cause,
    ) -> Unit:
        """Establish a unit. In a tree that has a regime, it is stated for the new unit at once."""
        parent, grounds = self._parent(parent_id)
        if code in self._codes:
            grounds.append(Ground(None, "unit-code-taken", "code"))
        if len(self.units) >= MAX_UNITS:
            grounds.append(Ground(None, "organization-has-too-many-units", "organization"))
        if parent is not None and self._level(parent.id) >= MAX_LEVELS:
            grounds.append(Ground(None, "unit-tree-too-deep", "parent_id"))
        regime = parent.regime if parent else None
        if regime is not None and documentation_service:
            grounds += paragraph_2.one_documentation_service(regime, [*self._documentation_services(), regime])
        refuse_if(grounds)
        self.trigger(
            self.UnitEstablished,
            cause,
            unit_id=unit_id,
            organization=self.code,
            code=code,
            names=names,
            parent_id=parent_id,
            root_id=self.root_of(parent_id) if parent_id else unit_id,
            documentation_service=documentation_service,
        )
        if regime is not None:
            self._state_regime([self.units[unit_id]], regime, cause)
        return self.units[unit_id]

    def assign_regime(self, unit_id: UUID, regime: Regime, cause: Cause) -> Unit:
        """Give the unit's whole tree its regime, stated unit by unit. The same again changes nothing."""
        unit = self.units[unit_id]
        grounds = list(paragraph_2.regime_may_be_assigned(regime, unit.regime))
        if unit.dissolved_on is not None:
            grounds.append(Ground(None, "unit-dissolved", "id"))
        tree = [member for member in self._under(self.root_of(unit_id)) if member.dissolved_on is None]
        if unit.regime is None:
            joining = [regime for member in tree if member.documentation_service]
            grounds += paragraph_2.one_documentation_service(regime, [*self._documentation_services(), *joining])
        refuse_if(grounds)
        if unit.regime is None:
            self._state_regime(tree, regime, cause)
        return unit

    def move(self, unit_id: UUID, parent_id: UUID | None, cause: Cause) -> Unit:
        """Move a unit with everything under it under another parent, or to the top. The same parent: nothing new."""
        unit = self.units[unit_id]
        if unit.parent_id == parent_id:
            return unit
        parent, grounds = self._parent(parent_id)
        moved = self._under(unit_id)
        if parent is not None and unit in self._above(parent.id):
            grounds.append(Ground(None, "unit-moved-under-itself", "parent_id"))
        elif parent is not None and self._level(parent.id) + self._height(moved) > MAX_LEVELS:
            grounds.append(Ground(None, "unit-tree-too-deep", "parent_id"))
        if unit.dissolved_on is not None:
            grounds.append(Ground(None, "unit-dissolved", "id"))
        target = parent.regime if parent else None
        grounds += paragraph_2.unit_may_move(unit.regime, target, to_top=parent is None)
        joins = unit.regime is None and target is not None
        if joins and target is not None:
            joining = [target for member in moved if member.documentation_service and member.dissolved_on is None]
            grounds += paragraph_2.one_documentation_service(target, [*self._documentation_services(), *joining])
        refuse_if(grounds)
        self.trigger(
            self.UnitMoved,
            cause,
            unit_id=unit_id,
            organization=self.code,
            parent_id=parent_id,
            previous_root_id=self.root_of(unit_id),
            root_id=self.root_of(parent_id) if parent_id else unit_id,
            moved_unit_ids=tuple(member.id for member in moved),
            without_regime=tuple(member.id for member in moved if unit.regime and member.regime is None),
            regime=unit.regime,
            told=self._next_told(unit.regime),
        )
        if joins and target is not None:
            self._state_regime([member for member in moved if member.dissolved_on is None], target, cause)
        return unit

    def dissolve(self, unit_id: UUID, reason: str, on: date, *, has_postings: bool, cause: Cause) -> Unit:
        """Dissolve a unit that has neither sub-units nor employees left."""
        unit = self.units[unit_id]
        grounds = []
        if unit.dissolved_on is not None:
            grounds.append(Ground(None, "unit-dissolved", "id"))
        if any(member.dissolved_on is None for member in self._under(unit_id) if member is not unit):
            grounds.append(Ground(None, "unit-has-sub-units", "id"))
        if has_postings:
            grounds.append(Ground(None, "unit-has-postings", "id"))
        refuse_if(grounds)
        self.trigger(
            self.UnitDissolved,
            cause,
            unit_id=unit_id,
            organization=self.code,
            dissolved_on=on,
            reason=reason,
            regime=unit.regime,
            told=self._next_told(unit.regime),
        )
        return unit

    def root_of(self, unit_id: UUID) -> UUID:
        """The top unit of the tree that a unit stands in."""
        return self._above(unit_id)[-1].id

    def _above(self, unit_id: UUID) -> list[Unit]:
        """A unit and those above it, up to the top."""
        found = [self.units[unit_id]]
        while (parent_id := found[-1].parent_id) is not None:
            found.append(self.units[parent_id])
        return found

    def _under(self, unit_id: UUID) -> list[Unit]:
        """A unit and everything under it, parents first."""
        found = [self.units[unit_id]]
        for unit in found:  # it grows as it is walked
            found += [self.units[id_] for id_ in sorted(self._under_unit.get(unit.id, ()))]
        return found

    def _put_under(self, parent_id: UUID | None, unit_id: UUID) -> None:
        if parent_id is not None:
            self._under_unit.setdefault(parent_id, set()).add(unit_id)

    def _level(self, unit_id: UUID) -> int:
        return len(self._above(unit_id))

    @staticmethod
    def _height(tree: list[Unit]) -> int:
        """How many levels a tree has, given parents first."""
        levels = {tree[0].id: 1}
        for unit in tree[1:]:
            assert unit.parent_id is not None
            levels[unit.id] = levels[unit.parent_id] + 1
        return max(levels.values())

    def _parent(self, parent_id: UUID | None) -> tuple[Unit | None, list[Ground]]:
        if parent_id is None:
            return None, []
        parent = self.units.get(parent_id)
        if parent is None:
            return None, [Ground(None, "parent-unknown", "parent_id")]
        if parent.dissolved_on is not None:
            return parent, [Ground(None, "unit-dissolved", "parent_id")]
        return parent, []

    def _documentation_services(self) -> list[Regime]:
        return [
            unit.regime
            for unit in self.units.values()
            if unit.documentation_service and unit.regime is not None and unit.dissolved_on is None
        ]

    def _state_regime(self, units: list[Unit], regime: Regime, cause: Cause) -> None:
        root_id = self.root_of(units[0].id)
        for unit in units:
            self.trigger(
                self.UnitRegimeAssigned,
                cause,
                unit_id=unit.id,
                organization=self.code,
                code=unit.code,
                names=unit.names,
                parent_id=unit.parent_id,
                root_id=root_id,
                documentation_service=unit.documentation_service,
                regime=regime,
                told=self._next_told(regime),
            )

    def _next_told(self, regime: Regime | None) -> int | None:
        return None if regime is None else self.told[regime] + 1

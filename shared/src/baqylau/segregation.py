"""A service's own copy of what the gate has told it, and the check before every act of handling (paragraph 2).

The copy holds the organizations, and the units of this line's regime alone. A regime is given once, for ever, so what
the copy holds stays true however old it is; and a unit that it doesn't hold is refused, whether the gate has not told
of it yet, it has no regime, or it belongs to the other line: the answers are the same.

What places a record in a unit takes a `PermittedUnit`, not an id. Only `KnownUnits` makes one.
"""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import orjson

from baqylau.contracts import secrecy_gate as gate
from baqylau.contracts.values import OrganizationKind
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.store import Store
from baqylau.eventstore.work import Work
from baqylau.lines import Line, regime_of
from baqylau.messaging.policy import Copy, Policies
from baqylau.refusals import Ground

CITATION = "RK-703:2"
CHANNEL = "known_units"

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS known_organizations (
    code text PRIMARY KEY, names jsonb NOT NULL, kind text NOT NULL, territorial boolean NOT NULL);
CREATE TABLE IF NOT EXISTS known_units (
    id uuid PRIMARY KEY, organization text NOT NULL, code text NOT NULL, names jsonb NOT NULL, parent_id uuid,
    root_id uuid NOT NULL, documentation_service boolean NOT NULL, dissolved_on date);
CREATE INDEX IF NOT EXISTS known_units_by_organization ON known_units (organization);
CREATE INDEX IF NOT EXISTS known_units_dissolved ON known_units (id) WHERE dissolved_on IS NOT NULL;
"""

_UNIT: LiteralString = "SELECT id, organization, code, root_id, documentation_service, dissolved_on FROM known_units "


@dataclass(frozen=True, slots=True)
class PermittedUnit:
    """A unit in which this line may handle records. Made by `KnownUnits` alone."""

    id: UUID
    organization: str
    code: str
    root_id: UUID
    documentation_service: bool


@dataclass(frozen=True, slots=True)
class KnownOrganization:
    """An organization as the gate told of it."""

    code: str
    kind: OrganizationKind
    territorial: bool


class ForeignUnit(Exception):
    """The gate's topic of this line told of a unit of another regime: a breach, never taken in."""


class KnownUnits:
    """The copy of one process, read through a dictionary: a check of a unit seen before costs a look-up and no I/O.

    A unit that was moved or dissolved is forgotten by every replica as it hears of that commit (`CHANNEL`).
    """

    def __init__(self, line: Line) -> None:
        self._regime = regime_of(line)
        self._units: dict[UUID, PermittedUnit] = {}
        self._organizations: dict[str, KnownOrganization] = {}

    def permitted(self, work: Work, unit_id: UUID, field: str) -> PermittedUnit | Ground:
        """The unit, where records of this line may be handled in it; else the ground of the refusal.

        `work`: in which they are handled. `field`: the body's field that names the unit.
        """
        units = self._units  # this very dictionary: what is read before a `forget` must not outlive it
        if work.has_changed("known_units"):
            units = {}  # what isn't committed yet holds for this transaction alone
        unit = units.get(unit_id)
        if unit is None:
            rows = work.read(_UNIT + "WHERE id = %s", (unit_id,))
            if not rows:
                return Ground(CITATION, "unit-regime-unknown", field)
            id_, organization, code, root_id, documentation_service, dissolved_on = rows[0]
            if dissolved_on is not None:
                return Ground(None, "unit-dissolved", field)
            unit = units[unit_id] = PermittedUnit(id_, organization, code, root_id, documentation_service)
        return unit

    def organization(self, reading: Work | Store, code: str) -> KnownOrganization | None:
        """An organization, or None where the gate has told of none by this code."""
        found = self._organizations.get(code)
        if found is None:
            rows = reading.read("SELECT kind, territorial FROM known_organizations WHERE code = %s", (code,))
            if not rows:
                return None
            found = self._organizations[code] = KnownOrganization(code, OrganizationKind(rows[0][0]), rows[0][1])
        return found

    def forget(self) -> None:
        """Read units anew: one was moved or dissolved."""
        self._units = {}

    @property
    def copy(self) -> Copy:
        """The tables, and what to do about the gate's events."""
        return Copy("secrecy-gate", TABLES, self.policies())

    def policies(self) -> Policies:
        """What to do about the gate's events."""
        return {
            gate.OrganizationRegistered: self._organization_registered,
            gate.UnitRegimeAssigned: self._unit_regime_assigned,
            gate.UnitMoved: self._unit_moved,
            gate.UnitDissolved: self._unit_dissolved,
        }

    def _organization_registered(self, work: Work, event: gate.OrganizationRegistered, _: Cause) -> None:
        work.change(
            "INSERT INTO known_organizations (code, names, kind, territorial) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (code) DO NOTHING",
            (event.code, _names(event.names), event.kind.value, event.territorial),
        )

    def _unit_regime_assigned(self, work: Work, event: gate.UnitRegimeAssigned, _: Cause) -> None:
        if event.regime is not self._regime:
            raise ForeignUnit
        work.change(
            "INSERT INTO known_units (id, organization, code, names, parent_id, root_id, documentation_service) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            (
                event.unit_id,
                event.organization,
                event.code,
                _names(event.names),
                event.parent_id,
                event.root_id,
                event.documentation_service,
            ),
        )

    def _unit_moved(self, work: Work, event: gate.UnitMoved, _: Cause) -> None:
        work.change("UPDATE known_units SET parent_id = %s WHERE id = %s", (event.parent_id, event.unit_id))
        moved = list(event.moved_unit_ids)
        work.change("UPDATE known_units SET root_id = %s WHERE id = ANY(%s)", (event.root_id, moved))
        work.change(f"NOTIFY {CHANNEL}")

    def _unit_dissolved(self, work: Work, event: gate.UnitDissolved, _: Cause) -> None:
        work.change("UPDATE known_units SET dissolved_on = %s WHERE id = %s", (event.dissolved_on, event.unit_id))
        work.change(f"NOTIFY {CHANNEL}")


def _names(names: object) -> str:
    return orjson.dumps(names, default=lambda model: model.model_dump(exclude_none=True)).decode()

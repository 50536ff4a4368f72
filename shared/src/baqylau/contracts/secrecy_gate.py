"""Events of the secrecy-gate: organizations, units, their regimes, postings, breaches (paragraph 2).

A line hears of all organizations, and of the units, moves, dissolutions and postings of its own regime only; whatever
has no regime yet, and every breach, goes to the auditors' topic alone.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from baqylau.contracts.base import PublicEvent, contract
from baqylau.contracts.values import Citations, Instant, Line, Names, OrganizationKind, Regime


class GateEvent(PublicEvent):
    """Base of the secrecy-gate's events."""

    service: ClassVar[str] = "secrecy-gate"


class UnitDescribed(GateEvent):
    """Base of the events that carry all of a unit's data."""

    unit_id: UUID = Field(description="The unit")
    organization: str = Field(description="Code of the unit's organization")
    code: str = Field(description="The unit's code, which begins its registration numbers")
    names: Names = Field(description="Public name of the unit")
    parent_id: UUID | None = Field(None, description="Unit above it; absent for a top structural unit")
    root_id: UUID = Field(description="Top structural unit of its tree: the boundary of paragraph 2")
    documentation_service: bool = Field(description="True for the organization's documentation service")


@contract
class OrganizationRegistered(GateEvent):
    """An organization is known to the gate."""

    concerns_units = False

    code: str = Field(description="Code by which everyone knows the organization")
    names: Names = Field(description="Public name of the organization")
    kind: OrganizationKind = Field(description="Kind, which decides on requisites (43)")
    territorial: bool = Field(description="True for a territorial body (43 part 5 sub 8)")


@contract
class UnitEstablished(UnitDescribed):
    """A structural unit was established. It may not keep records before its UnitRegimeAssigned."""


@contract
class UnitRegimeAssigned(UnitDescribed):
    """A unit got its regime, for ever (2). Carries all of its data, as a line hears of a unit here first."""

    regime: Regime = Field(description="The regime of the unit and of its whole tree")
    citations: Citations


@contract
class UnitMoved(GateEvent):
    """A unit went under another parent, or to the top, with everything under it; no regime changes by that (2)."""

    unit_id: UUID = Field(description="The unit that was moved")
    organization: str = Field(description="Code of the unit's organization")
    parent_id: UUID | None = Field(None, description="Unit above it now; absent where it is a top structural unit now")
    previous_root_id: UUID = Field(description="Top structural unit before")
    root_id: UUID = Field(description="Top structural unit now, of every moved unit")
    moved_unit_ids: tuple[UUID, ...] = Field(description="The moved unit and all under it that have its regime")
    regime: Regime | None = Field(None, description="Regime of the moved units when they were moved; absent: none yet")


@contract
class UnitDissolved(GateEvent):
    """A unit was dissolved: nothing may be registered in it or addressed to it from that day."""

    unit_id: UUID = Field(description="The unit")
    organization: str = Field(description="Code of the unit's organization")
    dissolved_on: date = Field(description="First day without the unit")
    regime: Regime | None = Field(None, description="Its regime; absent: it never had one")


class PostingEvent(GateEvent):
    """Base of the events of one posting."""

    posting_id: UUID = Field(description="The posting")
    employee_id: UUID = Field(description="The employee, by id only")
    unit_id: UUID = Field(description="The unit that the employee serves in")
    organization: str = Field(description="Code of the unit's organization")
    regime: Regime = Field(description="The unit's regime: the only one that the employee serves at one time (2)")


@contract
class EmployeePosted(PostingEvent):
    """An employee was posted to a unit that has a regime (2)."""

    citations: Citations


@contract
class EmployeeReleased(PostingEvent):
    """A posting ended."""


@contract
class SegregationBreached(GateEvent):
    """The audit found a record handled in a unit that may not handle it (2). Once for each record and unit."""

    breach_id: UUID = Field(description="The breach")
    line: Line = Field(description="Line in which the record was found")
    recorded_by: str = Field(description="Service that recorded it, such as registry")
    record_type: str = Field(description="CloudEvents type of the record")
    record_id: UUID = Field(description="CloudEvents subject of the record: the document, the assignment, the notice")
    unit_id: UUID = Field(description="Unit that the record concerns")
    record_regime: Regime | None = Field(None, description="Regime that the record states; absent: none")
    unit_regime: Regime | None = Field(
        None, description="Regime of the unit; absent: the unit has none, or isn't known"
    )
    found_at: Instant = Field(description="When the audit found it")
    citations: Citations

"""What the auditor looks at: a record's attributes, never its value."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from baqylau.contracts.base import contract_of
from baqylau.contracts.values import Regime
from baqylau.lines import Line, regime_of

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a04")
NO_UNIT = UUID(int=0)
GATE = "secrecy-gate"
MAX_FINDINGS = 500
"""What the gate takes in one report."""
_POSITION = re.compile(r"[0-9]{1,18}")

WORD = r"[A-Za-z0-9._-]{1,120}"
"""What the gate takes for a name. What a record says instead, anyone may have written: it is reported as `unknown`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A record that can't be reconciled with what the line knows. Judged by the gate.

    `position`: where it says that it stands in its producer's log, if it does.
    """

    recorded_by: str
    record_type: str
    record_id: UUID
    unit_id: UUID
    record_regime: Regime | None
    position: int | None


def told_units(headers: Mapping[str, str]) -> Sequence[UUID]:
    """The units that a record of the gate tells of: by its attributes, which is where the audit looks."""
    return [unit for unit in _units(headers) if unit is not None]


def _units(headers: Mapping[str, str]) -> Sequence[UUID | None]:
    """None for what isn't a unit's id."""
    stated = headers.get("unitids", "")
    return [_uuid(one) for one in stated.split(",")] if stated else []


def findings(
    line: Line, known: Collection[UUID], place: str, service: str, headers: Mapping[str, str]
) -> Sequence[Finding]:
    """Units of a record that the line doesn't know, or all of them where its regime isn't the line's.

    Of the gate's own records, all: the gate knows what it said. `place`: topic, partition and offset, which stand in
    for the id of a record that has none. A record that should name units and names none, or names what isn't a unit's
    id, is a finding with the nil unit.
    """
    states = next((regime for regime in Regime if regime.value == headers.get("regime")), None)
    units = _units(headers)
    stated_type, stated_position = headers.get("type", ""), headers.get("position", "")
    contract = contract_of(stated_type)
    every = service == GATE or states is not regime_of(line)
    unnamed = None in units or (not units and (every or contract is None or contract.concerns_units))
    named = [unit for unit in units if unit is not None] + [NO_UNIT] * unnamed
    return [
        Finding(
            service,
            stated_type if re.fullmatch(WORD, stated_type) else "unknown",
            _uuid(headers.get("subject", "")) or uuid5(_NAMESPACE, place),
            unit,
            states,
            int(stated_position) if _POSITION.fullmatch(stated_position) else None,
        )
        for unit in named
        if every or unit not in known
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

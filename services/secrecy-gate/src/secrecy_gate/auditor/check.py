"""What the auditor looks at: a record's attributes, never its value."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from baqylau.contracts.values import Regime
from baqylau.lines import Line, regime_of

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a04")
_NO_UNIT = UUID(int=0)

WORD = r"[A-Za-z0-9._-]{1,120}"
"""What the gate takes for a name. What a record says instead, anyone may have written: it is reported as `unknown`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A record that can't be reconciled with what the line knows. Judged by the gate."""

    recorded_by: str
    record_type: str
    record_id: UUID
    unit_id: UUID
    record_regime: Regime | None


def told_units(headers: Mapping[str, str]) -> Sequence[UUID]:
    """The units that a record of the gate tells of: by its attributes, which is where the audit looks."""
    return [unit for unit in map(_uuid, headers.get("unitids", "").split(",")) if unit is not None]


def findings(
    line: Line, known: Collection[UUID], place: str, service: str, headers: Mapping[str, str]
) -> Sequence[Finding]:
    """Units of a record that the line doesn't know, or all of them where its regime isn't the line's.

    `place`: topic, partition and offset, which stand in for the id of a record that has none. A record of another
    regime that names no unit is a finding too, with the nil unit.
    """
    states = next((regime for regime in Regime if regime.value == headers.get("regime")), None)
    named = told_units(headers)
    stated_type = headers.get("type", "")
    foreign = states is not regime_of(line)
    if foreign and not named:
        named = [_NO_UNIT]
    return [
        Finding(
            service,
            stated_type if re.fullmatch(WORD, stated_type) else "unknown",
            _uuid(headers.get("subject", "")) or uuid5(_NAMESPACE, place),
            unit,
            states,
        )
        for unit in named
        if foreign or unit not in known
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

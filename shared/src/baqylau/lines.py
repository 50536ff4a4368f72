"""The lines, their regimes and the names of what belongs to each.

A line is one deployment of registry, control and notifications for one regime. The gate knows both and belongs to none.
"""

from enum import StrEnum

from baqylau.contracts.values import Regime


class Line(StrEnum):
    """What a process, a topic and a token belong to: one of the lines of `contracts.values.Line`, or the gate."""

    GATE = "gate"
    NON_CONFIDENTIAL = "non-confidential"
    CONFIDENTIAL = "confidential"


def line_of(regime: Regime) -> Line:
    """The line that handles a regime."""
    return Line(regime.value.replace("_", "-"))


def regime_of(line: Line) -> Regime | None:
    """The one regime that a line handles; None for the gate, which handles no record."""
    return None if line is Line.GATE else Regime(line.value.replace("-", "_"))


def wire_regime(line: Line) -> str:
    """The `regime` attribute of a line's records: its regime, or `gate` on the gate's own topic."""
    return regime_of(line) or line.value


def topic_of(line: Line, service: str) -> str:
    """The topic of a service on a line. A new partition count is a new generation, `v2`, never a change of this one."""
    return f"baqylau.{line}.{service}.v1"

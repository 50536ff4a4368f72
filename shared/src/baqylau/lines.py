"""The lines, their regimes and the names of what belongs to each.

A line is one deployment of registry, control and notifications for one regime. The gate knows both and belongs to none.
"""

from enum import StrEnum


class Regime(StrEnum):
    """The two regimes of record keeping (paragraph 2)."""

    NON_CONFIDENTIAL = "non_confidential"
    CONFIDENTIAL = "confidential"


class Line(StrEnum):
    """What a process, a topic and a token belong to."""

    GATE = "gate"
    NON_CONFIDENTIAL = "non-confidential"
    CONFIDENTIAL = "confidential"

    @property
    def regime(self) -> str:
        """The wire's `regime`: that of the line's records, or `gate` for the gate's own topic."""
        return self.value.replace("-", "_")


def line_of(regime: Regime) -> Line:
    """The line that handles a regime."""
    return Line(regime.value.replace("_", "-"))


def topic_of(line: Line, service: str) -> str:
    """The topic of a service on a line. A new partition count is a new generation, `v2`, never a change of this one."""
    return f"baqylau.{line}.{service}.v1"

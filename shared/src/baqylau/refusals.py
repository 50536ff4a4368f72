"""The one way a command says no: with every ground, each under its paragraph.

The law and the state are judged in the domain; what the answer's status is, `baqylau.platform.problems` decides alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground of a refusal.

    `citation`: the paragraph that objects, such as `RK-703:103-4`, or None where it isn't the law.
    `reason`: a code in kebab-case, such as `unit-regime-unknown`. `field`: the body's field, dotted, or None.
    `of_payload`: the body itself lacks or contradicts what is required (422); else state or law forbid it (409).
    """

    citation: str | None
    reason: str
    field: str | None = None
    of_payload: bool = False


class Refused(Exception):
    """A command was refused. Nothing was recorded. `grounds`: all of them, at least one, in the order found."""

    def __init__(self, grounds: Iterable[Ground]) -> None:
        self.grounds = tuple(grounds)
        super().__init__(", ".join(ground.reason for ground in self.grounds))


def refuse_if(grounds: Iterable[Ground]) -> None:
    """Raise `Refused` with all grounds, if there are any."""
    found = tuple(grounds)
    if found:
        raise Refused(found)

"""102-1: instructions after regional trips, international and socially significant events are controlled by the
Government.
"""

from baqylau.refusals import Ground

from control.domain.rule_sets import RuleSet
from control.domain.values import ControllingSide, Origin, Source


def under_102_1(origin: Origin) -> bool:
    """Whether the paragraph applies: the assignment followed such an occasion."""
    return origin.occasion is not None


def controlled_by(origin: Origin) -> ControllingSide:
    """102-1: the Government. Reading: all others under these paragraphs are controlled by the PA."""
    return ControllingSide.GOVERNMENT if under_102_1(origin) else ControllingSide.PA


def mark_grounds(rules: RuleSet, origin: Origin) -> tuple[Ground, ...]:
    """Reading: the paragraph speaks of instructions; an act can't carry its mark."""
    if under_102_1(origin) and origin.source is Source.ACT:
        return (Ground(rules.cite("102-1"), "act-with-occasion", "occasion", of_payload=True),)
    return ()

"""Paragraph 2: secret and non-secret record keeping within one structural unit is forbidden.

"Within one structural unit" takes in its sub-units: the boundary is the top unit of an organization with everything
under it, its tree. A tree has one regime, given once, for ever. Each function answers the grounds, all of them.
"""

from collections.abc import Collection

from baqylau.contracts.values import Regime
from baqylau.refusals import Ground

CITATION = "RK-703:2"


def regime_may_be_assigned(asked: Regime, tree_has: Regime | None) -> tuple[Ground, ...]:
    """A tree that has a regime takes no other one."""
    if tree_has is not None and tree_has is not asked:
        return (Ground(CITATION, "unit-tree-has-other-regime", "regime"),)
    return ()


def one_documentation_service(regime: Regime, services: Collection[Regime]) -> tuple[Ground, ...]:
    """An organization has at most one documentation service for each regime (`services`: those of all)."""
    if list(services).count(regime) > 1:
        return (Ground(CITATION, "documentation-service-exists", "documentation_service"),)
    return ()


def unit_may_move(moved_has: Regime | None, target_has: Regime | None, *, to_top: bool) -> tuple[Ground, ...]:
    """Under another parent only where both trees have the same regime or the moved one has none yet."""
    if to_top or moved_has is None or moved_has is target_has:
        return ()
    return (Ground(CITATION, "regimes-differ", "parent_id"),)


def employee_may_be_posted(unit_has: Regime | None, serves: Collection[Regime]) -> tuple[Ground, ...]:
    """Only to a unit that has a regime, and at one time only in units of one regime."""
    if unit_has is None:
        return (Ground(CITATION, "unit-regime-unknown", "unit_id"),)
    if any(regime is not unit_has for regime in serves):
        return (Ground(CITATION, "employee-serves-other-regime", "employee_id"),)
    return ()


def handling_permitted(asked: Regime, unit_has: Regime | None, subject_serves: Collection[Regime]) -> str | None:
    """Whether a record of a regime may be handled in a unit, by or for a subject. None: permitted; else the reason."""
    if unit_has is None:
        return "unit-regime-unknown"
    if unit_has is not asked:
        return "unit-has-other-regime"
    if any(regime is not asked for regime in subject_serves):
        return "employee-serves-other-regime"
    return None


def record_breaches(line: Regime, record_states: Regime | None, unit_has: Regime | None) -> bool:
    """Whether a record found on a line breaks paragraph 2: it or its unit isn't of the line's regime."""
    return record_states is not line or unit_has is not line

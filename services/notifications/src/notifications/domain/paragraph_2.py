"""Paragraph 2: notifying a member of a unit is an act of handling, permitted only within the line's own units."""

from baqylau.refusals import Ground
from baqylau.segregation import CITATION, PermittedUnit


def member_may_be_notified(unit: PermittedUnit | Ground, *, posted: bool) -> tuple[Ground, ...]:
    """A unit in which this line may handle records, and an employee who is posted to that very unit now."""
    grounds = [unit] if isinstance(unit, Ground) else []
    if not posted:
        grounds.append(Ground(CITATION, "employee-not-posted", "employee_id"))
    return tuple(grounds)

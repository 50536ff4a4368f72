"""The day on which something was done: not in the future, not before the assignment's issue."""

from datetime import date

from baqylau.refusals import Ground


def day_grounds(field: str, day: date, *, issued_on: date, today: date) -> tuple[Ground, ...]:
    """What is wrong with a day of doing, stated in the body's `field`. Due dates and deadlines aren't such days."""
    if day > today:
        return (Ground(None, "day-in-the-future", field, of_payload=True),)
    if day < issued_on:
        return (Ground(None, "day-before-issue", field, of_payload=True),)
    return ()

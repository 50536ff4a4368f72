"""Waiting for what happens elsewhere: until it is so, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, limit: float = 45.0) -> T:
    """What the condition answers as soon as that is true. Raises `AssertionError` after `limit` seconds.

    What the condition raises counts as "not yet", and is shown when it never comes true.
    """
    deadline = time.monotonic() + limit
    while True:
        raised: Exception | None = None
        found: T | None = None
        try:
            found = condition()
        except Exception as error:  # noqa: BLE001 (a service that starts, a database that is away)
            raised = error
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"within {limit:.0f} s it never came about that {what}; last: {found!r}") from raised
        time.sleep(0.02)

"""A growing pause, for what is only out of reach for now."""

import threading

FIRST, LAST = 0.2, 10.0


class Backoff:
    """0.2 s, then twice as long each time, up to 10 s; from the start again after a success."""

    def __init__(self) -> None:
        self._next = FIRST

    def wait(self, stopping: threading.Event) -> None:
        """Pause, or return at once when the process stops."""
        stopping.wait(self._next)
        self._next = min(LAST, self._next * 2)

    def reset(self) -> None:
        """It worked."""
        self._next = FIRST

"""Hears what the database notifies, on a thread and a session of its own, whatever else is away."""

import threading
from collections.abc import Callable, Mapping

import structlog
from psycopg.sql import SQL, Identifier

from baqylau.eventstore.store import Store
from baqylau.messaging.backoff import Backoff

STOP_SECONDS = 1.0
_LOOK_SECONDS = 0.5
"""How soon it hears that it is to stop. Notifications come at once."""

log = structlog.get_logger(__name__)


class Listener:
    """Calls a function for each channel that was notified, and all of them after a time in which it was deaf."""

    def __init__(self, store: Store, channels: Mapping[str, Callable[[], None]]) -> None:
        self._store = store
        self._channels = channels
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def begin_stop(self) -> None:
        """Hear nothing more."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop."""
        self.begin_stop()
        self._thread.join(STOP_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._listen(backoff)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                log.warning("listener_restarts", kind=type(error).__name__)
                backoff.wait(self._stopping)

    def _listen(self, backoff: Backoff) -> None:
        with self._store.connect() as connection:
            for channel in self._channels:
                connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
            for told in self._channels.values():
                told()
            backoff.reset()
            while not self._stopping.is_set():
                heard = {notified.channel for notified in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1)}
                for channel in heard & self._channels.keys():
                    self._channels[channel]()

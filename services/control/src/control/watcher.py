"""Watches deadlines: what is overdue is found through the index and recorded, oldest first, however long it was down.

One replica at a time holds the lock (`baqylau.eventstore.tenure`). Two at once would be harmless too: what an
assignment has missed is decided by the assignment, once. The same thread counts terms again after a calendar amendment,
before it looks for misses, so that nothing is missed on a day that is no longer its last.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import structlog
from baqylau.eventstore import tenure
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.work import Work
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.messaging.backoff import Backoff
from baqylau.platform.clock import ALMATY
from baqylau.platform.runtime import Runtime
from psycopg import Connection
from psycopg.rows import tuple_row

from control import application
from control.domain.rule_sets import RuleBook
from control.metrics import OVERDUE, OVERDUE_FAILED, REDERIVE_FAILED, REDERIVED, WATCHER_ACTIVE, WATCHER_LAG
from control.reference import adopt_calendar

BATCH = 64
"""Assignments handed to the writer together: it takes as many into one transaction, and commands come between."""
STANDBY_SECONDS = 2.0
ANSWER_SECONDS = 60.0
STOP_SECONDS = 1.5

FIND_OVERDUE: LiteralString = (
    "SELECT id, next_due FROM assignments WHERE next_due < %s AND id <> ALL(%s) ORDER BY next_due, id LIMIT %s"
)

log = structlog.get_logger(__name__)


class DeadlineWatcher:
    """A thread of the service's own. It wakes at midnight in Almaty, and when the clock or the calendar is changed."""

    def __init__(self, runtime: Runtime, book: RuleBook) -> None:
        self._name = runtime.name
        self._store = runtime.service.store
        self._writer = runtime.service.writer
        self._clock = runtime.clock
        self._woken = runtime.clock_moved
        self._book = book
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deadline-watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def begin_stop(self) -> None:
        """Take no further batch in hand."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Finish the batch in hand, give up the lock, and stop. A server that hangs isn't waited for."""
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
                with closing(self._store.connect()) as connection:  # the lock ends with it
                    if self._hold_lock(connection):
                        self._watch(connection, backoff)
            except (psycopg.Error, OutOfReach, Busy, TimeoutError) as error:
                log.warning("watcher_restarts", kind=type(error).__name__)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                log.error("watcher_fault", kind=type(error).__name__)
            finally:
                WATCHER_ACTIVE.set(0)
            backoff.wait(self._stopping)

    def _hold_lock(self, connection: Connection[Any]) -> bool:
        """Wait until no other replica watches. False: stopping."""
        while not self._stopping.is_set():
            if tenure.take(connection, "baqylau-deadlines"):
                return True
            self._stopping.wait(STANDBY_SECONDS)
        return False

    def _watch(self, connection: Connection[Any], backoff: Backoff) -> None:
        WATCHER_ACTIVE.set(1)
        self._answered(self._submit(adopt_calendar))
        while not self._stopping.is_set():
            self._woken.clear()
            while not self._stopping.is_set() and self._rederive_some(connection):
                pass
            self._record_overdue(connection)
            backoff.reset()
            self._woken.wait(self._until_midnight())

    def _until_midnight(self) -> float:
        """But no longer than the holder of a lock may be silent; so it also looks when nobody has woken it."""
        now = self._clock.now().astimezone(ALMATY)
        left = 86400 - (now.hour * 3600 + now.minute * 60 + now.second)
        return min(tenure.SILENCE_SECONDS, left + 0.01)

    # What is overdue

    def _record_overdue(self, connection: Connection[Any]) -> None:
        """Record misses day by day, so that those of one day come before those of the next, over all assignments."""
        done: set[tuple[UUID, date]] = set()
        failed: set[UUID] = set()
        while not self._stopping.is_set():
            today = self._clock.today()
            found = _rows(connection, FIND_OVERDUE, (today, list(failed), BATCH))
            WATCHER_LAG.set((today - found[0][1]).days if found else 0)
            if not found:
                break
            due: date = found[0][1]
            ids = [id_ for id_, day in found if day == due]
            # Found again although it was recorded: the index is wrong about it. Left out, or it would go on for ever.
            again = {id_ for id_ in ids if (id_, due) in done}
            if again:
                self._failed(failed, again, "index-stale")
                continue
            futures = {id_: self._submit(self._recording(id_, due + timedelta(days=1))) for id_ in ids}
            for id_, future in futures.items():
                try:
                    self._answered(future)
                    OVERDUE.inc()
                except (psycopg.Error, OutOfReach, Busy, TimeoutError):
                    raise
                except Exception as error:  # noqa: BLE001 (one that can't be recorded doesn't hold up the others)
                    self._failed(failed, {id_}, type(error).__name__)
                done.add((id_, due))

    def _recording(self, assignment_id: UUID, today: date) -> Callable[[Work, Cause], None]:
        def record(work: Work, cause: Cause) -> None:
            circumstances = application.circumstances(work, self._book, today, cause)
            application.record_misses(work, assignment_id, circumstances)

        return record

    def _failed(self, failed: set[UUID], ids: set[UUID], kind: str) -> None:
        failed |= ids
        OVERDUE_FAILED.inc(len(ids))
        log.error("overdue_not_recorded", assignments=sorted(map(str, ids)), kind=kind)

    # What a calendar amendment moves

    def _rederive_some(self, connection: Connection[Any]) -> bool:
        """Count the terms of the next open assignments again. False: none is left to do.

        The newest version is counted by; a walk for an older one needn't be finished. The position is recorded with
        what it did, so that a restart goes on where it was.
        """
        pending = _rows(
            connection,
            "SELECT calendar_version, after FROM rederivations WHERE NOT finished "
            "ORDER BY calendar_version DESC LIMIT 1",
        )
        if not pending:
            return False
        version, after = pending[0]
        ids = [
            row[0]
            for row in _rows(
                connection,
                "SELECT id FROM assignments WHERE status IN ('open', 'reported') AND id > %s ORDER BY id LIMIT %s",
                (after, BATCH),
            )
        ]
        self._answered(self._submit(self._rederiving(version, ids)))
        REDERIVED.inc(len(ids))
        return True

    def _rederiving(self, version: int, ids: list[UUID]) -> Callable[[Work, Cause], None]:
        def rederive(work: Work, cause: Cause) -> None:
            circumstances = application.circumstances(work, self._book, self._clock.today(), cause)
            for id_ in ids:
                try:
                    work.attempt(partial(application.rederive_terms, assignment_id=id_, c=circumstances))
                except Exception as error:
                    if isinstance(error, psycopg.Error) or out_of_reach(error):
                        raise
                    REDERIVE_FAILED.inc()
                    log.error("terms_not_rederived", assignment=str(id_), kind=type(error).__name__)
            if len(ids) < BATCH:
                work.change("UPDATE rederivations SET finished = true WHERE calendar_version <= %s", (version,))
            else:
                work.change("UPDATE rederivations SET after = %s WHERE calendar_version = %s", (ids[-1], version))

        return rederive

    def _submit(self, task: Callable[[Work, Cause], None]) -> "Future[None]":
        cause = Cause(actor=self._name, recorded_at=self._clock.recorded_at(), correlation_id=str(uuid4()))
        return self._writer.submit(lambda work: task(work, cause))

    def _answered(self, future: "Future[None]") -> None:
        future.result(timeout=ANSWER_SECONDS)


def _rows(connection: Connection[Any], query: Any, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, params, prepare=True).fetchall()

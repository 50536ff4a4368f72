"""The one thread of a process that writes. Commands that arrive together are committed together.

A batch is decided and written in one transaction behind the event store's lock, so that what a command sees is true
when its events are stored. A command that fails is undone alone; a batch that the database refuses is done again one
by one. Each caller hears only of its own, and only after the commit.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import structlog
from eventsourcing.persistence import StoredEvent

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.mapper import PydanticMapper
from baqylau.eventstore.store import Store, Transaction, out_of_reach
from baqylau.eventstore.work import Aggregates, Project, Work
from baqylau.observability.metrics import WRITER_BATCH, WRITER_SECONDS

T = TypeVar("T")
Task = Callable[[Work], Any]

BATCH_LIMIT = 64
QUEUE_LIMIT = 1024
KEPT_AGGREGATES = 4096
STOP_SECONDS = 1.5
FOREIGN_LIMIT = 2000
"""Events of other replicas looked at between two batches; with more than this, all kept aggregates are forgotten."""

log = structlog.get_logger(__name__)


class Busy(Exception):
    """More commands wait than can be answered in good time. Nothing was recorded; try again later."""


class OutOfReach(Exception):
    """The database can't be reached. Nothing is known to be recorded; the same `Idempotency-Key` may be sent again."""


class Writer:
    """Runs tasks on works, in batches. `project`: how the service's own read models follow its events."""

    def __init__(self, store: Store, mapper: PydanticMapper, project: Project) -> None:
        self.store = store
        self._mapper = mapper
        self._project = project
        self._aggregates = Aggregates(self._load, KEPT_AGGREGATES)
        self._seen: int | None = None
        self._transaction: Transaction | None = None
        self._stopped = False
        self._queue: queue.Queue[tuple[Task, Future[Any]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand and stop. A server that hangs is waited for no longer than `STOP_SECONDS`."""
        self._stopped = True
        self._queue.put(None)
        self._thread.join(STOP_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, task: Callable[[Work], T]) -> "Future[T]":
        """Run a task in one of the next transactions; the future answers after the commit.

        It raises what the task raised, or `OutOfReach`. Raises `Busy` at once when the queue is full, or closed.
        """
        if self._stopped or self._queue.qsize() >= QUEUE_LIMIT:
            raise Busy
        future: Future[T] = Future()
        self._queue.put((task, future))
        return future

    def _load(self, id: UUID, last_alone: bool) -> list[DomainEvent]:  # noqa: A002
        # In the transaction: a second session from the pool could be waited for while the lock is held.
        assert self._transaction is not None
        return [self._mapper.to_domain_event(stored) for stored in self._transaction.history(id, last_alone=last_alone)]

    def _run(self) -> None:
        stopping = False
        while not stopping:
            batch = [self._queue.get()]
            while len(batch) < BATCH_LIMIT and not self._queue.empty():
                batch.append(self._queue.get())
            stopping = None in batch
            # One whose caller has gone is left out; from here on, nobody can cancel the others.
            asked = [one for one in batch if one is not None and one[1].set_running_or_notify_cancel()]
            if asked:
                self._answer(asked)
        while not self._queue.empty():
            late = self._queue.get()
            if late is not None and late[1].set_running_or_notify_cancel():
                late[1].set_exception(Busy())

    def _answer(self, batch: list[tuple[Task, "Future[Any]"]]) -> None:
        try:
            outcomes = self._commit([task for task, _ in batch])
        except Exception as error:  # noqa: BLE001 (the caller hears of it)
            if len(batch) > 1 and not isinstance(error, OutOfReach):
                for one in batch:
                    self._answer([one])
                return
            outcomes = [error] * len(batch)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _commit(self, tasks: list[Task]) -> list[Any]:
        stored: list[StoredEvent] = []
        outcomes: list[Any] = []
        try:
            with WRITER_SECONDS.time(), self.store.transaction() as transaction:
                self._transaction = transaction
                self._notice_others(transaction)
                end = None
                work = Work(transaction, self._aggregates, self._project)
                for task in tasks:
                    try:
                        outcomes.append(work.attempt(task))
                    except Exception as error:
                        if isinstance(error, psycopg.Error) or out_of_reach(error):
                            raise
                        outcomes.append(error)
                stored = [self._mapper.to_stored_event(event) for event in work.events]
                if stored or work.unwritten or work.positions:
                    end = transaction.write(work.events, stored, work.unwritten, list(work.positions.items()))
        except Exception as error:
            self._aggregates.forget()
            if not out_of_reach(error):
                raise
            if not self._is_stored(stored):
                raise OutOfReach from error
            log.info("commit_confirmed", events=len(stored))
        if end is not None:
            self._seen = end
        WRITER_BATCH.observe(len(tasks))
        self._aggregates.trim()
        return outcomes

    def _notice_others(self, transaction: Transaction) -> None:
        """Forget kept aggregates that another replica has moved on since this one's last batch."""
        if self._seen is None:
            self._seen = transaction.end()
        changed = transaction.changed_since(self._seen, FOREIGN_LIMIT)
        if len(changed) == FOREIGN_LIMIT:
            self._aggregates.forget()
            self._seen = transaction.end()
            return
        for id_, version, position in changed:
            self._aggregates.forget_older(id_, version)
            self._seen = position

    def _is_stored(self, stored: list[StoredEvent]) -> bool:
        """After a commit whose answer was lost: did it happen? A batch without events is done again without harm.

        Asked behind the lock: a session that is still committing is waited for.
        """
        if not stored:
            return False
        try:
            with self.store.transaction():
                return self.store.has(stored[0])
        except Exception:  # noqa: BLE001 (whatever it is, the answer is: not known)
            return False

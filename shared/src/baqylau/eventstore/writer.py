"""The one thread of a process that writes. Commands that arrive together are committed together.

A batch is decided and written in one transaction behind the event store's lock, so that what a command sees is true
when its events are stored. A command that fails is undone alone; a batch that the database refuses is done again one
by one. Each caller hears only of its own, and only after the commit.
"""

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import structlog
from eventsourcing.persistence import StoredEvent

from baqylau.eventstore import snapshots
from baqylau.eventstore.aggregate import Aggregate, DomainEvent
from baqylau.eventstore.mapper import PydanticMapper
from baqylau.eventstore.readers import held
from baqylau.eventstore.store import Store, out_of_reach
from baqylau.eventstore.transaction import Head, Question, Statement, Transaction
from baqylau.eventstore.work import Aggregates, Project, Work
from baqylau.observability.metrics import WRITER_BATCH, WRITER_SECONDS

T = TypeVar("T")
Task = Callable[[Work], Any]

BATCH_LIMIT = 64
QUEUE_LIMIT = 1024
GATHER_SECONDS = 0.005
"""How long a batch waits at most for those who are expected."""
KEPT_AGGREGATES = 4096
STOP_SECONDS = 1.5

log = structlog.get_logger(__name__)


class Busy(Exception):
    """More commands wait than can be answered in good time. Nothing was recorded; try again later."""


class OutOfReach(Exception):
    """The database can't be reached. Nothing is known to be recorded; the same `Idempotency-Key` may be sent again."""


@dataclass(slots=True)
class _Asked:
    """A task, what it is known to read, who waits for it, and on which event loop; None: a thread waits."""

    task: Task
    ahead: Sequence[Question]
    answer: "Future[Any] | asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop | None

    def begin(self) -> bool:
        """Whether the caller still waits. From here on, a thread's future can't be cancelled."""
        if isinstance(self.answer, Future):
            return self.answer.set_running_or_notify_cancel()
        return not self.answer.cancelled()


class Writer:
    """Runs tasks on works, in batches. `project`: how the service's own read models follow its events."""

    def __init__(self, store: Store, mapper: PydanticMapper, project: Project) -> None:
        self.store = store
        self._mapper = mapper
        self._project = project
        self._aggregates = Aggregates(self._load, KEPT_AGGREGATES)
        self._head: Head | None = None
        self._transaction: Transaction | None = None
        self._snapshots: list[Statement] = []
        self._stopped = False
        self._queue: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
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

    def submit(self, task: Callable[[Work], T], ahead: Sequence[Question] = ()) -> "Future[T]":
        """Run a task in one of the next transactions; the future answers after the commit.

        It raises what the task raised, or `OutOfReach`. Raises `Busy` at once when the queue is full, or closed.
        `ahead`: what the task will `Work.read`, so that a batch's questions take one round trip.
        """
        future: Future[T] = Future()
        self._put(_Asked(task, ahead, future, None))
        return future

    def ask(self, task: Callable[[Work], T], ahead: Sequence[Question] = ()) -> "asyncio.Future[T]":
        """The same for a caller on an event loop: all answers of a batch reach the loop at once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Asked(task, ahead, future, loop))
        return future

    def _put(self, asked: _Asked) -> None:
        if self._stopped or self._queue.qsize() >= QUEUE_LIMIT:
            raise Busy
        self._queue.put(asked)

    def _load(self, cls: type[Aggregate], id: UUID, kept: Aggregate | None) -> Aggregate | None:  # noqa: A002
        # In the transaction: a second session from the pool could be waited for while the lock is held.
        assert self._transaction is not None
        if kept is not None:
            return type(kept).replay(self._decoded(self._transaction.history(id, kept.version)), kept)
        if cls.counts_only:
            return cls.replay(self._decoded(self._transaction.history(id, 0, last_alone=True)))
        snapshot, stored = self._transaction.behind_snapshot(id, snapshots.code_of(cls))
        begun = snapshots.decode(cls, id, *snapshot) if snapshot else None
        if snapshot and begun is None:
            stored = self._transaction.history(id, 0)
        found = cls.replay(self._decoded(stored), begun)
        if found is not None and len(stored) > snapshots.WORTH:
            self._snapshots += snapshots.keeping(found, self.store.events_table_name)
        return found

    def _decoded(self, stored: Sequence[StoredEvent]) -> list[DomainEvent]:
        return [self._mapper.to_domain_event(event) for event in stored]

    def _run(self) -> None:
        stopping, expected = False, 1
        while not stopping:
            batch = [self._queue.get()]
            self._gather(expected)
            while len(batch) < BATCH_LIMIT and not self._queue.empty():
                batch.append(self._queue.get())
            stopping, expected = None in batch, len(batch)
            # One whose caller has gone is left out.
            asked = [one for one in batch if one is not None and one.begin()]
            if asked:
                self._answer(asked)
        while not self._queue.empty():
            late = self._queue.get()
            if late is not None and late.begin():
                _tell([late], [Busy()])

    def _gather(self, expected: int) -> None:
        """Wait a little for as many as came last time: callers who were just answered mostly come again at once.

        Half of them at a time would cost twice the transactions, and the event loop, which has to read what they send,
        would fight with this thread for the interpreter. Who calls alone waits for nobody.
        """
        until = time.monotonic() + GATHER_SECONDS
        while self._queue.qsize() + 1 < expected and time.monotonic() < until and not self._stopped:
            time.sleep(0.001)

    def _answer(self, batch: list[_Asked]) -> None:
        try:
            outcomes = self._commit(batch)
        except Exception as error:  # noqa: BLE001 (the caller hears of it)
            if len(batch) > 1 and not isinstance(error, OutOfReach):
                for one in batch:
                    self._answer([one])
                return
            outcomes = [held(error)] * len(batch)
        _tell(batch, outcomes)

    def _commit(self, batch: list[_Asked]) -> list[Any]:
        stored: list[StoredEvent] = []
        outcomes: list[Any] = []
        try:
            with WRITER_SECONDS.time(), self.store.transaction(self._head) as transaction:
                self._transaction, self._snapshots = transaction, []
                head = self._notice_others(transaction)
                ahead = [question for one in batch for question in one.ahead]
                work = Work(transaction, self._aggregates, self._project, ahead)
                for one in batch:
                    try:
                        outcomes.append(work.attempt(one.task))
                    except Exception as error:
                        if isinstance(error, psycopg.Error) or out_of_reach(error):
                            raise
                        outcomes.append(held(error))
                stored = [self._mapper.to_stored_event(event) for event in work.events]
                statements = [*work.unwritten, *self._snapshots]
                if stored or statements or work.positions or work.answers:
                    positions = list(work.positions.items())
                    head = transaction.write(head, work.events, stored, statements, positions, work.answers)
        except Exception as error:
            self._aggregates.forget()
            if not out_of_reach(error):
                raise
            if not self._is_stored(stored):
                raise OutOfReach from error
            log.info("commit_confirmed", events=len(stored))
        self._head = head
        WRITER_BATCH.observe(len(batch))
        self._aggregates.trim()
        return outcomes

    def _notice_others(self, transaction: Transaction) -> Head:
        """Where the log ends. Kept aggregates that another replica has moved on since then follow it."""
        found = None if self._head is None else transaction.changed(self._head)
        if found is None:
            self._aggregates.forget()
            return transaction.head()
        changed, head = found
        for id_, version in changed:
            self._aggregates.moved_on(id_, version)
        return head

    def _is_stored(self, stored: list[StoredEvent]) -> bool:
        """After a commit whose answer was lost: did it happen? A batch without events is done again without harm.

        Asked behind the lock: a session that is still committing is waited for.
        """
        if not stored:
            return False
        try:
            with self.store.transaction() as transaction:
                return transaction.has(stored[0])
        except Exception:  # noqa: BLE001 (whatever it is, the answer is: not known)
            return False


def _tell(batch: list[_Asked], outcomes: list[Any]) -> None:
    awaited: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any] | Future[Any], Any]]] = defaultdict(list)
    for one, outcome in zip(batch, outcomes, strict=True):
        if one.loop is None:
            _settle([(one.answer, outcome)])
        else:
            awaited[one.loop].append((one.answer, outcome))
    for loop, answers in awaited.items():
        with suppress(RuntimeError):  # the loop has ended, and all who waited on it
            loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: "list[tuple[asyncio.Future[Any] | Future[Any], Any]]") -> None:
    for future, outcome in answers:
        if future.cancelled():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

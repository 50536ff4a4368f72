"""What a command, or a batch of them, changes before it is written."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from baqylau.eventstore.aggregate import Aggregate, DomainEvent
from baqylau.eventstore.answers import ASK, Answered
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.transaction import Question, Rows, Statement, Transaction, changed_table, words_of

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")

Load = Callable[[type[Aggregate], UUID, Aggregate | None], Aggregate | None]
"""An aggregate as stored: the one that was kept, brought up to it; or a new one, or None where there are no events."""


class NotFound(Exception):
    """The resource that the path names isn't there, or isn't this caller's to see."""


class VersionChanged(Exception):
    """`If-Match` names another version than the resource has now."""


class Aggregates:
    """Loaded aggregates, kept between transactions of the one writer. Least recently used ones go first."""

    def __init__(self, load: Load, size: int) -> None:
        self._load = load
        self._size = size
        self._kept: OrderedDict[UUID, Aggregate] = OrderedDict()
        self._behind: set[UUID] = set()

    def get(self, cls: type[A], id: UUID, collected: Sequence[DomainEvent]) -> A | None:  # noqa: A002
        """The aggregate as stored, with the events of this transaction that aren't stored yet."""
        found = self._kept.pop(id, None)  # kept again when it is whole
        if found is None:
            found = self._load(cls, id, None)
            for event in collected:
                if event.originator_id == id:
                    found = event.mutate(found)
        elif id in self._behind:
            found = self._load(cls, id, found)
        self._behind.discard(id)
        if found is None:
            return None
        self._kept[id] = found
        if not isinstance(found, cls):
            raise TypeError(f"{id} is a {type(found).__name__}, not a {cls.__name__}")
        return found

    def keep(self, aggregate: Aggregate) -> None:
        """Keep one that is new."""
        self._kept[aggregate.id] = aggregate

    def forget(self, ids: Sequence[UUID] | None = None) -> None:
        """Forget these, or all: they are loaded again when asked for."""
        for id_ in list(self._kept) if ids is None else ids:
            self._kept.pop(id_, None)
            self._behind.discard(id_)

    def moved_on(self, id: UUID, version: int) -> None:  # noqa: A002
        """Another replica has moved it on to this version: when it is asked for, what is new is loaded."""
        kept = self._kept.get(id)
        if kept is None or kept.version >= version:
            return
        if kept.counts_only:
            self.forget([id])
        else:
            self._behind.add(id)

    def trim(self) -> None:
        """Go back to the size; between transactions only."""
        self.forget(list(islice(self._kept, max(0, len(self._kept) - self._size))))


@dataclass(slots=True)
class _Attempt:
    """Where a task began, to go back to. `saved`: statements behind it were executed, behind a savepoint."""

    events: int
    statements: int
    answers: int
    positions: dict[str, int]
    saved: bool = False


class Work:
    """One unit of work: what is loaded, and what is to be written with it, all or nothing.

    `if_match`: the version that the caller says its resource has, checked by `resource`. `ahead`: questions that are
    known to be asked, read together at the beginning.
    """

    def __init__(
        self, transaction: Transaction, aggregates: Aggregates, project: "Project", ahead: Sequence[Question] = ()
    ) -> None:
        self.transaction = transaction
        self.if_match: int | None = None
        self.events: list[DomainEvent] = []
        self.statements: list[Statement] = []
        self.answers: list[Answered] = []
        self.positions: dict[str, int] = {}
        self._aggregates = aggregates
        self._project = project
        self._touched: dict[UUID, Aggregate] = {}
        self._open: list[_Attempt] = []
        self._settled = 0
        self._executed = 0
        self._changed: set[str | None] = set()
        self._ahead = transaction.read_ahead(ahead) if ahead else {}

    def find(self, cls: type[A], id: UUID) -> A | None:  # noqa: A002
        """The aggregate, or None where there is none. What it triggers is written with this work."""
        touched = self._touched.get(id)
        if touched is not None and isinstance(touched, cls):
            return touched
        found = self._aggregates.get(cls, id, self.events)
        if found is not None:
            self._touched[id] = found
        return found

    def resource(self, cls: type[A], id: UUID) -> A:  # noqa: A002
        """The resource of the path. Raises `NotFound`, or `VersionChanged` where `If-Match` says otherwise."""
        found = self.find(cls, id)
        if found is None:
            raise NotFound
        self.guard(found.version)
        return found

    def guard(self, version: int) -> None:
        """Compare `If-Match`, where it was sent, with a resource's version. Raises `VersionChanged`."""
        if self.if_match is not None and self.if_match != version:
            raise VersionChanged

    def find_or_new(self, cls: type[A], id: UUID) -> A:  # noqa: A002
        """The aggregate, or an empty one of version 0 for its first event."""
        return self.find(cls, id) or self.add(cls(id))

    def add(self, aggregate: A) -> A:
        """Take in a new aggregate."""
        self._aggregates.keep(aggregate)
        self._touched[aggregate.id] = aggregate
        return aggregate

    def change(self, query: LiteralString, params: Sequence[Any] = ()) -> None:
        """Change a table of the service's own in the same transaction (a copy of another service's facts, say)."""
        self._take_in([(query, params)])

    def read(self, query: LiteralString, params: Sequence[Any] = ()) -> Rows:
        """Rows of the service's tables, as they are after the works before this one in the same transaction.

        What was read ahead, or isn't touched by those works, costs them nothing: they need not be executed for it.
        """
        if None in self._changed or not self._changed.isdisjoint(words_of(query)):
            self._execute(self._settled)
        elif query in self._ahead and (rows := self._ahead[query].get(tuple(params))) is not None:
            return rows
        return self.transaction.read(query, params)

    def has_changed(self, table: str) -> bool:
        """Whether this work, or one before it in the same transaction, may have changed the table."""
        return None in self._changed or table in self._changed

    def answered(self, caller: str, key: str) -> Answered | None:
        """What a caller was answered under a key before, also by a work before this one in the same transaction."""
        given = next((one for one in self.answers if (one.caller, one.key) == (caller, key)), None)
        if given is not None:
            return given
        rows = self.read(ASK, (caller, key))
        return Answered(*rows[0]) if rows else None

    def execute(self) -> None:
        """Execute what has been changed so far: what the database objects to is raised here, not at the end."""
        self._collect()
        self._settled = len(self.statements)
        self._execute(self._settled)

    @property
    def unwritten(self) -> Sequence[Statement]:
        """The statements that no `read` has had to execute yet."""
        return self.statements[self._executed :]

    def attempt(self, task: Callable[["Work"], T], *, savepoint: bool = False) -> T:
        """Do a task of which all or nothing counts. What it raised is raised again, with its changes undone.

        With a savepoint, that holds of what the database itself objects to as well; the work may then go on.
        """
        self._collect()
        began = _Attempt(len(self.events), len(self.statements), len(self.answers), dict(self.positions))
        self._settled = len(self.statements)
        self._open.append(began)
        outer, self._touched = self._touched, {}
        if savepoint:
            self._execute(began.statements)
            self._save_open()
        try:
            result = task(self)
            self._collect()
            self._aggregates.forget([a.id for a in self._touched.values() if a.version == 0])
        except BaseException as error:
            for id_ in self._undo(began, error):
                outer.pop(id_, None)
            raise
        else:
            self._settled = len(self.statements)
        finally:
            self._open.pop()
            self._touched = outer
        return result

    def _collect(self) -> None:
        for aggregate in self._touched.values():
            for event in aggregate.collect_events():
                self.events.append(event)
                self._take_in(self._project(event))

    def _take_in(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            self.statements.append(statement)
            self._changed.add(changed_table(statement[0]))

    def _undo(self, began: _Attempt, error: BaseException) -> Sequence[UUID]:
        """Go back to where it began. Answers the aggregates that have to be found again."""
        undone = [event.originator_id for event in self.events[began.events :]]
        undone += [a.id for a in self._touched.values() if a.pending or a.version == 0]
        self._aggregates.forget(undone)
        del self.events[began.events :], self.statements[began.statements :], self.answers[began.answers :]
        self.positions = began.positions
        self._settled = min(self._settled, began.statements)
        if began.saved and not out_of_reach(error):
            self.transaction.connection.execute(f"ROLLBACK TO SAVEPOINT attempt_{len(self._open) - 1}")
            self._executed = began.statements
        return undone

    def _execute(self, end: int) -> None:
        """Execute the statements up to `end`; each attempt that may still have to undo one gets a savepoint first."""
        for index in range(self._executed, end):
            self._save_open(index)
            self.transaction.connection.execute(*self.statements[index], prepare=True)
            self._executed = index + 1

    def _save_open(self, index: int | None = None) -> None:
        """Set the savepoints of the open attempts, the outer ones first: going back to one takes all after it away.

        `index`: of those alone that began at this statement or before it.
        """
        for depth, attempt in enumerate(self._open):
            if not attempt.saved and (index is None or attempt.statements <= index):
                self.transaction.connection.execute(f"SAVEPOINT attempt_{depth}")
                attempt.saved = True


Project = Callable[[DomainEvent], Sequence[Statement]]
"""How an event changes the service's read models."""

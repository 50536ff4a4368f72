"""A service's read models made anew from its log, beside those in use, and put in their place, while all goes on.

The log is followed into a schema of its own, batch by batch. When little is left, the rest is applied behind the event
store's lock and the tables change places in the same transaction: no event can come between, and a reader sees the old
tables or the new ones, never a half. It may be stopped or killed at any time: the tables in use are as they were.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from baqylau.eventstore.rows import Step
from baqylau.eventstore.service import Service
from baqylau.eventstore.side_models import SideModels
from baqylau.eventstore.transaction import Transaction

SCHEMA = "read_models_made_anew"
IN_USE = "public"
ALONE = "baqylau-read-models"
"""The advisory lock: one rebuild at a time, and none while a verification compares (that one holds it shared)."""
BATCH = 2000
"""Events in one transaction."""
LITTLE = 200
"""So many events may be left when the writer's lock is taken."""
PATIENCE = "500ms"
"""How long the switch, and with it the writer, waits for those who read the old tables. Less than a deadlock takes to
be seen (1 s), so that it is the switch that gives way; it is tried again."""
SWITCH_SECONDS = 120.0
PAUSE_SECONDS = 0.5


class NotSwitched(Exception):
    """Someone has read the old tables for all of `SWITCH_SECONDS`. They are as they were."""


def rebuild(service: Service) -> int:
    """Make the read models anew, by this code's definition, and put them in place. Answers how many events they took.

    Waits while another rebuild or a verification runs. Raises `NotSwitched`, or `psycopg.Error`.
    """
    with service.store.connect() as connection, service.store.connect() as reading:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (ALONE,))
        return _Rebuild(service, connection, Transaction(service.store, reading)).run()


class _Rebuild:
    """`connection`: what writes. `log`: what reads, at each time what is committed by then."""

    def __init__(self, service: Service, connection: Connection[DictRow], log: Transaction) -> None:
        self._service = service
        self._connection = connection
        self._log = log
        self._side = SideModels(connection, service.of_log, SCHEMA)
        self._position = 0
        self._events = 0

    def run(self) -> int:
        self._drop()
        try:
            self._create()
            self._follow()
            with self._connection.transaction():
                self._side.create_indexes()
                self._side.analyze()
            self._switch()
        finally:
            if not self._connection.closed:
                self._drop()
        return self._events

    def _create(self) -> None:
        with self._connection.transaction():
            self._connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(SCHEMA)))
            self._side.create()

    def _drop(self) -> None:
        self._connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(SCHEMA)))

    def _follow(self) -> None:
        """Follow the log until little is left; each batch is read while the database writes the one before it."""
        with ThreadPoolExecutor(1) as beside:
            count, steps = self._next()
            while count > LITTLE:
                written = beside.submit(self._commit, steps)
                count, steps = self._next()
                written.result()
        self._commit(steps)

    def _commit(self, steps: Sequence[Step]) -> None:
        """What is lost of it in a crash is lost with the whole schema, which is nobody's loss."""
        with self._connection.pipeline(), self._connection.transaction():
            self._connection.execute("SET LOCAL synchronous_commit = off")
            self._side.write(steps)

    def _next(self) -> tuple[int, Sequence[Step]]:
        """How many events come next in the log, of a batch, and what the read models make of them."""
        events = self._log.events(self._position, BATCH)
        if events:
            self._position = events[-1][0]
            self._events += len(events)
        return len(events), self._side.steps(self._service.decoded(stored) for _, stored in events)

    def _switch(self) -> None:
        until = time.monotonic() + SWITCH_SECONDS
        while time.monotonic() < until:
            self._follow()
            before = self._position, self._events
            try:
                with self._connection.transaction():
                    self._apply_the_rest()
                    self._take_the_place()
                return
            except LockNotAvailable:
                self._position, self._events = before
                time.sleep(PAUSE_SECONDS)
        raise NotSwitched

    def _apply_the_rest(self) -> None:
        """Behind the lock, so that nothing more is committed that the other session doesn't see."""
        self._connection.execute(self._service.store.locking)
        count = BATCH
        while count:
            count, steps = self._next()
            self._side.write(steps)

    def _take_the_place(self) -> None:
        new = self._side.tables()
        old = [name for name in new if self._is_there(name)]
        self._connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        if old:
            names = SQL(", ").join(Identifier(name) for name in old)
            self._connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
            self._connection.execute(SQL("DROP TABLE {}").format(names))
        for name in new:
            self._connection.execute(
                SQL("ALTER TABLE {} SET SCHEMA {}").format(Identifier(SCHEMA, name), Identifier(IN_USE))
            )
        self._connection.execute("UPDATE read_models SET definition = %s", (self._service.store.definition,))

    def _is_there(self, name: str) -> bool:
        found = self._connection.execute("SELECT to_regclass(%s) IS NOT NULL AS there", (f"{IN_USE}.{name}",))
        return found.fetchone() == {"there": True}

"""A control of its own, with a log of any length: the life of one assignment, really led, told again of others."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import control.bootstrap
import control.settings
import psycopg
from baqylau.contracts.registry import DocumentRegistered
from baqylau.contracts.values import Classification, DocumentForm, DocumentKind
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.messaging.envelope import partition_of
from baqylau_infra.database import Access
from control import application
from control.api import schemas
from control.domain.assignment_state import Circumstances
from control.policies import policies
from control.projections.assignments import TABLES
from eventsourcing.persistence import StoredEvent
from fastapi import FastAPI

from benchmarks.parts import PARTITIONS, UNITS, parts, unit_assigned

TODAY = date(2026, 3, 2)
DOCUMENT = UUID(int=0xD0C)
LIFE = 5
"""Events of an assignment's life: issued, reported, returned, reported, completed."""
_CHUNK = 5_000
_ID = "a55e0000-0000-4000-8000-"


class ControlLog:
    """Control without its process: commands go straight to the writer."""

    def __init__(self, name: str, access: Access | None = None) -> None:
        self.access = access or parts().access(name)
        self.app: FastAPI = control.bootstrap.create_app(control.settings.Settings(**parts().settings(self.access)))
        self.service: Service = self.app.state.service
        self.today = TODAY
        self._lives = 0
        self.service.writer.start()
        if access is None:
            self._be_told()

    def replica(self) -> "ControlLog":
        """Another process of it, but for the process."""
        return ControlLog("", self.access)

    def _be_told(self) -> None:
        for event in (*map(unit_assigned, UNITS[:3]), _document()):
            policy = policies(self.app.state.known_units)[type(event)]
            self.submit(lambda work, c, policy=policy, event=event: policy(work, event, c.cause)).result(30)

    def close(self) -> None:
        """Stop it."""
        self.service.writer.stop()
        self.service.close()

    def submit(self, task: Callable[[Work, Circumstances], Any]) -> "Future[Any]":
        """Run a task of today in one of the writer's next transactions."""
        cause = Cause(actor="controller", recorded_at=datetime.now(UTC), correlation_id=str(uuid4()))
        return self.service.writer.submit(
            lambda work: task(work, application.circumstances(work, self.app.state.book, self.today, cause))
        )

    def issue(self, id_: UUID | None = None, *, deadline: date = date(2026, 6, 1)) -> "Future[Any]":
        """Issue an assignment."""
        body = schemas.IssueAssignment.model_validate(
            {
                "document_id": DOCUMENT,
                "clause": "4",
                "text": "Жобаны әзірлеу",
                "source": "instruction",
                "originator": "president",
                "control": "short_term",
                "issued_on": self.today.isoformat(),
                "received_on": self.today.isoformat(),
                "deadline": deadline.isoformat(),
                "executor": {"organization": "MIN-A", "unit_id": UNITS[0], "area": "digital"},
            }
        )
        return self.submit(lambda work, c: application.issue(work, id_ or uuid4(), body, self.app.state.known_units, c))

    def correct(self, id_: UUID, clause: str) -> "Future[Any]":
        """Correct the clause."""
        body = schemas.Correct(reason="Қате", clause=clause)
        return self.submit(lambda work, c: application.correct(work, id_, body, c))

    def report(self, id_: UUID) -> "Future[Any]":
        """Report execution."""
        body = schemas.ReportExecution(text="Орындалды", evidence="№ 12")
        return self.submit(lambda work, c: application.report(work, id_, body, None, c))

    def send_back(self, id_: UUID, number: int) -> "Future[Any]":
        """Return a report."""
        body = schemas.ReturnReport(reason="Толық емес")
        return self.submit(lambda work, c: application.return_report(work, id_, number, body, c))

    def history(self, events: int) -> UUID:
        """An assignment with so many events: corrected, reported, returned, and so on."""
        id_ = uuid4()
        self.issue(id_).result(30)
        for number in range(1, events):
            if number % 3 == 1:
                self.correct(id_, f"{number}").result(30)
            elif number % 3 == 2:
                self.report(id_).result(30)
            else:
                self.send_back(id_, number // 3).result(30)
        return id_

    # A log of any length

    def grow(self, events: int) -> None:
        """Fill the log up to about so many events: public events, hash chain and the list of assignments with them."""
        template = self._life()
        with psycopg.connect(self.access.conninfo()) as connection:
            row = connection.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events").fetchone()
            position: int = row[0] if row else 0
            digest = self._digest(connection)
            first = self._lives
            while position + LIFE <= events:
                lives = min(_CHUNK, (events - position) // LIFE)
                digest = _copy(connection, template, range(self._lives, self._lives + lives), position, digest)
                self._lives += lives
                position += lives * LIFE
            connection.execute(
                "SELECT setval(pg_get_serial_sequence('stored_events', 'notification_id'), %s)", (position,)
            )
            self._list(connection, template.id, first, self._lives)
        self._analyze()

    def list_open(self, amount: int) -> None:
        """Put so many open assignments into the list alone; none of them falls due for years."""
        id_ = uuid4()
        self.issue(id_, deadline=date(2030, 6, 3)).result(30)
        with psycopg.connect(self.access.conninfo()) as connection:
            self._list(connection, id_, self._lives, self._lives + amount)
        self._lives += amount
        self._analyze()

    def _life(self) -> "_Life":
        id_ = uuid4()
        self.issue(id_).result(30)
        for number in (1, 2):
            self.report(id_).result(30)
            if number == 1:
                self.send_back(id_, 1).result(30)
        body = schemas.AcceptReport()
        self.submit(lambda work, c: application.accept_report(work, id_, 2, body, c)).result(30)
        events = self.service.store.select_events(id_)
        told = self.service.store.read(
            "SELECT topic, headers, value FROM public_events WHERE key = %s ORDER BY position", (str(id_),)
        )
        return _Life(id_, events, [(topic, bytes(headers), bytes(value)) for topic, headers, value in told])

    def _digest(self, connection: psycopg.Connection[Any]) -> bytes:
        found = connection.execute("SELECT digest FROM log_chain ORDER BY position DESC LIMIT 1").fetchone()
        return bytes(found[0]) if found else GENESIS

    def _list(self, connection: psycopg.Connection[Any], like: UUID, first: int, end: int) -> None:
        """Rows of the list as that of one assignment. The indexes are made behind them: so it takes less time."""
        names = [
            row[0]
            for row in connection.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = 'assignments' AND indexname LIKE 'assignments_%' "
                "AND indexname <> 'assignments_pkey'"
            )
        ]
        for name in names:
            connection.execute(f"DROP INDEX {name}")  # type: ignore[call-overload]
        columns = ", ".join(
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'assignments' "
                "AND column_name <> 'id' ORDER BY ordinal_position"
            )
        )
        connection.execute(
            f"INSERT INTO assignments (id, {columns}) SELECT ('{_ID}' || lpad(to_hex(n), 12, '0'))::uuid, {columns} "  # type: ignore[call-overload]
            "FROM assignments, generate_series(%s, %s - 1) AS n WHERE id = %s",
            (first, end, like),
        )
        connection.execute(TABLES)

    def _analyze(self) -> None:
        with psycopg.connect(self.access.conninfo(), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


class _Life:
    """The events of one assignment, and what was told of them."""

    def __init__(self, id: UUID, events: Any, told: list[tuple[str, bytes, bytes]]) -> None:  # noqa: A002
        self.id = id
        self.events: list[StoredEvent] = list(events)
        self.told = told
        if not len(self.events) == len(told) == LIFE:
            raise AssertionError(f"{len(self.events)} events, {len(told)} told")


def _copy(connection: psycopg.Connection[Any], life: _Life, lives: range, position: int, digest: bytes) -> bytes:
    """The life again, for each of these; as in a real log, the others' events lie between. Answers the last digest."""
    events, chain, public = [], [], []
    was = str(life.id).encode()
    ids = [UUID(f"{_ID}{number:012x}") for number in lives]
    for event, (topic, headers, value) in zip(life.events, life.told, strict=True):
        for id_ in ids:
            key = str(id_)
            position += 1
            digest = link(digest, position, StoredEvent(id_, event.originator_version, event.topic, event.state))
            events.append((id_, event.originator_version, event.topic, event.state, position))
            chain.append((position, digest))
            name, partition = key.encode(), partition_of(key, PARTITIONS)
            public.append((position, topic, partition, key, headers.replace(was, name), value.replace(was, name)))
    for into, types, rows in (
        ("stored_events (originator_id, originator_version, topic, state, notification_id)",
         ["uuid", "int8", "text", "bytea", "int8"], events),
        ("log_chain (position, digest)", ["int8", "bytea"], chain),
        ("public_events (position, topic, partition, key, headers, value)",
         ["int8", "text", "int2", "text", "bytea", "bytea"], public),
    ):  # fmt: skip
        with connection.cursor().copy(f"COPY {into} FROM STDIN (FORMAT binary)") as copy:  # type: ignore[arg-type]
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    return digest


def _document() -> DocumentRegistered:
    return DocumentRegistered(
        document_id=DOCUMENT,
        organization="MIN-A",
        unit_id=UNITS[0],
        kind=DocumentKind.INSTRUCTION,
        form=DocumentForm.PAPER,
        classification=Classification.PUBLIC,
        language="kk",
        dated=TODAY,
        registered_on=TODAY,
        registration_number="01-2026/1",
        citations=("RK-703:43-4-10",),
    )

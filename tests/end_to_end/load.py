"""Steady work on both lines while services come and go: a command is repeated, under its key, until it is answered."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
from baqylau_infra.system import System

from demo.client import NOT_KNOWN_YET, Line, TooLong

LIMIT = 120
ORGANIZATION = "LOAD"
NAMES = {"kk": "Жүктеме", "ru": "Нагрузка", "en": "Load"}


@dataclass
class Lane:
    """What one worker's commands were answered with. `reader`: who is told of what concerns the unit."""

    unit_id: str = ""
    reader: UUID = field(default_factory=uuid4)
    documents: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    assignments: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)


class Load:
    """A unit on each line, in which documents are registered and assignments issued; and new units at the gate."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._http = httpx.Client(timeout=30)
        self._enough = threading.Event()
        self.lanes = {line: Lane() for line in Line}
        self.interrupted = 0
        self._failures: list[BaseException] = []

    def set_up(self) -> None:
        """One unit with a reader on each line."""
        body = {"code": ORGANIZATION, "names": NAMES, "kind": "state_body", "territorial": False}
        self._insist("POST", "secrecy-gate", Line.GATE, "/organizations", body, "gate-officer")
        for line in (Line.OPEN, Line.CONFIDENTIAL):
            lane = self.lanes[line]
            lane.unit_id = self._new_unit(f"LOAD-{line}", line)
            lane.reader = uuid5(NAMESPACE_URL, f"load/{line}")
            posting = {"employee_id": str(lane.reader), "unit_id": lane.unit_id}
            self._insist("POST", "secrecy-gate", Line.GATE, "/postings", posting, "gate-officer")
            recipient = {**posting, "organization": ORGANIZATION, "role": "registrar", "language": "en", "channels": []}
            self._insist("PUT", "notifications", line, f"/recipients/{lane.reader}", recipient, "operator")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Three workers at it; on the way out each ends what it has in hand, and does one thing more."""
        self._enough.clear()
        lines = (Line.OPEN, Line.CONFIDENTIAL)
        work = [lambda line=line: self._register_and_issue(line) for line in lines] + [self._establish]
        workers = [threading.Thread(target=self._repeat, args=(once,), daemon=True) for once in work]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            self._enough.set()
            for worker in workers:
                worker.join()
        if self._failures:
            raise self._failures[0]

    def _repeat(self, once: Callable[[], None]) -> None:
        try:
            while not self._enough.is_set():
                once()
            once()
        except BaseException as failure:  # noqa: BLE001
            self._failures.append(failure)

    def _register_and_issue(self, line: Line) -> None:
        lane, secret = self.lanes[line], line is Line.CONFIDENTIAL
        document = {
            "organization": ORGANIZATION,
            "unit_id": lane.unit_id,
            "kind": "memo",
            "form": "paper",
            "classification": "secret" if secret else "public",
            "title": "Жүктеме",
            "language": "kk",
            "dated": "2020-11-30",
            "sheets": 2,
            "on_letterhead": False,
            "executor": {"surname": "Жүктеме", "phone": "1"},
            "signature": {"name": "Ж.", "job_title": "бастық"},
        }
        for _ in range(4):
            registered = self._insist("POST", "registry", line, "/documents", document, "registrar")
            lane.documents.append(registered["id"])
            lane.numbers.append(registered["registration_number"])
        # The deadline lies so far ahead that neither the story's days nor the real ones reach it.
        assignment = {
            "clause": "1",
            "text": "Жүктеме",
            "source": "instruction",
            "originator": "president",
            "personal": False,
            "touches_government_powers": False,
            "control": "long_term",
            "issued_on": "2020-11-30",
            "received_on": "2020-11-30",
            "deadline": "2029-12-28",
            "executor": {"organization": ORGANIZATION, "unit_id": lane.unit_id, "area": "load"},
            "co_executors": [],
        }
        for document_id in lane.documents[-4:]:
            body = assignment | {"document_id": document_id}
            lane.assignments.append(self._insist("POST", "control", line, "/assignments", body, "controller")["id"])

    def _establish(self) -> None:
        self.lanes[Line.GATE].units.append(self._new_unit(f"U-{uuid4().hex}", Line.OPEN))

    def _new_unit(self, code: str, line: Line) -> str:
        unit = {"organization": ORGANIZATION, "code": code, "names": NAMES}
        unit_id: str = self._insist("POST", "secrecy-gate", Line.GATE, "/units", unit, "gate-officer")["id"]
        regime = {"regime": line.replace("-", "_")}
        self._insist("PUT", "secrecy-gate", Line.GATE, f"/units/{unit_id}/regime", regime, "gate-officer")
        return unit_id

    def _insist(self, method: str, service: str, line: Line, path: str, body: Any, role: str) -> Any:
        """Sends the same until it is answered, and once more: the answer has to be the same."""
        units = [self.lanes[line].unit_id] if self.lanes[line].unit_id else []
        token = self._system.token(role, line, ORGANIZATION, units)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        url = self._system.url(service, line) + path
        answers = [self._answer(method, url, body, headers) for _ in range(2)]
        assert answers[0] == answers[1], (method, path)
        return answers[0]

    def _answer(self, method: str, url: str, body: Any, headers: dict[str, str]) -> Any:
        """What isn't known there yet is asked again; other refusals are faults."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            try:
                answer = self._http.request(method, url, json=body, headers=headers)
            except httpx.TransportError:
                self.interrupted += 1
                time.sleep(0.05)
                continue
            if answer.is_success:
                return answer.json()
            reasons = {violation["reason"] for violation in answer.json()["violations"]}
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE and not (reasons and reasons <= NOT_KNOWN_YET):
                raise AssertionError(f"{method} {url}: {answer.status_code} {answer.text}")
            time.sleep(0.02)
        raise TooLong(f"{method} {url} wasn't answered within {LIMIT} s")

"""A steady load of commands through HTTP on both lines, each repeated under its `Idempotency-Key` until it is answered.

A command's marker is its key and its correlation id, so that its events can be told apart in the logs. Some callers are
impatient: they hang up before they are answered, and ask again.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
from baqylau.lines import Line
from baqylau.platform.clock import ALMATY
from baqylau_infra.system import System

from demo.client import NOT_KNOWN_YET

LINES = (Line.NON_CONFIDENTIAL, Line.CONFIDENTIAL)
WORKERS_PER_LINE = 2
PATIENCE_SECONDS = 5.0
IMPATIENT = 0.03
"""The share of commands whose caller hangs up at once, the first time."""
IMPATIENT_SECONDS = 0.003
PAUSE_SECONDS = 0.15
"""Between two commands of a worker: a steady load, not the highest."""
ANSWER_LIMIT = 240.0
"""Seconds for which a command is repeated."""
NAMES = {"kk": "Сынақ", "ru": "Проверка", "en": "Trial"}
ORGANIZATIONS = ("TRIAL-A", "TRIAL-B")

Body = dict[str, Any]


@dataclass
class Command:
    """One command. `event`: the stored event that it brings; `answer`: None until it's answered 2xx.

    `refused`: a final refusal, which none of the load's commands should get.
    """

    service: str
    line: Line
    event: str
    marker: str = field(default_factory=lambda: uuid4().hex)
    aggregate: str | None = None
    attempts: int = 0
    answer: Body | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Reader:
    """A recipient of notices, and the unit that it serves in."""

    line: Line
    unit_id: str
    recipient_id: UUID


class Stopped(Exception):
    """The load ends; the command in hand was not answered in time."""


class Load:
    """Two organizations, with a unit and a reader each on each line; and new units at the gate now and then.

    `impatient`: the share of impatient callers; `limit`: seconds for which a command is repeated.
    """

    def __init__(self, system: System, seed: int, impatient: float = IMPATIENT, limit: float = ANSWER_LIMIT) -> None:
        self._system = system
        self._random = random.Random(seed)
        self._impatient = impatient
        self._limit = limit
        self._http = httpx.Client(timeout=PATIENCE_SECONDS, limits=httpx.Limits(max_keepalive_connections=0))
        self._enough = threading.Event()
        self._tokens: dict[tuple[str, str, str], str] = {}
        self._workers: list[threading.Thread] = []
        self.units: dict[tuple[Line, str], str] = {}
        self.readers: list[Reader] = []
        self.commands: list[Command] = []
        self.failures: list[str] = []

    def set_up(self) -> None:
        """Organizations, units, readers."""
        for organization in ORGANIZATIONS:
            body = {"code": organization, "names": NAMES, "kind": "state_body", "territorial": False}
            self._gate("POST", "/organizations", body, "OrganizationRegistered")
        for line in LINES:
            for organization in ORGANIZATIONS:
                unit_id = self._new_unit(organization, f"{organization}-{line}", line)
                self.units[line, organization] = unit_id
                reader = Reader(line, unit_id, uuid5(NAMESPACE_URL, f"trial/{line}/{organization}"))
                posting = {"employee_id": str(reader.recipient_id), "unit_id": unit_id}
                self._gate("POST", "/postings", posting, "EmployeePosted")
                recipient = {**posting, "organization": organization, "role": "registrar", "language": "kk"}
                command = Command("notifications", line, "notifications:RecipientSet")
                path = f"/recipients/{reader.recipient_id}"
                self._insist(command, "PUT", path, {**recipient, "channels": []}, "operator")
                self.readers.append(reader)

    def start(self) -> None:
        """Put the workers to it."""
        tasks: list[Callable[[], None]] = [self._establish]
        tasks += [lambda line=line: self._case(line) for line in LINES for _ in range(WORKERS_PER_LINE)]  # type: ignore[misc]
        self._workers = [threading.Thread(target=self._repeat, args=(task,), daemon=True) for task in tasks]
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Each worker ends the command that it has in hand."""
        self._enough.set()
        for worker in self._workers:
            worker.join()

    @property
    def answered(self) -> Sequence[Command]:
        """The commands that were answered 2xx."""
        return [command for command in self.commands if command.answer is not None]

    def _repeat(self, task: Callable[[], None]) -> None:
        while not self._enough.is_set():
            try:
                task()
            except Stopped:
                continue
            except Exception as error:  # noqa: BLE001 (shown in the report)
                self.failures.append(f"{type(error).__name__}: {error}")

    def _case(self, line: Line) -> None:
        """A document's life: registered, an assignment from it, a proposal, a letter, a report, its acceptance."""
        executor, other = self._random.sample(ORGANIZATIONS, 2)
        document = self._register(line, executor)
        assignment = self._issue(line, document["id"], executor, other)["id"]
        steps: list[tuple[str, Body, str, str, str]] = [
            ("proposals", {"organization": other, "text": "Ұсыныс."}, "ProposalSubmitted", "executor", other),
            ("extension-requests", _letter(executor), "ExtensionRequested", "executor", executor),
            ("reports", {"text": "Орындалды."}, "ExecutionReported", "executor", executor),
            ("reports/1/acceptance", {}, "AssignmentCompleted", "controller", ""),
        ]
        for path, body, event, role, organization in steps[: self._random.randint(1, len(steps))]:
            self._breathe()
            command = Command("control", line, f"control:{event}", aggregate=assignment)
            self._insist(command, "POST", f"/assignments/{assignment}/{path}", body, role, organization)

    def _breathe(self) -> None:
        if self._enough.wait(PAUSE_SECONDS):
            raise Stopped

    def _register(self, line: Line, organization: str) -> Body:
        self._breathe()
        body = {
            "organization": organization,
            "unit_id": self.units[line, organization],
            "kind": "memo",
            "form": "paper",
            "classification": "secret" if line is Line.CONFIDENTIAL else "public",
            "title": "Сынақ құжаты",
            "language": "kk",
            "dated": "2020-11-30",
            "sheets": 2,
            "on_letterhead": False,
            "executor": {"surname": "Сынақов", "phone": "1"},
            "signature": {"name": "С.", "job_title": "бастық"},
        }
        command = Command("registry", line, "registry:DocumentRegistered")
        return self._insist(command, "POST", "/documents", body, "registrar", organization)

    def _issue(self, line: Line, document_id: str, executor: str, other: str) -> Body:
        self._breathe()
        # The deadline lies so far ahead that no miss falls into the run.
        body = {
            "document_id": document_id,
            "clause": "1",
            "text": "Сынақ тапсырмасы",
            "source": "instruction",
            "originator": "president",
            "personal": False,
            "touches_government_powers": False,
            "control": "long_term",
            "deadline": "2029-12-28",
            "executor": {"organization": executor, "unit_id": self.units[line, executor], "area": "trial"},
            "co_executors": [{"organization": other, "unit_id": self.units[line, other], "area": "trial"}],
        }
        command = Command("control", line, "control:AssignmentIssued")
        return self._insist(command, "POST", "/assignments", body, "controller")

    def _establish(self) -> None:
        if self._enough.wait(20 * PAUSE_SECONDS):
            return
        self._new_unit(self._random.choice(ORGANIZATIONS), f"U-{uuid4().hex}", self._random.choice(LINES))

    def _new_unit(self, organization: str, code: str, line: Line) -> str:
        unit = {"organization": organization, "code": code, "names": NAMES}
        unit_id: str = self._gate("POST", "/units", unit, "UnitEstablished")["id"]
        regime = {"regime": line.replace("-", "_")}
        self._gate("PUT", f"/units/{unit_id}/regime", regime, "UnitRegimeAssigned")
        return unit_id

    def _gate(self, method: str, path: str, body: Body, event: str) -> Body:
        command = Command("secrecy-gate", Line.GATE, f"secrecy_gate:{event}")
        return self._insist(command, method, path, body, "gate-officer")

    def _insist(self, command: Command, method: str, path: str, body: Body, role: str, organization: str = "") -> Body:
        """Send the same until it is answered. What isn't known there yet is asked again; other refusals are faults."""
        self.commands.append(command)
        headers = {
            "Authorization": f"Bearer {self._token(role, command.line, organization)}",
            "Idempotency-Key": command.marker,
            "X-Correlation-Id": command.marker,
        }
        patience = IMPATIENT_SECONDS if self._random.random() < self._impatient else PATIENCE_SECONDS
        deadline = time.monotonic() + self._limit
        while time.monotonic() < deadline:
            command.attempts += 1
            try:
                answer = self._http.request(
                    method, self._url(command) + path, json=body, headers=headers, timeout=patience
                )
            except httpx.TransportError:
                patience = PATIENCE_SECONDS
                time.sleep(0.1)
                continue
            if answer.is_success:
                found: Body = answer.json()
                command.answer = found
                command.aggregate = command.aggregate or (None if command.line is Line.GATE else found["id"])
                return found
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                reasons = {violation["reason"] for violation in answer.json().get("violations", [])}
                if not reasons or not reasons <= NOT_KNOWN_YET:
                    command.refused = f"{method} {path}: {answer.status_code} {sorted(reasons)}"
                    raise Stopped
            time.sleep(0.05)
        raise Stopped

    def _url(self, command: Command) -> str:
        name = command.service if command.line is Line.GATE else f"{command.service}-{command.line}"
        return self._system.url(self._random.choice(self._system.instances(name)))

    def _token(self, role: str, line: Line, organization: str) -> str:
        asked = (role, line.value, organization)
        if asked not in self._tokens:
            units = [unit for (of, whose), unit in self.units.items() if of is line and whose == organization]
            self._tokens[asked] = self._system.token(role, line, organization or None, units)
        return self._tokens[asked]


def _letter(organization: str) -> Body:
    today = datetime.now(ALMATY).date().isoformat()
    return {
        "kind": "extension",
        "new_deadline": "2030-03-29",
        "current_state": "Жартысы орындалды.",
        "justification": "Шарттар кейін жасалады.",
        "responsible": [
            {"organization": one, "name": "Т. Сынақов", "position": "вице-министр"} for one in ORGANIZATIONS
        ],
        "agreement": {"by": "deputy_prime_minister", "agreed_on": today, "reference": "1"},
        "letter": {"registration_number": f"{organization}/1", "dated": today, "signed_by": "С."},
    }

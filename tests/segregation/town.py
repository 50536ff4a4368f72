"""An organization with a unit of each regime, and one act of handling of each service, by HTTP alone."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from baqylau.testing.wait import wait_until
from baqylau_infra.system import System

OPEN, SECRET = "non-confidential", "confidential"
LINES = (OPEN, SECRET)
SERVICES = ("registry", "control", "notifications")
NAMES = {"kk": "Бөлім", "ru": "Отдел", "en": "Unit"}
ROLES = ("gate-officer", "registrar", "controller", "executor", "operator", "auditor", "subscriber")

SUBJECTS = {"first_head": {"name": "Ахметов А.", "position": "министр"}, "deputies": []}

Json = dict[str, Any]
_codes = count(1)


class Town:
    """What a test does on a running system, and what it sees there."""

    def __init__(self, system: System) -> None:
        self.system = system
        # No connection is kept: the tests stop and start who is at its other end.
        self._http = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
        self.organization = f"TOWN-{uuid4().hex[:6]}"
        self.done("POST", "secrecy-gate", "gate", "/organizations", self.organization_body(self.organization))
        self.documents: dict[str, str] = {}
        self.units = {line: self.unit(line) for line in LINES}
        self.employees = {line: self.posted(self.units[line]) for line in LINES}
        for line in LINES:
            self.until_known(line, self.units[line])
        self.documents = {line: str(self.register(line, self.units[line]).json()["id"]) for line in LINES}
        for line in LINES:
            self.done("PUT", "control", line, f"/organizations/{self.organization}/control-subjects", SUBJECTS)
            wait_until(lambda on=line: not reasons(self.assign(on, self.units[on])), f"control on {line} is ready")
            wait_until(lambda on=line: not reasons(self.notify(on, self.units[on])), f"{line} can notify")

    # Calls

    def call(
        self, method: str, service: str, line: str, path: str, body: object = None, role: str = "", **more: Any
    ) -> httpx.Response:
        """As whom it is allowed, unless `role` or `token` says otherwise."""
        token = more.pop("token", None) or self.token(line, role)
        url = self.system.url(service, None if service == "secrecy-gate" else line) + path
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return self._http.request(method, url, json=body, headers=headers, **more)

    def token(self, line: str, role: str = "") -> str:
        """A token of a line; without a role, with all of them."""
        return self.system.token([role] if role else ROLES, line)

    def done(self, method: str, service: str, line: str, path: str, body: object = None) -> Json:
        answer = self.call(method, service, line, path, body)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    def metric(self, service: str, line: str, name: str) -> float:
        text = httpx.get(self.system.url(service, None if service == "secrecy-gate" else line) + "/metrics").text
        values = [row.rpartition(" ")[2] for row in text.splitlines() if row.startswith(name)]
        return sum(float(value) for value in values)

    def environment(self, process: str) -> dict[str, str]:
        """The settings that a process runs with."""
        return dict(self.system.process(process).environment)

    # The gate

    def organization_body(self, code: str) -> Json:
        return {"code": code, "names": NAMES, "kind": "state_body", "territorial": False}

    def unit(self, line: str | None, parent: str | None = None) -> str:
        """A new unit, with the regime of a line."""
        body: Json = {
            "organization": self.organization,
            "code": f"U{next(_codes)}-{uuid4().hex[:12]}",
            "names": NAMES,
            "parent_id": parent,
        }
        unit = str(self.done("POST", "secrecy-gate", "gate", "/units", body)["id"])
        if line is not None and parent is None:
            self.give(unit, line)
        return unit

    def give(self, unit: str, line: str) -> None:
        self.done("PUT", "secrecy-gate", "gate", f"/units/{unit}/regime", {"regime": line.replace("-", "_")})

    def posted(self, unit: str) -> str:
        employee = str(uuid4())
        self.done("POST", "secrecy-gate", "gate", "/postings", {"employee_id": employee, "unit_id": unit})
        return employee

    def proof(self) -> Json:
        return self.done("GET", "secrecy-gate", "gate", "/proof")

    # An act of handling in each service

    def register(self, line: str, unit: str, **changes: object) -> httpx.Response:
        token = self.system.token("registrar", line, None, [unit])
        return self.call("POST", "registry", line, "/documents", {**self.document(line, unit), **changes}, token=token)

    def document(self, line: str, unit: str) -> Json:
        return {
            "organization": self.organization,
            "unit_id": unit,
            "kind": "memo",
            "form": "electronic",
            "classification": "secret" if line == SECRET else "public",
            "title": "Қызметтік жазба",
            "language": "kk",
            "dated": "2021-03-01",
            "sheets": 1,
            "on_letterhead": False,
            "executor": {"surname": "Сейітов"},
            "addressee": {"organization": self.organization, "territorial": False},
            "signature": {"name": "Сейітов А.", "job_title": "Басшы"},
        }

    def assign(self, line: str, unit: str, **changes: object) -> httpx.Response:
        return self.call("POST", "control", line, "/assignments", {**self.assignment(line, unit), **changes})

    def assignment(self, line: str, unit: str) -> Json:
        return {
            "document_id": self.documents.get(line, str(uuid4())),
            "clause": "1",
            "text": "Орындау",
            "source": "instruction",
            "originator": "president",
            "control": "short_term",
            "deadline": "2023-12-28",
            "issued_on": "2023-06-01",
            "received_on": "2023-06-01",
            "executor": {"organization": self.organization, "unit_id": unit, "area": "digital"},
        }

    def notify(self, line: str, unit: str, **changes: object) -> httpx.Response:
        body = {
            "employee_id": self.employees[line],
            "unit_id": unit,
            "organization": self.organization,
            "role": "registrar",
            "language": "kk",
            "channels": [{"email": "a@example.org"}],
        }
        return self.call("PUT", "notifications", line, f"/recipients/{uuid4()}", {**body, **changes})

    @property
    def acts(self) -> Mapping[str, Callable[[str, str], httpx.Response]]:
        """Service → its act of handling on a line in a unit."""
        return {"registry": self.register, "control": self.assign, "notifications": self.notify}

    def until_known(self, line: str, unit: str) -> None:
        """Wait until each service of the line has been told of the unit."""
        for service in SERVICES:
            wait_until(
                lambda s=service: "unit-regime-unknown" not in reasons(self.probe(s, line, unit)),
                f"{service} on {line} knows {unit}",
                60,
            )

    def probe(self, service: str, line: str, unit: str) -> httpx.Response:
        """What is refused in any case, and says whether the unit is known: nothing comes of it."""
        if service == "registry":
            return self.register(line, unit, organization="NOBODY")
        if service == "control":
            return self.assign(line, unit, document_id=str(uuid4()))
        return self.notify(line, unit, employee_id=str(uuid4()))


def reasons(answer: httpx.Response) -> set[str]:
    """Why it was refused; none: it wasn't."""
    assert answer.is_success or answer.status_code in {404, 409, 422}, answer.text
    return {found["reason"] for found in answer.json().get("violations", ())}

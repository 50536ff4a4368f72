"""The gate, a registry and a control on real parts, with two ministries and a document to issue assignments from."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from baqylau.lines import Line
from baqylau_infra.system import System

LINE = Line.NON_CONFIDENTIAL
SERVICES = ("secrecy-gate", f"registry-{LINE}", f"control-{LINE}")
LIMIT_SECONDS = 30.0


class Office:
    """Who calls control, each with a token of their own: `control` the controller, `executors` by organization."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.gate = self._client("secrecy-gate", "gate-officer", Line.GATE)
        self.control = self._client("control", "controller", LINE)
        self.auditor = self._client("control", "auditor", LINE)
        self.operator = self._client("control", "operator", LINE)
        self.executors = {code: self._client("control", "executor", LINE, code) for code in ("MIN-A", "MIN-B", "MIN-C")}
        self.units = {code: self._establish(code) for code in self.executors}
        self.document_id = self._register()
        self._wait_for_control()

    def on(self, day: str) -> None:
        """Set control's simulated clock to noon of a day."""
        answer = self.operator.put("/simulation/clock", json={"now": f"{day}T12:00:00+05:00"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["today"] == day

    def assignment(self, **changes: Any) -> dict[str, Any]:
        """The body of an ordinary assignment to MIN-A with MIN-B."""
        ordinary = {
            "document_id": self.document_id,
            "clause": "1",
            "text": "Есеп енгізілсін",
            "source": "instruction",
            "originator": "president",
            "personal": False,
            "occasion": None,
            "touches_government_powers": False,
            "control": "short_term",
            "urgency": None,
            "issued_on": "2021-03-01",
            "received_on": "2021-03-02",
            "deadline": "2021-04-30",
            "executor": self.party("MIN-A"),
            "co_executors": [self.party("MIN-B")],
        }
        return ordinary | changes

    def party(self, code: str, **more: Any) -> dict[str, Any]:
        return {"organization": code, "unit_id": self.units[code], "area": "finance", **more}

    def issue(self, **changes: Any) -> dict[str, Any]:
        """Issue an assignment on the day of its receipt."""
        body = self.assignment(**changes)
        self.on(body["received_on"])
        answer = self.control.post("/assignments", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def history(self, assignment_id: str, after: int = 0) -> list[dict[str, Any]]:
        """The events of an assignment behind a version."""
        items: list[dict[str, Any]] = []
        following = ""
        while True:
            found = self.control.get(
                f"/assignments/{assignment_id}/history", params={"after": following} if following else {}
            )
            assert found.status_code == 200, found.text
            items += found.json()["items"]
            following = found.json()["next"]
            if not following:
                return [item for item in items if item["version"] > after]

    def _client(self, service: str, role: str, line: Line, organization: str | None = None) -> httpx.Client:
        token = self.system.token(role, line, organization)
        return httpx.Client(
            base_url=self.system.url(service, line), headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def _establish(self, code: str) -> str:
        names = {"kk": code, "ru": code, "en": code}
        body = {"code": code, "names": names, "kind": "state_body", "territorial": False}
        assert self.gate.post("/organizations", json=body).status_code == 201
        unit = self.gate.post("/units", json={"organization": code, "code": "01", "names": names}).json()["id"]
        given = self.gate.put(f"/units/{unit}/regime", json={"regime": "non_confidential"})
        assert given.status_code == 200, given.text
        return str(UUID(unit))

    def _register(self) -> str:
        token = self.system.token("registrar", LINE, "MIN-A", [self.units["MIN-A"]])
        registry = httpx.Client(
            base_url=self.system.url("registry", LINE), headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        body = {
            "organization": "MIN-A",
            "unit_id": self.units["MIN-A"],
            "kind": "instruction",
            "form": "electronic",
            "classification": "public",
            "title": "Тапсырма",
            "language": "kk",
            "dated": "2021-03-01",
            "sheets": 2,
            "on_letterhead": False,
            "executor": {"surname": "Сейітов", "phone": "74-00-00"},
            "addressee": {"organization": "MIN-B", "territorial": False},
            "signature": {"name": "А. Ахметов", "job_title": "Министр"},
        }
        return str(self._until(lambda: registry.post("/documents", json=body), 201).json()["id"])

    def _wait_for_control(self) -> None:
        self.on("2021-03-02")
        body = self.assignment(co_executors=[self.party("MIN-B"), self.party("MIN-C")])
        self._until(lambda: self.control.post("/assignments", json=body), 201)

    @staticmethod
    def _until(call: Any, status: int) -> httpx.Response:
        limit = time.monotonic() + LIMIT_SECONDS
        while (answer := call()).status_code != status:
            assert time.monotonic() < limit, answer.text
            time.sleep(0.05)
        return answer


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with System(tmp_path_factory.mktemp("acceptance"), services=SERVICES) as system:
        yield Office(system)

"""What both sides stand on: the real system on free ports, in a folder of its own, with a state's units in it."""

import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import httpx
from baqylau_infra.system import System

LINE = "non-confidential"
REGISTRY, CONTROL, NOTIFICATIONS = f"registry-{LINE}", f"control-{LINE}", f"notifications-{LINE}"
NAMES = {"kk": "Бөлім", "ru": "Отдел", "en": "Unit"}
KNOWN_WITHIN = 60.0

_LIMITS = httpx.Limits(keepalive_expiry=2)
"""Less than the servers', who would close the connection in the moment in which it's used."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """A unit of the non-confidential regime."""

    id: str
    organization: str
    code: str


@dataclass(frozen=True)
class Town:
    """A running system with organizations and their units."""

    system: System
    units: Sequence[Unit] = ()
    http: httpx.Client = field(default_factory=partial(httpx.Client, timeout=30, limits=_LIMITS))

    def token(self, role: str, organization: str | None = None) -> str:
        """A token for all units."""
        return self.system.token(role, LINE, organization, [unit.id for unit in self.units])

    def document(self, unit: Unit) -> Json:
        """A letter as a registrar enters it."""
        return {
            "organization": unit.organization,
            "unit_id": unit.id,
            "kind": "letter",
            "form": "electronic",
            "classification": "public",
            "title": "2026 жылға арналған цифрландыру жоспарының орындалу барысы туралы ақпарат",
            "language": "kk",
            "dated": "2025-12-01",
            "sheets": 3,
            "on_letterhead": True,
            "executor": {"surname": "Сейітов", "given_name": "Арман", "phone": "74-00-01"},
            "addressee": {"organization": unit.organization, "territorial": False},
            "signature": {"name": "А. Сейітов", "job_title": "Департамент директоры"},
        }

    def add_reader(self, unit: Unit) -> str:
        """The id of a new recipient of what concerns the unit, once notifications knows of the posting."""
        employee = str(uuid4())
        posting = {"employee_id": employee, "unit_id": unit.id}
        self.call("POST", "secrecy-gate", "/postings", self.system.token("gate-officer", "gate"), posting)
        body = {**posting, "organization": unit.organization, "role": "registrar", "language": "kk", "channels": []}
        self._insist("PUT", NOTIFICATIONS, f"/recipients/{employee}", self.token("operator"), body)
        return employee

    def register(self, unit: Unit) -> str:
        """The id of a new document, once the registry knows the unit."""
        return self._insist("POST", REGISTRY, "/documents", self.token("registrar"), self.document(unit))

    def issue(self, body: Json) -> str:
        """The id of a new assignment, once control knows its document and units."""
        return self._insist("POST", CONTROL, "/assignments", self.token("controller"), body)

    def call(self, method: str, service: str, path: str, token: str, body: object = None) -> Json:
        """A call that has to succeed; the answer's JSON. `service`: the process's name. Raises `RuntimeError`."""
        answer = self.answer(method, service, path, token, body)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        found: Json = answer.json()
        return found

    def posted(self, url: str, token: str, body: Json) -> str:
        """The id that a command of either side answers. Raises `RuntimeError` where it's refused."""
        answer = self.http.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
        if not answer.is_success:
            raise RuntimeError(f"{url}: {answer.status_code} {answer.text}")
        found: str = answer.json()["id"]
        return found

    def _insist(self, method: str, service: str, path: str, token: str, body: Json) -> str:
        made: list[str] = []

        def succeeded() -> bool:
            answer = self.answer(method, service, path, token, body)
            if answer.is_success:
                made.append(answer.json()["id"])
            return answer.is_success

        until(succeeded, f"{method} {path} accepted")
        return made[0]

    def answer(self, method: str, service: str, path: str, token: str, body: object) -> httpx.Response:
        """What any call is answered with."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(method, self.system.url(service) + path, json=body, headers=headers)


@contextmanager
def town(
    services: Collection[str] | None,
    units: int,
    organizations: int = 1,
    replicas: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Town]:
    """Bring up the gate and these services of the non-confidential line, and units, in turn of each organization.

    `services`: None for everything that there is, on both lines.
    """
    with (
        tempfile.TemporaryDirectory(prefix="baqylau-bench-") as folder,
        System(
            Path(folder),
            services=None if services is None else {"secrecy-gate", *(f"{service}-{LINE}" for service in services)},
            replicas={f"{service}-{LINE}": count for service, count in replicas.items()},
            environment={"BAQYLAU_SIMULATION": "0"},
        ) as system,
    ):
        bare, officer = Town(system), system.token("gate-officer", "gate")
        codes = [f"MIN-{number}" for number in range(1, organizations + 1)]
        for code in codes:
            body = {"code": code, "names": NAMES, "kind": "state_body", "territorial": False}
            bare.call("POST", "secrecy-gate", "/organizations", officer, body)
        made = []
        for number in range(units):
            unit = {"organization": codes[number % organizations], "code": f"{number + 1:02}", "names": NAMES}
            id_ = bare.call("POST", "secrecy-gate", "/units", officer, unit)["id"]
            regime = {"regime": "non_confidential"}
            bare.call("PUT", "secrecy-gate", f"/units/{id_}/regime", officer, regime)
            made.append(Unit(id_, unit["organization"], unit["code"]))  # type: ignore[arg-type]
        yield Town(system, made)


def until(condition: Callable[[], bool], what: str, pause: float = 0.02) -> None:
    """Wait for it, before anything is measured. Raises `TimeoutError`."""
    end = time.monotonic() + KNOWN_WITHIN
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {KNOWN_WITHIN:.0f} s: {what}")
        time.sleep(pause)

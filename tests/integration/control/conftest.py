"""Control on the real PostgreSQL, over HTTP, with the facts that the gate and the registry would have told it."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from baqylau.contracts import registry
from baqylau.contracts import secrecy_gate as gate
from baqylau.contracts.base import PublicEvent
from baqylau.contracts.values import (
    Classification,
    DocumentForm,
    DocumentKind,
    Names,
    OrganizationKind,
    Regime,
)
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.lines import Line
from baqylau.platform.runtime import Runtime
from baqylau_infra.database import Database
from baqylau_infra.tokens import Keys
from control.bootstrap import create_app
from control.domain.rule_sets import RuleBook
from control.policies import policies
from control.settings import Settings
from control.watcher import DeadlineWatcher
from fastapi import FastAPI
from fastapi.testclient import TestClient

NAMES = Names(kk="М", ru="М", en="M")
CAUSE = Cause(actor="test", recorded_at=datetime(2021, 1, 1, tzinfo=UTC), correlation_id="test")
ORGANIZATIONS = ("MIN-A", "MIN-B", "MIN-C")
Json = dict[str, Any]


class Control:
    """One replica of control, its writer running. `on`: it is that day."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.app: FastAPI = create_app(settings)
        self.runtime: Runtime = self.app.state.runtime
        self.service: Service = self.runtime.service
        self.book: RuleBook = self.app.state.book
        self._keys = keys
        self._client = TestClient(self.app, raise_server_exceptions=False)
        self.service.writer.start()
        self.watchers: list[DeadlineWatcher] = []

    def watch(self) -> DeadlineWatcher:
        """Start a deadline watcher of this replica."""
        watcher = DeadlineWatcher(self.runtime, self.book)
        self.watchers.append(watcher)
        watcher.start()
        return watcher

    def close(self) -> None:
        """Stop what runs."""
        for watcher in self.watchers:
            watcher.stop()
        self.service.writer.stop()
        self.service.close()

    def on(self, day: date) -> None:
        """Set the simulated clock to noon in Almaty."""
        now = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
        self.put("/simulation/clock", {"now": now.isoformat()}, role="operator").raise_for_status()

    def told(self, event: PublicEvent) -> None:
        """Take in what another service says."""
        policy = policies(self.app.state.known_units)[type(event)]
        self.service.writer.submit(lambda work: policy(work, event, CAUSE)).result(20)

    def call(
        self, method: str, path: str, body: object = None, *, role: str = "controller", organization: str | None = None
    ) -> httpx.Response:
        """Any call, with the token of a role."""
        token = self._keys.token([role], Line.NON_CONFIDENTIAL, organization=organization)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        answer: httpx.Response = self._client.request(method, path, headers=headers, content=content)
        return answer

    def get(self, path: str, *, role: str = "controller", organization: str | None = None) -> httpx.Response:
        return self.call("GET", path, role=role, organization=organization)

    def put(self, path: str, body: object, *, role: str = "controller") -> httpx.Response:
        return self.call("PUT", path, body, role=role)

    def post(
        self, path: str, body: object, *, role: str = "controller", organization: str | None = None
    ) -> httpx.Response:
        return self.call("POST", path, body, role=role, organization=organization)

    def shown(self, path: str, *, role: str = "controller", organization: str | None = None) -> Json:
        """What a read answers that must succeed."""
        answer = self.get(path, role=role, organization=organization)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def done(self, path: str, body: object, *, role: str = "controller", organization: str | None = None) -> Json:
        """What a command answers that must succeed."""
        answer = self.post(path, body, role=role, organization=organization)
        assert answer.status_code in (200, 201), answer.text
        found: Json = answer.json()
        return found

    def types(self, assignment_id: str) -> list[str]:
        """The types of an assignment's events, in order."""
        return [item["type"] for item in self.shown(f"/assignments/{assignment_id}/history?limit=500")["items"]]


class Place:
    """Organizations with a unit each, and a document, as control has been told of them."""

    def __init__(self, control: Control) -> None:
        self.document_id = uuid4()
        self.units: Mapping[str, UUID] = {code: uuid4() for code in ORGANIZATIONS}
        self._control = control
        for code, unit_id in self.units.items():
            control.told(
                gate.OrganizationRegistered(code=code, names=NAMES, kind=OrganizationKind.STATE_BODY, territorial=False)
            )
            control.told(
                gate.UnitRegimeAssigned(
                    unit_id=unit_id,
                    organization=code,
                    code="01",
                    names=NAMES,
                    root_id=unit_id,
                    documentation_service=False,
                    regime=Regime.NON_CONFIDENTIAL,
                    citations=("RK-703:2",),
                )
            )
        control.told(
            registry.DocumentRegistered(
                document_id=self.document_id,
                organization="MIN-A",
                unit_id=self.units["MIN-A"],
                kind=DocumentKind.INSTRUCTION,
                form=DocumentForm.PAPER,
                classification=Classification.PUBLIC,
                language="kk",
                dated=date(2021, 3, 1),
                registered_on=date(2021, 3, 1),
                registration_number="01-2021/1",
                citations=("RK-703:43-4-10",),
            )
        )

    def party(self, organization: str, **more: object) -> Json:
        """A party as a body names it."""
        return {"organization": organization, "unit_id": str(self.units[organization]), "area": "digital", **more}

    def assignment(self, **changes: object) -> Json:
        """The President's instruction of 1.3.2021 to MIN-A with MIN-B, due on 30.4.2021."""
        body = {
            "document_id": str(self.document_id),
            "clause": "4",
            "text": "Жобаны әзірлеу",
            "source": "instruction",
            "originator": "president",
            "control": "short_term",
            "issued_on": "2021-03-01",
            "received_on": "2021-03-01",
            "deadline": "2021-04-30",
            "executor": self.party("MIN-A"),
            "co_executors": [self.party("MIN-B")],
        }
        return body | changes

    def issued(self, **changes: object) -> str:
        """The id of such an assignment, issued."""
        return str(self._control.done("/assignments", self.assignment(**changes))["id"])

    def letter(self, new_deadline: str) -> Json:
        """A complete letter."""
        return {
            "kind": "extension",
            "new_deadline": new_deadline,
            "current_state": "Жоба келісуде",
            "justification": "Сараптама ұзақ",
            "responsible": [
                {"organization": "MIN-A", "name": "Сейітов А.", "position": "вице-министр"},
                {"organization": "MIN-B", "name": "Иванова Б.", "position": "вице-министр"},
            ],
        }


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database(tmp_path_factory.mktemp("database")) as started:
        yield started


_numbers = count(1)


@pytest.fixture
def replica(database: Database, tmp_path: Path) -> Iterator[Callable[[], Control]]:
    """Start replicas of one control, on a database of its own."""
    access = database.create(f"control_{next(_numbers)}")
    keys = Keys(tmp_path / "keys")
    settings = Settings(
        line=Line.NON_CONFIDENTIAL,
        port=1,
        kafka_bootstrap="127.0.0.1:1",
        postgres_host=access.host,
        postgres_port=access.port,
        postgres_user=access.user,
        postgres_password=access.password,
        postgres_dbname=access.dbname,
        jwks_file=keys.jwks_file,
        service_token_file=tmp_path,
        feed_secrecy_gate="http://127.0.0.1:1",
        feed_registry="http://127.0.0.1:1",
        simulation=True,
    )
    started: list[Control] = []

    def start() -> Control:
        started.append(Control(settings, keys))
        return started[-1]

    yield start
    for control in started:
        control.close()


@pytest.fixture
def control(replica: Callable[[], Control]) -> Control:
    return replica()


@pytest.fixture
def place(control: Control) -> Place:
    control.on(date(2021, 3, 1))
    return Place(control)

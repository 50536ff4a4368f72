"""The service on a real database, fed records as its consumer would feed them; and real receivers of what it sends."""

import asyncio
import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from baqylau.contracts import registry, secrecy_gate
from baqylau.contracts.base import PublicEvent, contracts_of
from baqylau.contracts.values import Classification, DocumentForm, DocumentKind, Names, Regime
from baqylau.lines import Line, regime_of, topic_of
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.intake import Taken
from baqylau_infra.database import Database
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from notifications.bootstrap import create_app
from notifications.settings import NotificationsSettings

NAMES = Names(kk="Бөлім", ru="Отдел", en="Unit")
MARK = "MARKED-WORD"


class OnLine:
    """The service of one line, with a place for each upstream to speak from."""

    def __init__(self, app: FastAPI, key: ec.EllipticCurvePrivateKey, line: Line) -> None:
        self.app, self.line = app, line
        self.service = app.state.service
        self.deliverer = app.state.runtime.watchers[0]
        self._key = key
        self._positions: dict[str, int] = {}
        self.last: list[Incoming] = []

    @property
    def regime(self) -> Regime:
        regime = regime_of(self.line)
        assert regime is not None
        return regime

    def token(self, *roles: str, units: tuple[UUID, ...] = (), line: str | None = None) -> dict[str, str]:
        claims = {
            "sub": "+".join(roles),
            "aud": line or self.line.value,
            "roles": roles,
            "units": [str(unit) for unit in units],
            "exp": int(time.time()) + 600,
        }
        return {"Authorization": f"Bearer {jwt.encode(claims, self._key, 'ES256', {'kid': 'k'})}"}

    def call(self, method: str, path: str, *roles: str, units: tuple[UUID, ...] = (), **more: Any) -> Any:
        """Without roles: without a token."""
        headers = (self.token(*roles, units=units) if roles else {}) | more.pop("headers", {})

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(request())

    def hear(self, event: PublicEvent, *, key: UUID | None = None, record_id: str | None = None) -> Taken:
        """An upstream's next record, taken in as the consumer takes it in."""
        topic = topic_of(self.line, event.service)
        previous = self._positions.get(topic, 0)
        key = key or uuid4()
        headers = {
            "id": record_id or f"{key}:1",
            "type": event.event_type(),
            "regime": self.regime.value,
            "correlationid": "story-1",
            "position": str(previous + 1),
            "previousposition": str(previous),
        }
        self._positions[topic] = previous + 1
        record = Incoming(topic, 0, str(key), headers, event.to_json())
        self.last = [record]
        return self.take(record)

    def take(self, record: Incoming) -> Taken:
        intake = self.app.state.runtime.intake
        taken: Taken = self.service.writer.submit(lambda work: intake.take(work, record.topic, 0, [record])).result()
        return taken

    def unit(self, organization: str = "MIN-A") -> UUID:
        unit_id = uuid4()
        self.hear(
            secrecy_gate.UnitRegimeAssigned(
                unit_id=unit_id,
                organization=organization,
                code="01",
                names=NAMES,
                root_id=unit_id,
                documentation_service=False,
                regime=self.regime,
                citations=("RK-703:2",),
            )
        )
        return unit_id

    def posting(self, employee_id: UUID, unit_id: UUID, organization: str = "MIN-A") -> dict[str, Any]:
        said = {
            "posting_id": uuid4(),
            "employee_id": employee_id,
            "unit_id": unit_id,
            "organization": organization,
            "regime": self.regime,
        }
        self.hear(secrecy_gate.EmployeePosted(**said, citations=("RK-703:2",)))
        return said

    def recipient(self, unit_id: UUID, *, employee_id: UUID | None = None, **changes: Any) -> UUID:
        """A recipient of a unit; its employee is posted there."""
        recipient_id, employee_id = uuid4(), employee_id or uuid4()
        self.posting(employee_id, unit_id)
        answer = self.put(recipient_id, employee_id=str(employee_id), unit_id=str(unit_id), **changes)
        assert answer.status_code == 200, answer.text
        return recipient_id

    def put(self, recipient_id: UUID | str, **changes: Any) -> Any:
        body = {"organization": "MIN-A", "role": "executor", "language": "kk", "channels": []} | changes
        return self.call("PUT", f"/recipients/{recipient_id}", "operator", json=body)

    def registered(self, unit_id: UUID, **changes: Any) -> registry.DocumentRegistered:
        said = {
            "document_id": uuid4(),
            "organization": "MIN-A",
            "unit_id": unit_id,
            "kind": DocumentKind.ORDER,
            "form": DocumentForm.ELECTRONIC,
            "classification": Classification.PUBLIC,
            "language": "kk",
            "dated": "2021-03-01",
            "registered_on": "2021-03-02",
            "registration_number": f"{MARK}-2021/1",
            "citations": ("RK-703:43-5-8",),
        }
        return registry.DocumentRegistered.model_validate(said | changes)

    def inbox(self, recipient_id: UUID, **params: Any) -> Any:
        return self.call("GET", f"/inbox/{recipient_id}", "operator", params=params).json()

    def deliveries_of(self, recipient_id: UUID) -> list[Any]:
        found = self.call("GET", "/deliveries", "operator", params={"limit": 500}).json()["items"]
        return [delivery for delivery in found if delivery["recipient_id"] == str(recipient_id)]

    def deliver(self) -> None:
        """All that is due now."""
        while self.deliverer.deliver_one():
            pass


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., OnLine]]:
    """The service of a line, with settings of its own."""
    folder = tmp_path_factory.mktemp("notifications")
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "k", "alg": "ES256"}
    (folder / "jwks.json").write_text(json.dumps({"keys": [jwk]}))
    running: list[OnLine] = []

    with Database(folder / "database") as database:

        def start(line: Line, **more: Any) -> OnLine:
            access = database.create(f"notifications_{uuid4().hex[:8]}").environment()
            postgres = {name.removeprefix("BAQYLAU_").lower(): value for name, value in access.items()}
            settings = {
                "line": line,
                "port": 1,
                "kafka_bootstrap": "127.0.0.1:1",
                "jwks_file": Path(folder / "jwks.json"),
                "service_token_file": folder,
                **{f"feed_{upstream}": "http://127.0.0.1:1" for upstream in ("secrecy_gate", "registry", "control")},
            }
            on_line = OnLine(create_app(NotificationsSettings.model_validate(settings | postgres | more)), key, line)
            on_line.service.writer.start()
            running.append(on_line)
            return on_line

        yield start
        for on_line in running:
            on_line.service.writer.stop()
            on_line.service.close()


@pytest.fixture(scope="session")
def open_line(start: Callable[..., OnLine]) -> OnLine:
    return start(Line.NON_CONFIDENTIAL)


@pytest.fixture(scope="session")
def secret_line(start: Callable[..., OnLine]) -> OnLine:
    return start(Line.CONFIDENTIAL)


@dataclass
class Receiver:
    """A webhook's receiver, which answers as told and keeps what it got."""

    url: str
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.status)
            self.send_header("location", kept.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


@dataclass
class MailBox:
    """A mail server, which answers `RCPT` as told, keeps the letters, and stumbles over `QUIT`."""

    url: str
    rcpt: bytes = b"250 ok"
    letters: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="session")
def mail_box() -> Iterator[MailBox]:
    kept = MailBox("")

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 test\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    letter = b""
                    while (line := self.rfile.readline()) != b".\r\n":
                        letter += line
                    kept.letters.append(letter)
                if verb == b"QUIT":
                    return
                self.wfile.write(kept.rcpt + b"\r\n" if verb == b"RCPT" else b"250 ok\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"smtp://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def samples() -> dict[str, list[PublicEvent]]:
    """The approved samples of registry and control by name: the full one and the minimal one."""
    approved = Path(__file__).parents[3] / "tests" / "contracts" / "approved"
    return {
        kind.__name__: [
            kind.model_validate_json((approved / service / f"{kind.__name__}.v1.{form}.json").read_bytes())
            for form in ("full", "minimal")
        ]
        for service in ("registry", "control")
        for kind in contracts_of(service)
    }


@pytest.fixture(scope="session")
def sample(samples: dict[str, list[PublicEvent]]) -> dict[str, PublicEvent]:
    """The full ones."""
    return {name: full for name, (full, _) in samples.items()}

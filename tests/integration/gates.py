"""Processes of the secrecy-gate under test, each set of them on a database of its own."""

import sys
from pathlib import Path
from typing import Any

import httpx
import psycopg
from baqylau.testing.wait import wait_until
from baqylau_infra import ports, topics
from baqylau_infra.database import Access
from baqylau_infra.process import Process
from baqylau_infra.tokens import Keys
from kafka import KafkaAdminClient, TopicPartition

NAMES = {"kk": "Министрлік", "ru": "Министерство", "en": "Ministry"}
TABLES = ("stored_events", "public_events", "organizations", "units", "postings", "idempotency_keys")


def empty_topics(bootstrap: str) -> None:
    """A gate with a new database begins a new log, and publishes nothing to a topic that holds another's records."""
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.delete_records(
            {TopicPartition(topic.name, n): -1 for topic in topics.load() for n in range(topic.partitions)}
        )


class Gate:
    """One process of the gate, on a database of its own."""

    def __init__(self, access: Access, bootstrap: str, keys: Keys, folder: Path) -> None:
        self.port = ports.free()
        self.url = f"http://{ports.HOST}:{self.port}"
        self.access = access
        self.keys = keys
        self.process = Process(
            "gate",
            [sys.executable, "-m", "secrecy_gate"],
            log=folder / f"gate-{self.port}.log",
            ready=lambda: self.status("/health/live") == 200,
            environment={
                "PATH": "",
                "BAQYLAU_LINE": "gate",
                "BAQYLAU_PORT": str(self.port),
                "BAQYLAU_KAFKA_BOOTSTRAP": bootstrap,
                "BAQYLAU_JWKS_FILE": str(keys.jwks_file),
                **access.environment(),
            },
        )

    def status(self, path: str) -> int:
        try:
            return httpx.get(self.url + path, timeout=5).status_code
        except httpx.HTTPError:
            return 0

    def start(self) -> None:
        self.process.start()
        self.process.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.status("/health/ready") == 200, "the gate is ready")

    def token(self, role: str = "gate-officer", line: str = "gate") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.token([role], line)}"}

    def register(self, code: str, port: int | None = None, **headers: str) -> httpx.Response:
        """Register an organization; through what listens at `port`, if named."""
        body = {"code": code, "names": NAMES, "kind": "state_body", "territorial": False}
        url = f"http://{ports.HOST}:{port or self.port}/organizations"
        return httpx.post(url, json=body, headers={**self.token(), **headers}, timeout=30)

    def rows(self) -> dict[str, Any]:
        """How much each table holds, and where the log ends."""
        with psycopg.connect(self.access.conninfo()) as connection:
            found = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchall() for table in TABLES}
            return found | {"end": connection.execute("SELECT max(notification_id) FROM stored_events").fetchall()}

    def metric(self, name: str) -> float:
        lines = httpx.get(f"{self.url}/metrics", timeout=10).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

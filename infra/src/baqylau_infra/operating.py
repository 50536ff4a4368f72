"""What an operator does with a system's databases: verifies them and has read models made anew, also while it runs.

Each service does it itself (`python -m <package> verify`, `… rebuild`), in a process of its own, as its own role of the
database; here stands only what no service can see alone: whether a consumer is ahead of its producer.
"""

import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg

from baqylau_infra import Problem, layout, topics
from baqylau_infra.database import PORT
from baqylau_infra.layout import SERVICES, Service
from baqylau_infra.settings import Settings

STORING = tuple(service for service in SERVICES if service.stores)
_NOWHERE = "http://127.0.0.1:1"
_AT_ONCE = 2


@dataclass(frozen=True)
class Databases:
    """Where the databases of a system are. `user`: who may read them all; None: the role of each database itself.

    `embedded`: the server is `make run`'s own. `bootstrap`: the broker to compare with, or "": none.
    """

    folder: Path
    host: str
    port: int = PORT
    user: str | None = "postgres"
    password: str = ""
    bootstrap: str = ""
    embedded: bool = True

    def connect(self, service: Service) -> psycopg.Connection[tuple[object, ...]]:
        """A session in a service's database. Raises `psycopg.OperationalError`."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user or service.database,
            password=self.password,
            dbname=service.database,
            connect_timeout=5,
        )

    def environment(self, service: Service) -> Mapping[str, str]:
        """Settings for a command of a service. What it makes belongs to the service's role, whoever runs it."""
        return {
            **os.environ,
            "BAQYLAU_LINE": service.line,
            "BAQYLAU_PORT": "0",
            "BAQYLAU_KAFKA_BOOTSTRAP": self.bootstrap,
            "BAQYLAU_PARTITIONS": str(topics.partitions()),
            "BAQYLAU_JWKS_FILE": str(self.folder / "keys" / "jwks.json"),
            "BAQYLAU_SERVICE_TOKEN_FILE": str(self.folder / "tokens" / service.name),
            "BAQYLAU_POSTGRES_HOST": self.host,
            "BAQYLAU_POSTGRES_PORT": str(self.port),
            "BAQYLAU_POSTGRES_USER": self.user or service.database,
            "BAQYLAU_POSTGRES_PASSWORD": self.password,
            "BAQYLAU_POSTGRES_DBNAME": service.database,
            **({"PGOPTIONS": f"-c role={service.database}"} if self.embedded else {}),
            **dict.fromkeys(layout.upstreams(service), _NOWHERE),
        }


def databases(settings: Settings) -> Databases:
    """Those that the settings name: elsewhere, or embedded in a system that runs. Raises `Problem`."""
    bootstrap = settings.kafka_bootstrap or f"127.0.0.1:{settings.kafka_port}"
    if settings.postgres_host is not None:
        user, password = settings.postgres_user, settings.postgres_password
        host, port = settings.postgres_host, settings.postgres_port
        return Databases(settings.run_folder, host, port, user, password, bootstrap, embedded=False)
    return Databases(settings.run_folder, socket_folder(settings.run_folder / "postgres"), bootstrap=bootstrap)


def socket_folder(postgres: Path) -> str:
    """Where the embedded database of that folder listens. Raises `Problem` when it doesn't run."""
    try:
        lines = (postgres / "data" / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), 0)
        return lines[4]
    except (OSError, LookupError, ValueError) as error:
        raise Problem(f"No database runs on {postgres}: start the system (make run), or set BAQYLAU_DATA.") from error


def verify(where: Databases, services: Collection[Service] = STORING) -> tuple[int, str]:
    """Verify the databases of services. Answers 0, 1 (something is wrong) or 2 (out of reach), and what was found."""
    try:
        ahead = [f"{line}\n" for line in ahead_of_upstream(where, services)]
    except psycopg.OperationalError as error:
        return 2, f"The database can't be reached: {type(error).__name__}\n"
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = list(pool.map(lambda service: command(where, service, "verify"), services))
    code = max([code for code, _ in done] + [1 if ahead else 0])
    return code, "".join([*ahead, *(said for _, said in done)])


def command(where: Databases, service: Service, name: str) -> tuple[int, str]:
    """`verify` or `rebuild` of one service: its exit code (0, 1 or 2) and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", service.package, name],
        env=dict(where.environment(service)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (0, 1, 2) and "Traceback" not in done.stderr:
        return done.returncode, done.stdout + done.stderr
    return 2, f"{service.name}  the command failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}\n"


def ahead_of_upstream(where: Databases, services: Collection[Service] = STORING) -> list[str]:
    """Positions that a consumer has handled and its producer's log doesn't have.

    Consumers are read before producers, so that on a running system a producer can only have gone on.
    """
    handled: list[tuple[Service, str, int]] = []
    for service in services:
        with where.connect(service) as connection:
            rows = connection.execute("SELECT application_name, notification_id FROM stored_tracking").fetchall()
            handled += [(service, str(name), int(str(position))) for name, position in rows]
    ends: dict[str, int] = {}
    for service in services:
        with where.connect(service) as connection:
            rows = connection.execute(
                "SELECT topic || '/' || partition, max(position) FROM public_events GROUP BY topic, partition"
            ).fetchall()
            ends.update({str(place): int(str(position)) for place, position in rows})
    produced = {topic for service in services for topic in _topics_of(service)}
    return [
        f"{service.name}  stored_tracking at {upstream} {position}: its-upstream-ends-at {ends.get(upstream, 0)}"
        for service, upstream, position in handled
        if upstream.rpartition("/")[0] in produced and position > ends.get(upstream, 0)
    ]


def _topics_of(service: Service) -> list[str]:
    return [topic.name for topic in topics.load() if service.name in topic.writers]

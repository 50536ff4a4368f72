"""The whole system on this machine: how soon it is ready, and what memory its processes take."""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
from baqylau.lines import topic_of
from baqylau_infra.database import PORT
from baqylau_infra.system import System

from benchmarks.harness import AtMost, Bound, Measure, Run, Sample
from benchmarks.parts import LINE, amounts, registrations, stored
from benchmarks.rig import town, until

REGISTRY = f"registry-{LINE}"
FOLLOWERS = (f"control-{LINE}", f"notifications-{LINE}")
TOPIC = topic_of(LINE, "registry")
UNITS = 100
DRAIN_SECONDS = 1200.0
CALM_SECONDS = 5.0
SLACK = 200
"""Each partition's last record lies a little before the log's end."""


@contextmanager
def starting(quick: bool) -> Iterator[tuple[Run, Run]]:  # noqa: ARG001
    """A folder on which everything has run before."""
    with tempfile.TemporaryDirectory(prefix="baqylau-bench-") as name:
        folder = Path(name)
        with System(folder):
            pass

        yield lambda: _start(System(folder)), lambda: _start(System(folder, services=()))


def _start(system: System) -> Sample:
    began = time.perf_counter()
    with system:
        return Sample(time.perf_counter() - began)


@contextmanager
def remembering(quick: bool) -> Iterator[tuple[Run, None]]:
    """The registry has a log of so many records that no broker has; control, notifications and auditor follow it."""
    amount = amounts(quick)(1_000_000)
    with town(None, UNITS) as built:
        system, units = built.system, [UUID(unit.id) for unit in built.units]
        for follower in FOLLOWERS:
            until(lambda follower=follower: _units(system, follower) == UNITS, f"{follower} knows the units")

        def ours() -> Sample:
            time.sleep(CALM_SECONDS)
            idle = _memory(system)
            system.process(REGISTRY).stop()
            with _opened(system, REGISTRY) as connection:
                stored(connection, registrations(TOPIC, amount, units))
            system.process(REGISTRY).start()
            _wait_for(system, amount // 2)
            half = _memory(system)
            _wait_for(system, amount)
            time.sleep(CALM_SECONDS)
            end = _memory(system)
            extra = {"idle RSS MB": max(idle.values()), "at half the events MB": max(half.values())}
            extra |= {f"{name}: idle MB": value for name, value in idle.items()}
            extra |= {f"{name}: after MB": value for name, value in end.items()}
            grown = max(end[name] - half[name] for name in end)
            return Sample(max(end.values()), extra | {"grown in the second half MB": max(0.0, grown)})

        yield ours, None


def _memory(system: System) -> Mapping[str, float]:
    """Resident memory (RSS) of each service's process, MB; the libraries that processes share count in each."""
    return {service.name: _resident(system.process(service.name).pid) for service in system.services}


def _resident(pid: int) -> float:
    found = re.search(r"^Rss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def _opened(system: System, service: str) -> psycopg.Connection[tuple[int]]:
    return psycopg.connect(
        host=system.database.host, port=PORT, user="postgres", dbname=service.replace("-", "_"), autocommit=True
    )


def _units(system: System, follower: str) -> int:
    with _opened(system, follower) as connection:
        row = connection.execute("SELECT count(*) FROM known_units").fetchone()
    return row[0] if row else 0


def _wait_for(system: System, position: int) -> None:
    """Until the followers have handled about so many records of each partition."""
    until = time.monotonic() + DRAIN_SECONDS
    for follower in FOLLOWERS:
        with _opened(system, follower) as connection:
            while (handled := _handled(connection)) < position - SLACK:
                if time.monotonic() > until:
                    raise TimeoutError(f"{follower} has handled {handled} of {position}")
                time.sleep(0.5)


def _handled(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute(
        "SELECT coalesce(min(notification_id), 0) FROM stored_tracking WHERE application_name LIKE %s", (f"{TOPIC}/%",)
    ).fetchone()
    return row[0] if row else 0


MEASURES = [
    Measure(
        "start",
        "`make run`, warm: from nothing to all nine processes ready",
        "broker, database, gate, two lines, their auditors",
        "broker and database alone",
        "s",
        "lower",
        [AtMost(2)],
        starting,
    ),
    Measure(
        "memory",
        "Memory of a service's process (RSS, the largest of all), after 1,000,000 events",
        "nine processes; the registry publishes, control, notifications and the auditor consume",
        "",
        "MB",
        "lower",
        [Bound(120, unit="MB"), Bound(120, "idle RSS MB", "MB"), Bound(5, "grown in the second half MB", "MB")],
        remembering,
        rounds=1,
    ),
]

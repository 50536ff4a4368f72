"""Two and three replicas of each service on one database and consumer group, stopped and started under load."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from baqylau.lines import Line
from baqylau.testing.wait import wait_until
from baqylau_infra.layout import named
from baqylau_infra.system import System
from kafka import KafkaAdminClient

from tests.chaos import checks
from tests.chaos import load as load_module
from tests.chaos.books import Books
from tests.chaos.load import Load

pytestmark = pytest.mark.real

LINE = Line.NON_CONFIDENTIAL
REPLICAS = {
    "secrecy-gate": 2,
    "registry-non-confidential": 2,
    "control-non-confidential": 3,
    "notifications-non-confidential": 2,
}
CONTROL = "control-non-confidential"
WATCHES = "control_watcher_active"
PUBLISHES = "baqylau_relay_active"


class Replicas:
    """The gate and one line, every service doubled or tripled; and what can be seen of them."""

    def __init__(self, system: System, said: list[str]) -> None:
        self.system = system
        self.said = said
        self.books = Books(system)

    def shown(self, name: str, metric: str) -> float:
        """A gauge of one process."""
        lines = httpx.get(f"{self.system.url(name)}/metrics", timeout=30).text.splitlines()
        return next((float(line.split()[1]) for line in lines if line.startswith(f"{metric} ")), 0.0)

    def active(self, service: str, metric: str = PUBLISHES) -> list[str]:
        """Which of a service's processes say that they do what one of them does."""
        names = self.system.instances(service)
        return [name for name in names if self.system.process(name).alive and self.shown(name, metric)]

    def holders(self, service: str, lock: str) -> int:
        """How many sessions hold an advisory lock in a service's database."""
        return int(
            self.books.rows(
                named(service),
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid::bigint = "
                "hashtext(%s)::bigint & 4294967295 "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                lock,
            )[0][0]
        )

    def members(self, service: str) -> int:
        """How many consumers are in a service's group."""
        group = f"baqylau.{LINE}.{named(service).title}"
        with KafkaAdminClient(bootstrap_servers=self.system.bootstrap) as admin:
            described = admin.describe_groups([group])
        return len(described[group]["members"])

    def missed(self) -> dict[str | None, int]:
        """Assignment → how often its deadline was recorded as missed."""
        return dict(
            self.books.rows(
                named(CONTROL),
                "SELECT originator_id::text, count(*) FROM stored_events "
                "WHERE topic = 'control:DeadlineMissed' GROUP BY originator_id",
            )
        )

    def stop(self, name: str) -> subprocess.Popen[bytes]:
        """SIGTERM, and wait for the end; it is killed after 10 s."""
        process = self.system.process(name)
        popen = process._popen
        assert popen is not None
        process.stop()
        return popen


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    said: list[str] = []
    folder = tmp_path_factory.mktemp("replicas") / "run"
    with System(folder, services=REPLICAS, replicas=REPLICAS, say=said.append) as system:
        yield Replicas(system, said)


@pytest.fixture(scope="module")
def load(replicas: Replicas) -> Load:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(load_module, "LINES", (LINE,))
        made = Load(replicas.system, seed=7)
        made.set_up()
        made.start()
        for service in REPLICAS:
            _hand_over(replicas, service)
        made.stop()
    return made


def _hand_over(replicas: Replicas, service: str) -> None:
    """The replica that publishes is stopped under load; another goes on at once; it comes back."""
    leaving = wait_until(lambda: replicas.active(service), f"one replica of {service} publishes")
    assert len(leaving) == 1
    consumers = REPLICAS[service] if service != "secrecy-gate" else 0
    if consumers:
        wait_until(lambda: replicas.members(service) == consumers, "all replicas are in the group")

    ended = replicas.stop(leaving[0])

    # Not waited for: a consumer that doesn't leave its group stays in it for its session of 10 s.
    if consumers:
        assert replicas.members(service) == consumers - 1
    assert ended.returncode == 0, "it didn't end by itself, or not well"
    following = wait_until(lambda: replicas.active(service), "another replica publishes")
    assert len(following) == 1
    assert following != leaving
    assert replicas.holders(service, "baqylau-relay") == 1
    replicas.system.process(leaving[0]).start()
    replicas.system.process(leaving[0]).wait_until_ready(limit=180)


def test_all_replicas_start_at_once_on_an_empty_database(replicas: Replicas) -> None:
    assert [said for said in replicas.said if "ended by itself" in said] == []
    for service in REPLICAS:
        assert replicas.books.rows(named(service), "SELECT service, line FROM deployment") == [
            (named(service).title, named(service).line.value)
        ]


def test_whoever_is_stopped_under_load_nothing_is_lost_or_doubled(replicas: Replicas, load: Load) -> None:
    books = replicas.books
    wait_until(lambda: not books.behind(books.heads()), "all has come to everyone", 120)
    wait_until(lambda: not books.parked(), "nothing is parked", 60)

    assert len(load.answered) > 0
    assert list(checks._answered(load)) == []
    assert list(checks._lost(books, load.commands, Counter())) == []
    assert list(checks._doubled(books, load.commands)) == []


def test_a_deadline_is_missed_once_however_many_replicas_watch(replicas: Replicas, load: Load) -> None:
    issued = {command.aggregate for command in load.answered if command.event == "control:AssignmentIssued"}
    done = {command.aggregate for command in load.commands if command.event == "control:ExecutionReported"}
    wait_until(lambda: replicas.holders(CONTROL, "baqylau-deadlines") == 1, "one replica watches")
    watching = wait_until(lambda: replicas.active(CONTROL, WATCHES), "it says so")
    assert len(watching) == 1
    token = {"Authorization": f"Bearer {replicas.system.token('operator', LINE)}"}

    def move(name: str) -> None:
        now = {"now": "2030-01-15T12:00:00+05:00"}
        url = f"{replicas.system.url(name)}/simulation/clock"
        httpx.put(url, json=now, headers=token, timeout=60).raise_for_status()

    with ThreadPoolExecutor() as pool:
        list(pool.map(move, replicas.system.instances(CONTROL)))
    assert replicas.stop(watching[0]).returncode == 0

    assert issued - done
    wait_until(lambda: replicas.missed().keys() >= issued - done, "every miss is recorded", 120)
    assert set(replicas.missed().values()) == {1}

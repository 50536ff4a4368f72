"""A system that was backed up under load, restored into an empty folder, and goes on."""

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from baqylau.testing.wait import wait_until
from baqylau_infra import Problem
from baqylau_infra.backup import back_up, restore
from baqylau_infra.broker import Broker
from baqylau_infra.layout import named
from baqylau_infra.operating import Databases, ahead_of_upstream, command, verify
from baqylau_infra.process import quiet
from baqylau_infra.system import System
from kafka import KafkaConsumer, TopicPartition

pytestmark = pytest.mark.real

LINE = "confidential"
SERVICES = [named(name) for name in ("secrecy-gate", f"registry-{LINE}", f"control-{LINE}")]
TOPICS = (f"baqylau.{LINE}.secrecy-gate.v1", f"baqylau.{LINE}.registry.v1")
NAMES = {"kk": "А", "ru": "А", "en": "A"}
DOCUMENT = {
    "organization": "MIN-A",
    "kind": "memo",
    "form": "paper",
    "classification": "secret",
    "title": "Т",
    "language": "kk",
    "dated": "2020-11-30",
    "sheets": 2,
    "on_letterhead": False,
    "executor": {"surname": "А", "phone": "1"},
    "signature": {"name": "А.", "job_title": "бастық"},
}

Record = tuple[bytes | None, tuple[tuple[str, bytes], ...], bytes | None]


@dataclass
class Registrar:
    """Registers documents in a unit of the line, one after the other, while it is told to."""

    system: System
    unit_id: str = ""
    numbers: list[int] = field(default_factory=list)

    def establish(self) -> None:
        gate = self.system.url("secrecy-gate")
        organization = {"code": "MIN-A", "names": NAMES, "kind": "state_body", "territorial": False}
        self._post(f"{gate}/organizations", organization, "gate-officer", "gate")
        unit = self._post(
            f"{gate}/units", {"organization": "MIN-A", "code": "A-1", "names": NAMES}, "gate-officer", "gate"
        )
        self.unit_id = unit["id"]
        token = self.system.token("gate-officer", "gate")
        httpx.put(
            f"{gate}/units/{self.unit_id}/regime",
            json={"regime": LINE},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).raise_for_status()
        wait_until(lambda: self.register() == 1, "the registry knows the unit")

    def register(self) -> int:
        url = self.system.url("registry", LINE)
        made = self._post(f"{url}/documents", DOCUMENT | {"unit_id": self.unit_id}, "registrar", LINE)
        self.numbers.append(int(made["registration_number"].rpartition("/")[2]))
        return self.numbers[-1]

    def _post(self, url: str, body: object, role: str, line: str) -> dict[str, str]:
        token = self.system.token(role, line, "MIN-A", [self.unit_id] if self.unit_id else [])
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        answer = httpx.post(url, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        made: dict[str, str] = answer.json()
        return made


@dataclass(frozen=True)
class Backup:
    """`folder`: of the system that was backed up, stopped by now, and its broker's topics as they were at the end."""

    at: Path
    folder: Path
    registrar: Registrar
    topics: dict[tuple[str, int], list[Record]]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Backup:
    place = tmp_path_factory.mktemp("operated")
    with System(place / "first", services=[service.name for service in SERVICES]) as system:
        registrar = Registrar(system)
        registrar.establish()
        enough = threading.Event()

        def work() -> None:
            while not enough.is_set():
                registrar.register()

        worker = threading.Thread(target=work)
        worker.start()
        wait_until(lambda: len(registrar.numbers) > 20, "documents are registered")
        back_up(place / "first", place / "backup", quiet)
        before = len(registrar.numbers)
        wait_until(lambda: len(registrar.numbers) > before + 20, "documents are registered after the backup")
        enough.set()
        worker.join()
        last = registrar.numbers[-1]
        wait_until(lambda: len(of_documents(topics(system.bootstrap))) == last, "all is published")
        code, said = verify(where(system), SERVICES)
        assert code == 0, said
        assert said.count(" holds: ") == len(SERVICES)
        found = Backup(place / "backup", place / "first", registrar, topics(system.bootstrap))
    return found


def where(system: System) -> Databases:
    return Databases(system.folder, system.database.host, bootstrap=system.bootstrap)


def topics(bootstrap: str) -> dict[tuple[str, int], list[Record]]:
    """Every record, in the order in which it lies there; where its schema is served is left out."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        places = [TopicPartition(topic, n) for topic in TOPICS for n in consumer.partitions_for_topic(topic)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        found: dict[tuple[str, int], list[Record]] = {(place.topic, place.partition): [] for place in places}
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < end for place, end in ends.items()):
            for place, records in consumer.poll(timeout_ms=500).items():
                found[place.topic, place.partition] += [
                    (r.key, tuple(sorted(h for h in r.headers if h[0] != "ce_dataschema")), r.value) for r in records
                ]
        return found
    finally:
        consumer.close()


def of_documents(found: dict[tuple[str, int], list[Record]]) -> list[Record]:
    return [record for (topic, _), records in found.items() if topic == TOPICS[1] for record in records]


def test_a_restored_system_tells_the_same_and_goes_on(backup: Backup, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restored") / "second"

    restore(backup.at, folder, quiet, services=SERVICES)

    with System(folder, services=[service.name for service in SERVICES]) as system:
        restored = documents_of(system)
        assert 20 < restored < len(backup.registrar.numbers), "what came after the backup is not in it"
        wait_until(lambda: len(of_documents(topics(system.bootstrap))) >= restored, "all is published again")
        told = topics(system.bootstrap)
        assert len(of_documents(told)) == restored, "each once"
        assert told == {place: backup.topics[place][: len(records)] for place, records in told.items()}

        registrar = Registrar(system, backup.registrar.unit_id)
        assert [registrar.register() for _ in range(3)] == [restored + 1, restored + 2, restored + 3]
        assert command(where(system), SERVICES[2], "rebuild")[0] == 0
        code, said = verify(where(system), SERVICES)
        assert code == 0, said

        set_ahead(system)
        assert [line.split()[:3] for line in ahead_of_upstream(where(system), SERVICES)] == [
            [f"control-{LINE}", "stored_tracking", "at"]
        ]
        with where(system).connect(SERVICES[1]) as connection:
            connection.execute("DELETE FROM documents WHERE registration_number LIKE '%/1'")
        code, said = verify(where(system), SERVICES)
        assert code == 1
        assert said.count(" IS WRONG: ") == 1
        assert re.search(rf"^registry \({LINE}\)  documents at [0-9a-f-]{{36}}: lacking$", said, re.MULTILINE)


def documents_of(system: System) -> int:
    with where(system).connect(SERVICES[1]) as connection:
        return int(str(connection.execute("SELECT count(*) FROM documents").fetchall()[0][0]))


def set_ahead(system: System) -> None:
    """Control believes to have handled what the registry has never recorded."""
    with where(system).connect(SERVICES[2]) as connection:
        connection.execute(
            "UPDATE stored_tracking SET notification_id = 9999 WHERE application_name = "
            "(SELECT min(application_name) FROM stored_tracking WHERE application_name LIKE '%.registry.%')"
        )


def test_a_restore_into_a_folder_with_data_is_refused(backup: Backup) -> None:
    with pytest.raises(Problem, match="holds data, and a restore would mix two systems"):
        restore(backup.at, backup.folder, quiet, services=SERVICES)


def test_a_damaged_backup_is_refused(backup: Backup, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="isn't a backup, or not a whole one: postgres is missing"):
        restore(tmp_path, tmp_path / "run", quiet, services=SERVICES)
    version = backup.at / "postgres" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("18 \n")
    try:
        with pytest.raises(Problem, match=r"The backup is damaged: .*PG_VERSION was changed"):
            restore(backup.at, tmp_path / "run", quiet, services=SERVICES)
    finally:
        version.write_text(kept)
    assert not (tmp_path / "run" / "postgres").exists()


def test_a_backup_older_than_the_topics_is_refused_where_the_broker_was_kept(
    backup: Backup, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("beside") / "run"

    with (
        Broker(backup.folder / "kafka") as broker,
        pytest.raises(Problem, match=r"(?s)doesn't hold, or not against the topics:.* topic at .*: not-in-the-log-so"),
    ):
        restore(backup.at, folder, quiet, broker.bootstrap, SERVICES)

    assert not (folder / "postgres").exists()

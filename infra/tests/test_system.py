"""What a person meets who runs the system, or whose machine isn't ready for it."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from baqylau.messaging.broker import Kafka
from baqylau_infra import Problem, jars, ports, topics
from baqylau_infra import system as system_module
from baqylau_infra.broker import Broker
from baqylau_infra.system import Elsewhere, Ports, System, own


def test_a_taken_port_is_named_with_the_setting_that_moves_it(tmp_path: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as taken:
        base = taken.getsockname()[1] - 110

        with pytest.raises(
            Problem, match=f"Port {base + 110}, wanted by registry-confidential, is taken .* BAQYLAU_BASE_PORT"
        ):
            System(tmp_path, services=["registry-confidential"], listen=Ports(base=base)).start()


def test_the_brokers_port_is_named_with_its_own_setting(tmp_path: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Problem, match=f"Port {port}, wanted by the broker, is taken .* BAQYLAU_KAFKA_PORT"):
            System(tmp_path, services=[], listen=Ports(kafka=port)).start()


def test_a_second_system_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        own(tmp_path),
        pytest.raises(Problem, match=r"already runs on .* \(process \d+\): stop it, or set BAQYLAU_DATA"),
    ):
        System(tmp_path).start()

    own(tmp_path).close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Problem, match=r"can't be written .* BAQYLAU_DATA"):
        own(tmp_path / "file" / "run")


def test_a_full_disk_is_seen_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_module, "_LEAST_FREE", 2**62)

    with pytest.raises(Problem, match=r"Only \d+ MB are free where .* BAQYLAU_DATA"):
        System(tmp_path, services=[]).start()


def test_without_a_network_the_first_start_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jgo.conf").write_text(f"[repositories]\ncentral = http://{ports.HOST}:{ports.free()}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "jgo.conf"))

    with pytest.raises(Problem, match=r"jars can't be fetched: .* Check the network"):
        jars.kafka_home(tmp_path / "cache")

    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"], "nothing half-fetched stays"


SERVES = """
import socket, sys, threading
from baqylau_infra.nursery import prepare
from baqylau_infra.system import _SHARED
prepare(_SHARED)
before = set(sys.modules)
import uvicorn
from fastapi import FastAPI
listening = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(FastAPI(), log_config=None))
thread = threading.Thread(target=server.run, args=([listening],))
thread.start()
with socket.create_connection(listening.getsockname()) as asking:
    asking.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    assert asking.recv(100).startswith(b"HTTP/1.1 404")
server.should_exit = True
thread.join()
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a nursery is Linux's only")
def test_who_serves_imports_nothing_more_than_the_nursery_has() -> None:
    done = subprocess.run([sys.executable, "-c", SERVES], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


def test_what_services_run_is_compiled_once_and_stands_beside_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "once.py").touch()

    environment = System(tmp_path, cache=tmp_path / "cache")._common_environment()
    subprocess.run([sys.executable, "-c", "import once"], env=environment, cwd=tmp_path, check=True)

    assert [path.name.partition(".")[0] for path in tmp_path.rglob("once*.pyc")] == ["once"]
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.real
def test_jars_other_than_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tampered(scratch: Path) -> Path:
        (scratch / "jars").mkdir()
        for jar in real.glob("*.jar"):
            (scratch / "jars" / jar.name).write_bytes(jar.read_bytes() + b" " * (jar.name == "jose4j-0.9.6.jar"))
        return scratch / "jars"

    real = jars.kafka_home()
    monkeypatch.setattr(jars, "_fetch", tampered)

    with pytest.raises(Problem, match=r"not the pinned ones .*\(jose4j-0\.9\.6\.jar\)"):
        jars.kafka_home(tmp_path)


@pytest.mark.real
def test_a_killed_runner_leaves_neither_broker_nor_database_and_the_next_start_goes_on(
    tmp_path: Path, killed: Callable[..., list[str]]
) -> None:
    family = killed(
        "import time; from pathlib import Path; from baqylau_infra.system import System;"
        f"system = System(Path({str(tmp_path)!r}), services=[]); system.start();"
        "system.database.create('kept'); print(flush=True); time.sleep(600)",
        within=20,
    )

    assert {"java", "postgres"} <= set(family)
    with System(tmp_path, services=[]) as system:
        assert system.database.create("kept").dbname == "kept"
        assert system.process("broker").alive


@pytest.mark.real
def test_parts_that_run_elsewhere_are_used_and_not_started(tmp_path: Path) -> None:
    with System(tmp_path / "parts", services=[]) as parts:
        elsewhere = Elsewhere(kafka=Kafka(parts.bootstrap), postgres_host=parts.database.host)

        with System(tmp_path / "services", services=[], elsewhere=elsewhere) as system:
            assert system.bootstrap == parts.bootstrap
            with pytest.raises(Problem, match="No embedded database"):
                system.database  # noqa: B018
            with pytest.raises(KeyError):
                system.process("broker")


def test_replicas_have_names_and_ports_of_their_own(tmp_path: Path) -> None:
    system = System(tmp_path, replicas={"registry-confidential": 3})

    names = system.instances("registry-confidential")

    assert names == ("registry-confidential", "registry-confidential.2", "registry-confidential.3")
    assert system.instances("secrecy-gate") == ("secrecy-gate",)
    assert len({system.url(name) for name in names}) == 3


def test_a_broker_holds_topics_only_with_just_so_many_partitions(tmp_path: Path) -> None:
    broker, wanted = Broker(tmp_path), topics.load()
    assert not broker.holds(wanted), "a first start"
    for topic in wanted:
        for number in range(topic.partitions):
            (tmp_path / "data" / f"{topic.name}-{number}").mkdir(parents=True)

    assert broker.holds(wanted)
    assert not broker.holds([topic.model_copy(update={"partitions": topic.partitions + 1}) for topic in wanted])
    assert not broker.holds([topic.model_copy(update={"partitions": topic.partitions - 1}) for topic in wanted])

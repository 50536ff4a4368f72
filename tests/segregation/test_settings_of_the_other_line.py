"""A process that is given the other line's settings, or half of them, says so in one sentence and doesn't start."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from baqylau.lines import Line
from baqylau.messaging.broker import Kafka
from baqylau_infra import topics
from baqylau_infra.broker import Broker

from tests.segregation.town import LINES, OPEN, SECRET, SERVICES, Town

pytestmark = pytest.mark.real

PACKAGES = {name: name for name in SERVICES} | {"secrecy-gate": "secrecy_gate", "auditor": "secrecy_gate.auditor"}
DATABASE = ("DBNAME", "USER", "PASSWORD")
SERVICES_AND_AUDITOR = (*SERVICES, "auditor")


def started(town: Town, service: str, of: str, **changed: str) -> tuple[int, str]:
    """Exit code and last words of a service with the settings of a running process, but for what is changed."""
    process = subprocess.run(
        [sys.executable, "-m", PACKAGES[service]],
        env=town.environment(of)
        | {"BAQYLAU_PORT": "0"}
        | {f"BAQYLAU_{name}": value for name, value in changed.items()},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return process.returncode, process.stderr


def refused(town: Town, service: str, of: str, says: str, **changed: str) -> None:
    code, words = started(town, service, of, **changed)

    assert code == 2, words
    assert words.count("\n") == 1, words
    assert words.startswith(f"{service} won't start: ")
    assert says in words


def other(line: str) -> str:
    return OPEN if line == SECRET else SECRET


def database_of(town: Town, process: str) -> dict[str, str]:
    found = town.environment(process)
    return {f"POSTGRES_{name}": found[f"BAQYLAU_POSTGRES_{name}"] for name in DATABASE}


def tokens_of(town: Town, process: str) -> str:
    return town.environment(process)["BAQYLAU_SERVICE_TOKEN_FILE"]


@pytest.fixture(scope="module")
def broker_of_the_open_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker that has the topics of the open line alone."""
    with Broker(tmp_path_factory.mktemp("kafka")) as broker:
        topics.create_missing(
            Kafka(broker.bootstrap), [t for t in topics.load() if t.name.startswith(f"baqylau.{OPEN}.")]
        )
        yield broker.bootstrap


@pytest.mark.parametrize("service", SERVICES_AND_AUDITOR)
@pytest.mark.parametrize("line", LINES)
def test_a_process_with_the_settings_of_the_other_line_but_its_own_name_of_a_line(
    town: Town, service: str, line: str
) -> None:
    refused(town, service, f"{service}-{other(line)}", f"no token of the line {line}", LINE=line)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("line", LINES)
def test_a_service_with_the_database_of_the_other_line(town: Town, service: str, line: str) -> None:
    of_other = database_of(town, f"{service}-{other(line)}")

    refused(town, service, f"{service}-{line}", f"not of {service} on {line}", **of_other)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_the_database_of_the_other_line_does_not_let_in(town: Town, service: str) -> None:
    of_other = database_of(town, f"{service}-{OPEN}")["POSTGRES_DBNAME"]

    refused(town, service, f"{service}-{SECRET}", "isn't let into the database", POSTGRES_DBNAME=of_other)


def test_a_service_with_the_database_of_another_service_of_its_line(town: Town) -> None:
    of_control = database_of(town, f"control-{SECRET}")

    refused(
        town, "registry", f"registry-{SECRET}", f"of control on {SECRET}, not of registry on {SECRET}", **of_control
    )
    refused(town, "secrecy-gate", "secrecy-gate", "not of secrecy-gate on gate", **of_control)


@pytest.mark.parametrize("service", SERVICES_AND_AUDITOR)
@pytest.mark.parametrize("line", LINES)
def test_a_process_with_the_tokens_of_the_other_line(town: Town, service: str, line: str) -> None:
    of_other = tokens_of(town, f"{service}-{other(line)}")

    refused(town, service, f"{service}-{line}", f"no token of the line {line}", SERVICE_TOKEN_FILE=of_other)


@pytest.mark.parametrize("service", [*SERVICES, "secrecy-gate"])
def test_a_service_with_a_key_set_of_the_other_line(town: Town, service: str, tmp_path: Path) -> None:
    process = service if service == "secrecy-gate" else f"{service}-{SECRET}"
    keys = json.loads(town.system.keys.jwks_file.read_text())["keys"]
    of_other = tmp_path / "jwks.json"
    of_other.write_text(json.dumps({"keys": [key for key in keys if key["aud"] == OPEN]}))

    refused(town, service, process, "BAQYLAU_JWKS_FILE holds no key that signs for", JWKS_FILE=str(of_other))


@pytest.mark.parametrize("service", [*SERVICES_AND_AUDITOR, "secrecy-gate"])
def test_a_process_with_a_broker_of_the_other_line(town: Town, service: str, broker_of_the_open_line: str) -> None:
    process = service if service == "secrecy-gate" else f"{service}-{SECRET}"
    says = "BAQYLAU_KAFKA_BOOTSTRAP has topics, and none of"

    refused(town, service, process, says, KAFKA_BOOTSTRAP=broker_of_the_open_line)


@pytest.mark.parametrize(
    ("service", "setting", "upstream"),
    [
        ("control", "FEED_REGISTRY", "registry"),
        ("notifications", "FEED_REGISTRY", "registry"),
        ("notifications", "FEED_CONTROL", "control"),
    ],
)
@pytest.mark.parametrize("line", LINES)
def test_a_service_that_would_read_a_feed_of_the_other_line(
    town: Town, line: str, service: str, setting: str, upstream: str
) -> None:
    of_other = {setting: town.system.url(upstream, other(line))}

    refused(
        town, service, f"{service}-{line}", f"BAQYLAU_{setting} is where another answers than {upstream}", **of_other
    )


@pytest.mark.parametrize("service", SERVICES_AND_AUDITOR)
def test_a_process_that_takes_another_service_for_the_gate(town: Town, service: str) -> None:
    elsewhere = town.system.url("registry", OPEN)

    refused(
        town,
        service,
        f"{service}-{SECRET}",
        "BAQYLAU_FEED_SECRECY_GATE is where another answers than secrecy-gate on gate",
        FEED_SECRECY_GATE=elsewhere,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_of_a_line_on_the_gates_settings_and_the_gate_on_a_lines(town: Town, service: str) -> None:
    without_feeds = {f"FEED_{name}": "" for name in ("SECRECY_GATE", "REGISTRY", "CONTROL")}

    refused(town, service, f"{service}-{OPEN}", "BAQYLAU_LINE is gate", LINE="gate", **without_feeds)
    refused(town, "secrecy-gate", "secrecy-gate", f"BAQYLAU_LINE is {OPEN}", LINE=OPEN, SERVICE_TOKEN_FILE="")


def test_an_auditor_in_no_line(town: Town) -> None:
    refused(town, "auditor", f"auditor-{SECRET}", "an auditor runs inside a line", LINE="gate")


@pytest.mark.parametrize("service", SERVICES_AND_AUDITOR)
def test_a_process_on_the_port_of_the_other_line(town: Town, service: str) -> None:
    taken = town.environment(f"{service}-{OPEN}")["BAQYLAU_PORT"]

    refused(town, service, f"{service}-{SECRET}", "is BAQYLAU_PORT another service's?", PORT=taken)


def test_a_line_that_there_is_not_is_named(town: Town) -> None:
    code, words = started(town, "registry", f"registry-{OPEN}", LINE="secret")

    assert code == 2
    assert "BAQYLAU_LINE" in words


def test_no_process_holds_a_token_but_of_its_own_line(town: Town) -> None:
    """What isn't held can't be stolen: a token of the gate would open the units of both lines."""
    for service in town.system.services:
        held = {token.name for token in Path(tokens_of(town, service.name)).iterdir()}

        assert held == ({service.line.value} if service.line is not Line.GATE else set())

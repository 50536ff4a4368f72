"""A record that shouldn't be there: found by the line's auditor, raised once, shown everywhere, and proved offline."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import psycopg
import pytest
from baqylau.testing import batches
from baqylau.testing.wait import wait_until
from baqylau_infra.database import PORT
from baqylau_infra.system import System
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from secrecy_gate.publications import LINES as AUDIENCES

from tests.end_to_end import databases
from tests.segregation.passage import Passage
from tests.segregation.town import NAMES, OPEN, SECRET

pytestmark = pytest.mark.real

AUDITOR = f"auditor-{OPEN}"
CONTROL = f"control-{OPEN}"
GATE_TOPIC = "baqylau.gate.secrecy-gate.v1"
WORDS, FOREIGN_WORDS = "qupiyasozi-audit", "qupiyasozi-foreign"
"""Stand in the values of planted records, which are none of the auditor's business; of the line's regime, and not."""
Json = dict[str, Any]
_positions = count(1)


@pytest.fixture(scope="module")
def passage() -> Iterator[Passage]:
    made = Passage()
    yield made
    made.close()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, passage: Passage) -> Iterator[System]:
    """The gate, the open line's auditor and one who reads there, on parts of their own: what is planted stays there."""
    made = System(
        tmp_path_factory.mktemp("audit") / "run",
        services=["secrecy-gate", AUDITOR, CONTROL],
        overrides=lambda name: {"BAQYLAU_FEED_SECRECY_GATE": passage.url} if name == AUDITOR else {},
    )
    passage.gate = made.url("secrecy-gate")
    with made as running:
        yield running


class Units:
    """An organization with a unit of each regime."""

    def __init__(self, system: System) -> None:
        self._system = system
        code = f"AUDIT-{uuid4().hex[:6]}"
        body = {"code": code, "names": NAMES, "kind": "state_body", "territorial": False}
        self.ask("POST", "/organizations", body)
        self.of: dict[str, str] = {}
        for line in (OPEN, SECRET):
            unit = self.ask("POST", "/units", {"organization": code, "code": f"U-{line}", "names": NAMES})["id"]
            self.ask("PUT", f"/units/{unit}/regime", {"regime": line.replace("-", "_")})
            self.of[line] = unit

    def ask(self, method: str, path: str, body: object = None) -> Json:
        token = self._system.token(["gate-officer", "auditor"], "gate")
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.request(
            method, self._system.url("secrecy-gate") + path, json=body, headers=headers, timeout=30
        ).raise_for_status()
        found: Json = answer.json()
        return found


@pytest.fixture(scope="module")
def units(system: System) -> Units:
    return Units(system)


def plant(
    system: System,
    unit: str,
    regime: str,
    service: str = "registry",
    event: str = "DocumentRegistered",
    partition: int | None = None,
) -> str:
    """A record on an open topic, as a faulty or forged producer would send it. Answers its subject."""
    subject = str(uuid4())
    attributes = {
        "id": f"{subject}:1",
        "type": f"baqylau.{service}.{event}.v1",
        "source": f"/baqylau/{OPEN}/{service}",
        "subject": subject,
        "regime": regime,
        "unitids": unit,
        "position": str(next(_positions)),
        "previousposition": "0",
    }
    producer = KafkaProducer(bootstrap_servers=system.bootstrap)
    producer.send(
        f"baqylau.{OPEN}.{service}.v1",
        key=subject.encode(),
        value=orjson.dumps({"title": WORDS if regime == "non_confidential" else FOREIGN_WORDS}),
        headers=[(f"ce_{name}", value.encode()) for name, value in attributes.items()],
        partition=partition,
    ).get(30)
    producer.close()
    return subject


def raised(system: System) -> list[Json]:
    """`SegregationBreached` on the gate's topic: its attributes and value, once for each time it was published."""
    consumer = KafkaConsumer(bootstrap_servers=system.bootstrap, auto_offset_reset="earliest")
    places = [TopicPartition(GATE_TOPIC, number) for number in sorted(consumer.partitions_for_topic(GATE_TOPIC) or ())]
    consumer.assign(places)
    found = []
    for place, end in consumer.end_offsets(places).items():
        while consumer.position(place) < end:
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    headers = {name: value.decode() for name, value in record.headers}
                    if "SegregationBreached" in headers["ce_type"]:
                        found.append(headers | {"value": record.value.decode()})
    consumer.close()
    return found


def metric(system: System, process: str, name: str) -> float:
    text = httpx.get(f"{system.url(process)}/metrics", timeout=30).text
    return sum(float(row.rpartition(" ")[2]) for row in text.splitlines() if row.startswith(name))


def verified(export: Path, *expected: str) -> tuple[int, str]:
    """The offline check, as someone without the gate runs it."""
    run = subprocess.run(
        [sys.executable, "-m", "secrecy_gate.verify", str(export), *expected],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.returncode, run.stdout


def exported(system: System, to: Path) -> Path:
    headers = {"Authorization": f"Bearer {system.token('auditor', 'gate')}"}
    to.write_bytes(httpx.get(f"{system.url('secrecy-gate')}/proof/log", headers=headers, timeout=60).content)
    return to


def test_before_anything_is_planted_the_proof_holds_here_and_offline(
    system: System, units: Units, tmp_path: Path
) -> None:
    proof = units.ask("GET", "/proof")
    code, words = verified(exported(system, tmp_path / "proof.ndjson"), proof["digest"])

    assert proof["holds"]
    assert {held["regime"] for tree in proof["trees"] for held in tree["held"]} == {"confidential", "non_confidential"}
    assert all(held["since"]["event_id"] for tree in proof["trees"] for held in tree["held"])
    assert code == 0
    assert words.startswith("HOLDS")


@pytest.mark.parametrize("what", ["changed", "cut", "left out"])
def test_a_log_that_was_changed_fails_offline(system: System, units: Units, tmp_path: Path, what: str) -> None:
    digest = units.ask("GET", "/proof")["digest"]
    export = exported(system, tmp_path / "proof.ndjson")
    lines = export.read_bytes().splitlines(keepends=True)
    match what:
        case "changed":  # in the export, the state is JSON within JSON
            place = next(number for number, line in enumerate(lines) if b'\\"non_confidential\\"' in line)
            lines[place] = lines[place].replace(b'\\"non_confidential\\"', b'\\"confidential\\"')
        case "cut":
            del lines[-1]
        case _:
            del lines[1]
    export.write_bytes(b"".join(lines))

    code, words = verified(export, digest)

    assert code == 1
    assert words.splitlines()[0].startswith("FAILS")


def test_a_record_with_a_unit_of_the_other_line_is_raised_once_though_the_auditor_dies_before_it_commits(
    system: System, units: Units, passage: Passage
) -> None:
    passage.held.set()
    subject = plant(system, units.of[SECRET], "non_confidential")
    wait_until(lambda: passage.breaches(subject), "the gate has answered the auditor, which doesn't know it yet", 60)

    system.process(AUDITOR).kill()
    passage.let_go()
    system.process(AUDITOR).start()
    wait_until(lambda: len(passage.breaches(subject)) > 1, "its successor reports the same again", 90)

    assert passage.breaches(subject) == [1, 0]
    found = units.ask("GET", "/breaches")["items"]
    assert [(one["record_id"], one["unit_id"], one["line"]) for one in found] == [(subject, units.of[SECRET], OPEN)]
    assert found[0]["record_type"] == "baqylau.registry.DocumentRegistered.v1"
    assert found[0]["unit_regime"] == "confidential"
    assert metric(system, "secrecy-gate", "secrecy_gate_breaches_total") == 1
    on_topic = wait_until(lambda: raised(system), "it is on the gate's topic")
    assert len({record["ce_id"] for record in on_topic}) == 1
    assert on_topic[0]["ce_unitids"] == units.of[SECRET]


def test_from_then_on_the_proof_fails_loudly_here_and_offline(system: System, units: Units, tmp_path: Path) -> None:
    proof = units.ask("GET", "/proof")
    code, words = verified(exported(system, tmp_path / "proof.ndjson"), proof["digest"])

    assert not proof["holds"]
    assert [failure["reason"] for failure in proof["failures"]] == ["audit-found-a-breach"]
    assert metric(system, "secrecy-gate", "secrecy_gate_proof_breaches") == 1
    assert code == 1
    assert f"FAILS  audit-found-a-breach (RK-703:2): {units.of[SECRET]}" in words


def control(system: System, method: str, path: str, body: object = None) -> Json:
    headers = {"Authorization": f"Bearer {system.token('operator', OPEN)}"}
    answer = httpx.request(method, system.url(CONTROL) + path, json=body, headers=headers, timeout=30)
    found: Json = answer.raise_for_status().json()
    return found


def parked(system: System) -> list[Json]:
    found: list[Json] = control(system, "GET", "/parked?limit=500")["items"]
    return found


@pytest.mark.parametrize("regime", ["confidential", "gate", ""])
def test_a_record_of_another_regime_is_raised_also_in_a_unit_of_the_line_and_never_handled(
    system: System, units: Units, regime: str
) -> None:
    subject = plant(system, units.of[OPEN], regime)

    found = wait_until(
        lambda: [one for one in units.ask("GET", "/breaches")["items"] if one["record_id"] == subject], "it is raised"
    )
    assert [one["record_regime"] for one in found] == ["confidential" if regime == "confidential" else None]
    reasons = wait_until(lambda: [one["reason"] for one in parked(system) if one["key"] == subject], "it is parked", 60)
    assert reasons == ["foreign-regime"]
    assert metric(system, CONTROL, "baqylau_foreign_regime_records_total") >= 1


def test_a_record_of_the_gate_that_the_gate_never_sent_is_raised_though_its_unit_is_the_lines(
    system: System, units: Units
) -> None:
    forged = plant(system, units.of[OPEN], "non_confidential", "secrecy-gate", "EmployeePosted")

    found = wait_until(
        lambda: [one for one in units.ask("GET", "/breaches")["items"] if one["record_id"] == forged], "it is raised"
    )
    assert [(one["recorded_by"], one["unit_id"]) for one in found] == [("secrecy-gate", units.of[OPEN])]


def test_what_the_gate_did_say_is_no_breach_also_of_a_unit_that_was_dissolved_before_its_tree_had_a_regime(
    system: System, units: Units
) -> None:
    code = f"MOVES-{uuid4().hex[:6]}"
    units.ask("POST", "/organizations", {"code": code, "names": NAMES, "kind": "state_body", "territorial": False})

    def unit(name: str, **more: str) -> str:
        body = {"organization": code, "code": name, "names": NAMES, **more}
        made: str = units.ask("POST", "/units", body)["id"]
        return made

    top = unit("1")
    middle = unit("1.1", parent_id=top)
    gone = unit("1.1.1", parent_id=middle)
    units.ask("POST", f"/units/{gone}/dissolve", {"reason": "r"})
    units.ask("PUT", f"/units/{top}/regime", {"regime": "non_confidential"})
    units.ask("PUT", f"/units/{middle}/parent", {"parent_id": None})
    breach = plant(system, units.of[SECRET], "non_confidential")
    last = plant(system, units.of[OPEN], "non_confidential", "secrecy-gate", "EmployeeReleased")

    wait_until(lambda: {breach, last} <= _raised_of(units), "what was planted behind it is raised")

    assert not {top, middle, gone} & {one["unit_id"] for one in units.ask("GET", "/breaches")["items"]}


def _raised_of(units: Units) -> set[str]:
    return {one["record_id"] for one in units.ask("GET", "/breaches")["items"]}


def test_a_record_that_is_in_order_is_no_breach_though_the_auditor_looks_at_it(system: System, units: Units) -> None:
    before = metric(system, AUDITOR, "secrecy_gate_auditor_records_total")
    in_order = plant(system, units.of[OPEN], "non_confidential")
    breach = plant(system, units.of[SECRET], "non_confidential")

    wait_until(lambda: metric(system, AUDITOR, "secrecy_gate_auditor_records_total") >= before + 2, "both are read")
    wait_until(lambda: breach in str(units.ask("GET", "/breaches")["items"]), "the one is raised")

    assert in_order not in str(units.ask("GET", "/breaches")["items"])


@pytest.mark.parametrize("service", ["registry", "secrecy-gate"])
def test_what_cannot_be_read_is_raised_and_parked_and_the_audit_goes_on_behind_it(
    system: System, units: Units, service: str
) -> None:
    topic, before = f"baqylau.{OPEN}.{service}.v1", _raised_of(units)
    words = batches.record(value=FOREIGN_WORDS.encode() * 20, headers=[(b"\xff\xfe", FOREIGN_WORDS.encode())])
    misnamed = batches.send(system.bootstrap, topic, batches.batch(words, 1))
    packed = batches.send(system.bootstrap, topic, batches.batch(batches.zstd(words), 1, codec=batches.ZSTD))
    behind = plant(system, units.of[SECRET], "non_confidential", service, partition=0)

    wait_until(lambda: behind in _raised_of(units), "what was planted behind it is raised", 60)

    new = [one for one in units.ask("GET", "/breaches")["items"] if one["record_id"] not in before | {behind}]
    assert [(one["recorded_by"], one["record_type"], one["unit_id"]) for one in new] == [
        (service, "unknown", str(UUID(int=0)))
    ] * 2
    lines = (orjson.loads(line) for line in (system.folder / "logs" / f"{AUDITOR}.log").read_bytes().splitlines())
    said = {line["offset"] for line in lines if line["event"] == "unreadable" and line["topic"] == topic}
    assert said == {packed}, "the other one could be read"
    assert packed == misnamed + 1
    found = wait_until(
        lambda: [one for one in parked(system) if one["key"] == f"{topic}/0/{packed}"], "it is parked", 60
    )
    assert [one["reason"] for one in found] == ["unreadable-compression"]
    assert metric(system, AUDITOR, "baqylau_unreadable_records_total") >= 1


def test_what_a_record_says_or_is_said_of_it_is_nowhere_in_what_is_told(system: System, units: Units) -> None:
    given_up = parked(system)[0]["key"]
    assert control(system, "POST", f"/parked/{given_up}/discard", {"reason": WORDS})["discarded"] > 0
    logs = {log.name: log.read_text() for log in (system.folder / "logs").iterdir() if log.is_file()}

    assert "segregation_breached" in logs["secrecy-gate.log"], "the operator sees it in the log"
    assert "proof_fails" in logs["secrecy-gate.log"]
    assert "foreign_record" in logs[f"{CONTROL}.log"]
    shown = [*logs.values(), *(str(units.ask("GET", path)) for path in ("/breaches", "/proof"))]
    shown += [str(raised(system)), str(parked(system))]
    shown += [httpx.get(f"{system.url(name)}/metrics", timeout=30).text for name in ("secrecy-gate", AUDITOR, CONTROL)]
    assert not any(words in text for text in shown for words in (WORDS, FOREIGN_WORDS))
    assert databases.tables_with(system, FOREIGN_WORDS) == set(), "no database keeps what a foreign record says"


def test_a_line_hears_nothing_of_a_breach(system: System) -> None:
    for line in AUDIENCES:
        headers = {"Authorization": f"Bearer {system.token('subscriber', line)}"}
        url = f"{system.url('secrecy-gate')}/events?limit=1000"
        types = {item["type"] for item in httpx.get(url, headers=headers, timeout=30).json()["items"]}

        assert any("SegregationBreached" in type_ for type_ in types) is (line.value == "gate")


def test_asked_again_the_proof_reads_only_what_is_new_and_a_change_behind_it_shows_offline_and_at_the_next_start(
    system: System, units: Units, tmp_path: Path
) -> None:
    failures = units.ask("GET", "/proof")["failures"]
    with psycopg.connect(host=system.database.host, port=PORT, user="postgres", dbname="secrecy_gate") as connection:
        connection.execute(
            "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'), 'state_body', "
            "'organization'), 'UTF8') WHERE notification_id = (SELECT min(notification_id) FROM stored_events)"
        )

    assert units.ask("GET", "/proof")["failures"] == failures, (
        "the log is not read from its beginning for each question"
    )
    assert verified(exported(system, tmp_path / "proof.ndjson"))[0] == 1
    system.process("secrecy-gate").stop()
    system.process("secrecy-gate").start()
    system.process("secrecy-gate").wait_until_ready()

    reasons = [failure["reason"] for failure in units.ask("GET", "/proof")["failures"]]
    assert reasons[0] == "hash-chain-broken"
    assert len(reasons) == len(failures) + 1

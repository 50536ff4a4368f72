"""The secrecy-gate as a process: killed, doubled, asked oddly, and with its broker or database away."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from baqylau.lines import Line
from baqylau.testing.wait import wait_until
from baqylau_infra import ports, topics
from baqylau_infra.broker import Broker
from baqylau_infra.database import Database
from baqylau_infra.tokens import Keys
from kafka import KafkaConsumer, TopicPartition

from tests.integration.forwarder import Forwarder
from tests.integration.gates import NAMES, Gate, empty_topics

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def gate(database: Database, bootstrap: str, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    empty_topics(bootstrap)
    made = Gate(database.create("gate_of_all"), bootstrap, keys, tmp_path_factory.mktemp("gate"))
    made.start()
    assert made.register("KNOWN").status_code == 201
    yield made
    made.process.stop()


def on_topic(bootstrap: str, subject: str) -> list[int]:
    """The positions of an aggregate's records on the gate's own topic."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    places = [TopicPartition("baqylau.gate.secrecy-gate.v1", number) for number in range(topics.partitions())]
    consumer.assign(places)
    found = []
    for place, end in consumer.end_offsets(places).items():
        while consumer.position(place) < end:
            for records in consumer.poll(timeout_ms=500).values():
                found += [r for r in records if dict(r.headers).get("ce_correlationid") == subject.encode()]
    consumer.close()
    return [int(dict(record.headers)["ce_position"]) for record in found]


def test_what_was_committed_before_a_kill_is_published_after_the_restart(
    gates: Callable[..., Gate], bootstrap: str
) -> None:
    correlation = str(uuid4())
    cut_off = gates(f"127.0.0.1:{ports.free()}")
    cut_off.start()
    assert cut_off.register("MIN-A", **{"X-Correlation-Id": correlation}).status_code == 201
    cut_off.process.kill()
    assert on_topic(bootstrap, correlation) == []

    restarted = gates()
    restarted.start()

    positions = wait_until(lambda: on_topic(bootstrap, correlation), "the event is on the topic")
    assert len(set(positions)) == 1
    assert restarted.register("MIN-A").status_code == 409


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_one_replica_publishes_and_the_other_takes_over(gates: Callable[..., Gate], bootstrap: str, end: str) -> None:
    first, second = gates(), gates()
    for gate in (first, second):
        gate.start()
        gate.wait_until_ready()
    active = wait_until(
        lambda: [gate for gate in (first, second) if gate.metric("baqylau_relay_active")], "one of them publishes"
    )
    assert len(active) == 1
    other = second if active[0] is first else first

    getattr(active[0].process, end)()
    correlation = str(uuid4())
    assert other.register("MIN-B", **{"X-Correlation-Id": correlation}).status_code == 201

    wait_until(lambda: on_topic(bootstrap, correlation), "the other replica publishes")


def test_it_starts_without_a_broker_and_is_ready_once_there_is_one(
    gates: Callable[..., Gate], broker: Broker, bootstrap: str
) -> None:
    port = ports.free()
    gate = gates(f"127.0.0.1:{port}")
    gate.start()

    assert gate.status("/health/ready") == 503
    assert gate.register("MIN-C").status_code == 201
    with Forwarder(port, broker.port):
        gate.wait_until_ready()
    assert bootstrap


def test_it_waits_for_its_database_at_start_and_bears_its_absence_later(
    gates: Callable[..., Gate], tmp_path: Path
) -> None:
    with Database(tmp_path / "own") as own:
        access = own.create("gate")
        own.process.stop()
        gate = gates(on=access)
        gate.process.start()
        own.process.start()
        own.process.wait_until_ready()
        gate.wait_until_ready()
        assert gate.register("MIN-D", **{"Idempotency-Key": "d"}).status_code == 201

        own.process.stop()
        wait_until(lambda: gate.status("/health/ready") == 503, "it says that it isn't ready")
        refused = [
            gate.register("MIN-E", **{"Idempotency-Key": "e"}),
            httpx.get(f"{gate.url}/organizations/MIN-D/units", headers=gate.token(), timeout=30),
        ]
        own.process.start()
        own.process.wait_until_ready()

        for answer in refused:
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]
        gate.wait_until_ready()
        wait_until(lambda: gate.register("MIN-E", **{"Idempotency-Key": "e"}).status_code == 201, "commands go on")
        assert gate.register("MIN-D", **{"Idempotency-Key": "d"}).status_code == 201
        assert gate.rows()["stored_events"] == [(2,)]


def test_a_stop_ends_the_streams_that_follow_and_the_process_ends_by_itself(gates: Callable[..., Gate]) -> None:
    gate = gates()
    gate.start()
    gate.wait_until_ready()
    following = threading.Event()
    ended = threading.Event()

    def follow() -> None:
        with httpx.stream("GET", f"{gate.url}/events/stream", headers=gate.token("auditor"), timeout=60) as stream:
            for _ in stream.iter_lines():
                following.set()
        ended.set()

    reader = threading.Thread(target=follow)
    reader.start()
    assert following.wait(30)

    popen = gate.process._popen
    gate.process.stop()

    reader.join(30)
    assert ended.is_set(), "the stream was cut off, not ended"
    assert popen is not None
    assert popen.returncode == 0, "it had to be killed"


def test_the_same_idempotency_key_twenty_times_at_once_has_one_effect(gate: Gate) -> None:
    before = gate.rows()["stored_events"][0][0]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: gate.register("ONCE", **{"Idempotency-Key": "k-1"}), range(20)))

    assert {(answer.status_code, answer.content, answer.headers["etag"]) for answer in answers} == {
        (201, answers[0].content, '"1"')
    }
    assert gate.rows()["stored_events"][0][0] == before + 1
    other = gate.register("OTHER", **{"Idempotency-Key": "k-1"})
    assert other.status_code == 422
    assert other.json()["violations"][0]["reason"] == "idempotency-key-reused"


def test_an_event_carries_the_correlation_id_of_its_request(gate: Gate, bootstrap: str) -> None:
    correlation = str(uuid4())

    answer = gate.register("TRACED", **{"X-Correlation-Id": correlation, "traceparent": "no trace context"})

    assert answer.headers["x-correlation-id"] == correlation
    wait_until(lambda: on_topic(bootstrap, correlation), "the event is on the topic under that id")


ORGANIZATION = {"code": "MIN-X", "names": NAMES, "kind": "state_body", "territorial": False}
UNKNOWN = str(uuid4())

BAD: dict[str, Any] = {
    "malformed JSON": ("POST", "/organizations", {"content": b"{"}, 422, {"json-invalid"}),
    "not UTF-8": ("POST", "/organizations", {"content": b'{"code": "\xff"}'}, 422, {"body-unreadable"}),
    "UTF-16": ("POST", "/organizations", {"content": '{"code": "\\u0000"}'.encode("utf-16")}, 422, None),
    "too deep": ("POST", "/organizations", {"content": b"[" * 100_000}, 422, None),
    "too long a number": ("POST", "/organizations", {"content": b'{"code": ' + b"9" * 5000 + b"}"}, 422, None),
    "NaN": ("POST", "/organizations", {"content": b"NaN"}, 422, None),
    "no body": ("POST", "/organizations", {}, 422, {"missing"}),
    "no JSON": ("POST", "/organizations", {"content": b"a=b", "headers": {"content-type": "text/plain"}}, 422, None),
    "all fields missing": ("POST", "/organizations", {"json": {}}, 422, {"missing"}),
    "unknown field": ("POST", "/organizations", {"json": {**ORGANIZATION, "more": 1}}, 422, {"extra-forbidden"}),
    "unknown field, half a character": (
        "POST",
        "/organizations",
        {"content": b'{"\\ud800": 1}'},
        422,
        {"string-unicode", "character-not-allowed"},
    ),
    "half a character": (
        "POST",
        "/units/{unit}/dissolve",
        {"content": b'{"reason": "\\udfff"}'},
        422,
        None,
    ),
    "half a character, raw": ("POST", "/units/{unit}/dissolve", {"content": b'{"reason": "\xed\xa0\x80"}'}, 422, None),
    "NUL in a text": (
        "POST",
        "/units/{unit}/dissolve",
        {"json": {"reason": "a\0b"}},
        422,
        {"character-not-allowed"},
    ),
    "NUL in a name": (
        "POST",
        "/organizations",
        {"json": {**ORGANIZATION, "names": {**NAMES, "kk": "\0"}}},
        422,
        {"character-not-allowed"},
    ),
    "NUL in a path": ("GET", "/organizations/%00/units", {}, 422, {"character-not-allowed"}),
    "NUL in a query": ("GET", "/parked?after=%00", {"role": "operator"}, 422, {"character-not-allowed"}),
    "a number beyond bigint": ("GET", f"/events?after={2**70}", {"role": "auditor"}, 422, {"less-than-equal"}),
    "another partition": ("GET", "/events?partition=99999", {"role": "auditor"}, 422, {"less-than-equal"}),
    "no id": ("GET", "/units/1", {}, 422, {"uuid-parsing"}),
    "unknown unit": ("GET", f"/units/{UNKNOWN}", {}, 404, None),
    "unknown unit's regime": ("PUT", f"/units/{UNKNOWN}/regime", {"json": {"regime": "confidential"}}, 404, None),
    "unknown organization": (
        "POST",
        "/units",
        {"json": {"organization": "NOBODY", "code": "U", "names": NAMES}},
        409,
        {"organization-unknown"},
    ),
    "code taken": ("POST", "/organizations", {"json": {**ORGANIZATION, "code": "KNOWN"}}, 409, None),
    "no token": ("POST", "/organizations", {"json": ORGANIZATION, "headers": {"authorization": ""}}, 401, None),
    "no such token": (
        "POST",
        "/organizations",
        {"json": ORGANIZATION, "headers": {"authorization": "Bearer a.b.c"}},
        401,
        None,
    ),
    "a line's token": ("POST", "/organizations", {"json": ORGANIZATION, "line": "confidential"}, 403, None),
    "wrong role": ("POST", "/organizations", {"json": ORGANIZATION, "role": "auditor"}, 403, None),
    "2 MiB": ("POST", "/organizations", {"content": b"x" * 2**21}, 413, None),
    "2 MiB in chunks": ("POST", "/organizations", {"content": "chunks"}, 413, None),
    "another version": (
        "POST",
        "/units/{unit}/dissolve",
        {"json": {"reason": "r"}, "headers": {"if-match": '"99"'}},
        412,
        None,
    ),
    **{
        f"If-Match {value!r}": (
            "POST",
            "/units/{unit}/dissolve",
            {"json": {"reason": "r"}, "headers": {"if-match": value}},
            422,
            {"if-match-malformed"},
        )
        for value in ("", "abc", '"1", "2"', "-1", '"1', "9" * 30, "²")
    },
    "a key too long": (
        "POST",
        "/organizations",
        {"json": ORGANIZATION, "headers": {"idempotency-key": "k" * 201}},
        422,
        {"string-too-long"},
    ),
    "no such path": ("GET", "/nothing/here", {}, 404, None),
    "a slash too many": ("GET", "/organizations/", {}, 404, None),
    "another method": ("PATCH", "/organizations", {"json": ORGANIZATION}, 405, None),
    "HEAD": ("HEAD", "/organizations/KNOWN/units", {}, 405, None),
    "OPTIONS": ("OPTIONS", "/organizations", {}, 405, None),
    "a method of their own": ("BREW", "/organizations", {}, None, None),
    "no parked key": ("POST", "/parked/a%2Fb/retry", {"role": "operator"}, 404, None),
}


@pytest.fixture(scope="module")
def unit(gate: Gate) -> str:
    """A unit that stays."""
    body = {"organization": "KNOWN", "code": "U-1", "names": NAMES}
    answer = httpx.post(f"{gate.url}/units", json=body, headers=gate.token())
    assert answer.status_code == 201
    return str(answer.json()["id"])


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_problem_and_changes_nothing(gate: Gate, unit: str, case: str) -> None:
    method, path, given, status, reasons = BAD[case]
    request: dict[str, Any] = {**given}
    headers = {
        "content-type": "application/json",
        **gate.token(request.pop("role", "gate-officer"), request.pop("line", Line.GATE)),
        **request.pop("headers", {}),
    }
    sent = {name.encode(): value.encode() for name, value in {k.lower(): v for k, v in headers.items()}.items()}
    if request.get("content") == "chunks":
        request["content"] = iter([b"x" * 2**18] * 8)
    before = gate.rows()

    answer = httpx.request(
        method, gate.url + path.replace("{unit}", unit), headers=list(sent.items()), timeout=30, **request
    )

    assert answer.status_code < 500
    assert gate.rows() == before
    if status is None:  # the server's own parser ends such a request
        return
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"]
    if method != "HEAD":
        found = answer.json()
        assert found["status"] == status
        assert "Traceback" not in answer.text
        if reasons is not None:
            assert {violation["reason"] for violation in found["violations"]} == reasons


def test_every_ground_of_a_bad_body_is_named(gate: Gate) -> None:
    body = {"code": "!", "names": {"kk": "a\0"}, "kind": "x", "more": 1}

    answer = httpx.post(f"{gate.url}/organizations", json=body, headers=gate.token())

    fields = {violation["field"] for violation in answer.json()["violations"]}
    assert answer.status_code == 422
    assert {"code", "names.kk", "names.ru", "kind", "territorial", "more"} <= fields


def test_logs_and_metrics_hold_nothing_of_what_was_sent(gate: Gate) -> None:
    marked = f"marked{uuid4().hex}"
    body = {**ORGANIZATION, "code": f"C-{marked[:20]}", "names": {**NAMES, "en": marked}}

    httpx.post(f"{gate.url}/organizations", json=body, headers=gate.token())
    httpx.post(f"{gate.url}/organizations", json={**body, marked: marked}, headers=gate.token())
    httpx.get(f"{gate.url}/{marked}", params={marked: marked}, headers=gate.token())
    with socket.create_connection((ports.HOST, gate.port)) as raw:
        raw.sendall(f"{marked.upper()} /{marked} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        raw.recv(1000)

    assert marked not in gate.process.log.read_text()
    assert marked.upper() not in gate.process.log.read_text()
    assert marked not in httpx.get(f"{gate.url}/metrics").text.lower()

"""Marked words in every text field of the confidential line are found nowhere outside."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from baqylau_infra.system import System

from demo.client import Json, Line, Refused, Stage
from demo.subscriber import Subscriber
from tests.end_to_end import databases, wire
from tests.end_to_end.conftest import Telling
from tests.end_to_end.planting import CODES, CONTENT, MARKS, SECRET, Fields, Planting

pytestmark = pytest.mark.real

CODE = r"^[\w.-]{1,40}$"
DIGEST = r"^[0-9a-fA-F]{64}$"
ELSEWHERE = {
    ("POST", "/calendar/amendments", "decree"): "a published decree, the same on every line",
    ("POST", "/organizations", "names.kk"): "organizations are known to both lines",
    ("POST", "/organizations", "names.ru"): "organizations are known to both lines",
    ("POST", "/organizations", "names.en"): "organizations are known to both lines",
    ("POST", "/findings", "findings.recorded_by"): "the auditors' own, of a pattern that takes names of services alone",
    ("POST", "/findings", "findings.record_type"): "the auditors' own, of a pattern that takes names of events alone",
}
"""Texts that aren't the confidential line's."""


@pytest.fixture(scope="module")
def planted(system: System, stage: Stage, told: Telling, outsider: Subscriber) -> Planting:  # noqa: ARG001
    planting = Planting(system, stage)
    planting.plant()
    wire.settle(system, [wire.Reader(Line.CONFIDENTIAL, planting.unit_id, planting.recipient)], outsider)
    return planting


@pytest.mark.parametrize("service", ["registry", "control", "notifications", "gate"])
def test_every_text_of_every_command_held_a_marked_word(planted: Planting, system: System, service: str) -> None:
    """By OpenAPI: a new field is missed here, until it is planted."""
    name = "secrecy-gate" if service == "gate" else f"{service}-{Line.CONFIDENTIAL}"
    described = httpx.get(f"{system.url(name)}/openapi.json", timeout=30).json()

    missed = _texts(described) - planted.planted(service)

    assert missed <= ELSEWHERE.keys()


def test_no_topic_carries_a_text_and_the_open_topics_not_even_a_code(planted: Planting, outsider: Subscriber) -> None:
    seen_codes = set()
    for event in outsider.received:
        whole = f"{event.headers} {event.key} {event.value.decode()}"
        assert CONTENT not in whole, event.type
        if CODES in whole:
            seen_codes.add(event.topic)

    assert planted.assignment_id in {event.subject for event in outsider.received}
    assert seen_codes == {
        "baqylau.gate.secrecy-gate.v1",
        "baqylau.confidential.secrecy-gate.v1",
        "baqylau.confidential.registry.v1",
        "baqylau.confidential.control.v1",
    }


def test_no_log_of_any_process_holds_a_marked_word(planted: Planting, system: System) -> None:  # noqa: ARG001
    logs = list((system.folder / "logs").iterdir())

    assert len(logs) > len(system.services)
    assert [log.name for log in logs if CONTENT in log.read_text() or CODES in log.read_text()] == []


def test_the_confidential_services_databases_alone_hold_a_text_and_never_among_what_is_published(
    planted: Planting,  # noqa: ARG001
    system: System,
) -> None:
    with_content, with_codes = databases.tables_with(system, CONTENT), databases.tables_with(system, CODES)

    assert {place.split(".")[0] for place in with_content} == {
        "registry-confidential",
        "control-confidential",
        "notifications-confidential",
    }
    assert not any(place.endswith((".public_events", ".parked_records")) for place in with_content)
    assert not any(f"-{Line.OPEN}." in place for place in with_codes)
    assert {place.split(".")[0] for place in databases.tables_with(system, SECRET)} == {"notifications-confidential"}


def test_the_open_lines_search_lists_and_inboxes_show_nothing_of_it(planted: Planting, system: System) -> None:
    assert wire.get(system, "registry", Line.OPEN, "/documents", "auditor", q=CONTENT)["items"] == []
    for path in (f"/documents/{planted.document_id}", f"/inbox/{planted.recipient}"):
        service = "registry" if "documents" in path else "notifications"
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            wire.get(system, service, Line.OPEN, path, "auditor")
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        wire.get(system, "control", Line.OPEN, f"/assignments/{planted.assignment_id}", "auditor")


def test_neither_metrics_nor_feeds_nor_parked_records_show_a_text_and_the_open_side_not_even_a_code(
    planted: Planting,  # noqa: ARG001
    system: System,
) -> None:
    answers = list(_answers(system))

    assert len(answers) > 20
    for name, text, unknown_there in answers:
        assert [word for word in unknown_there if word in text] == [], name


def test_the_confidential_notices_say_that_there_is_something_and_not_what(planted: Planting, system: System) -> None:
    found = wire.notices(system, wire.Reader(Line.CONFIDENTIAL, planted.unit_id, planted.recipient))

    assert len(found) > 10
    assert not any(word in str(notice) for notice in found for word in (CONTENT, CODES))


def test_a_refusal_repeats_nothing_of_what_was_sent(planted: Planting, stage: Stage) -> None:
    body = {"title": {CONTENT: CONTENT}, "kind": CONTENT, "dated": CONTENT, CONTENT: CONTENT}

    with pytest.raises(Refused) as refused:
        stage.registry(Line.CONFIDENTIAL, units=[planted.unit_id]).post("/documents", body)

    assert refused.value.grounds
    assert CONTENT not in str(refused.value)
    assert not any(CONTENT in ground.reason for ground in refused.value.grounds)


def _answers(system: System) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What each process shows to those who watch or follow it, and which words must not be there."""
    for service in system.services:
        url, line = system.url(service.name), Line(service.line)
        yield f"{service.name}/metrics", httpx.get(url + "/metrics", timeout=30).text, MARKS
        lines = list(Line) if line is Line.GATE else [line]
        for audience in lines if service.stores else ():
            unknown_there = MARKS if audience is Line.OPEN else (CONTENT, SECRET)
            for path, role in (("/events", "subscriber"), ("/parked", "auditor"), ("/parked", "operator")):
                headers = {"Authorization": f"Bearer {system.token(role, audience)}"}
                if path == "/events" or audience is line:
                    answer = httpx.get(url + path, params={"limit": 500}, headers=headers, timeout=30)
                    answer.raise_for_status()
                    yield f"{service.name}{path} to {audience}", answer.text, unknown_there


def _texts(described: Json) -> Fields:
    """Each text that a command takes, by an OpenAPI description: no code, digest, id, day or word of a list."""
    schemas = described["components"]["schemas"]

    def within(schema: Any, place: str) -> Iterator[str]:
        if "$ref" in schema:
            yield from within(schemas[schema["$ref"].rpartition("/")[2]], place)
        for form in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
            yield from within(form, place)
        for name, field in schema.get("properties", {}).items():
            yield from within(field, f"{place}.{name}".strip("."))
        if "items" in schema:
            yield from within(schema["items"], place)
        told = "enum" in schema or "const" in schema or "format" in schema
        if schema.get("type") == "string" and not told and schema.get("pattern") not in {CODE, DIGEST}:
            yield place

    return {
        (method.upper(), path, field)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for field in within(_body(operation), "")
    }


def _body(operation: Json) -> Json:
    found: Json = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return found

"""Every CloudEvent that the outsider received: its attributes, its place, and its value against the schema served."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from demo.client import Line
from demo.subscriber import Received
from tests.end_to_end import wire

pytestmark = pytest.mark.real

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PATTERNS = {
    "ce_specversion": r"1\.0",
    "ce_id": rf"{UUID}:[1-9]\d*",
    "ce_type": r"baqylau\.[a-z-]+\.[A-Z][A-Za-z]+\.v1",
    "ce_source": r"/baqylau/(gate|confidential|non-confidential)/[a-z-]+",
    "ce_subject": UUID,
    "ce_time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    "ce_dataschema": r"http://127\.0\.0\.1:\d+/schemas/[A-Z][A-Za-z]+\.v1\.json",
    "ce_position": r"[1-9]\d*",
    "ce_previousposition": r"\d+",
    "ce_regime": r"gate|confidential|non_confidential",
    "ce_correlationid": r"[A-Za-z0-9._:-]+",
    "ce_actor": r"\S+",
    "content-type": r"application/json",
}
OPTIONAL = {
    "ce_unitids": rf"{UUID}(,{UUID})*",
    "ce_causationid": rf"{UUID}:[1-9]\d*",
    "ce_traceparent": r"[0-9a-f-]+",
}


def test_every_kind_of_event_that_the_story_brings_was_received(record: wire.Record) -> None:
    kinds = {event.type.split(".", 1)[1] for _, event in _events(record)}

    assert kinds >= {
        "secrecy-gate.OrganizationRegistered.v1",
        "secrecy-gate.UnitEstablished.v1",
        "secrecy-gate.UnitRegimeAssigned.v1",
        "secrecy-gate.EmployeePosted.v1",
        "registry.DocumentRegistered.v1",
        "control.AssignmentIssued.v1",
        "control.ProposalSubmitted.v1",
        "control.ProposalMissed.v1",
        "control.ExtensionRequested.v1",
        "control.ExpertOpinionIssued.v1",
        "control.ExtensionGranted.v1",
        "control.DeadlineMissed.v1",
        "control.ExecutionReported.v1",
        "control.AssignmentCompleted.v1",
        "notifications.NotificationSent.v1",
    }


def test_every_event_has_all_attributes_in_their_form_and_no_others(record: wire.Record) -> None:
    for topic, event in _events(record):
        assert PATTERNS.keys() <= event.headers.keys() <= PATTERNS.keys() | OPTIONAL.keys(), (topic, event.headers)
        for name, text in event.headers.items():
            assert re.fullmatch(PATTERNS.get(name) or OPTIONAL[name], text), (topic, name, text)


def test_the_attributes_agree_with_the_topic_and_with_one_another(record: wire.Record) -> None:
    for topic, event in _events(record):
        _, line, service, _ = topic.split(".")
        recorder = "gate" if service == "secrecy-gate" else line
        assert event.headers["ce_source"] == f"/baqylau/{recorder}/{service}"
        assert event.type.startswith(f"baqylau.{service}.")
        assert event.headers["ce_regime"] == line.replace("-", "_")
        assert event.headers["ce_id"].startswith(event.subject + ":")
        assert event.key == event.subject
        assert datetime.fromisoformat(event.headers["ce_time"]) <= datetime.now(UTC)
        assert f"/{event.type.split('.', 2)[2]}.json" in event.headers["ce_dataschema"]


def test_every_value_is_what_the_schema_at_its_dataschema_says(record: wire.Record) -> None:
    validators: dict[str, Draft202012Validator] = {}
    for topic, event in _events(record):
        url = event.headers["ce_dataschema"]
        if url not in validators:
            schema = httpx.get(url, timeout=30).raise_for_status().json()
            Draft202012Validator.check_schema(schema)
            validators[url] = Draft202012Validator(schema, format_checker=FormatChecker())
        value = json.loads(event.value)
        assert list(validators[url].iter_errors(value)) == [], (topic, event.type)
        assert _unknown(value, validators[url].schema) == set(), (topic, event.type)


def test_the_units_of_a_value_are_those_of_the_unitids_attribute(record: wire.Record) -> None:
    for topic, event in _events(record):
        if "secrecy-gate" in topic:
            continue
        named = set(re.findall(rf'"unit_id":"({UUID})"', event.value.decode()))
        assert named == set(event.headers["ce_unitids"].split(",")), (topic, event.type)


def test_each_partition_is_a_chain_of_positions_without_a_hole(record: wire.Record) -> None:
    for events in record.topics.values():
        for partition in {event.partition for event in events}:
            chain = [event for event in events if event.partition == partition]
            positions = [event.position for event in chain]
            assert positions == sorted(set(positions))
            assert [int(event.headers["ce_previousposition"]) for event in chain] == [0, *positions[:-1]]


def test_all_events_of_one_subject_are_on_one_partition_in_the_order_of_their_versions(record: wire.Record) -> None:
    for events in record.topics.values():
        for subject in {event.subject for event in events}:
            own = [event for event in events if event.subject == subject]
            versions = [int(event.headers["ce_id"].rpartition(":")[2]) for event in own]
            assert versions == sorted(versions)
            assert len({event.partition for event in own}) == 1


def test_a_notice_names_the_event_that_caused_it_and_goes_on_with_its_correlation(record: wire.Record) -> None:
    by_id = {event.headers["ce_id"]: event for _, event in _events(record)}
    for line in (Line.OPEN, Line.CONFIDENTIAL):
        for notice in record.topics[f"baqylau.{line}.notifications.v1"]:
            cause = by_id[notice.headers["ce_causationid"]]
            assert json.loads(notice.value)["cause_id"] == cause.headers["ce_id"]
            assert notice.headers["ce_correlationid"] == cause.headers["ce_correlationid"]
            assert notice.headers["ce_actor"] == "notifications"


def _events(record: wire.Record) -> Iterator[tuple[str, Received]]:
    return ((topic, event) for topic, events in record.topics.items() for event in events)


def _unknown(value: Any, schema: Any) -> set[str]:
    """Fields of the value that its schema doesn't name."""
    return set(value) - set(schema["properties"])

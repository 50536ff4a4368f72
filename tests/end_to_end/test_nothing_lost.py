"""Every service was stopped once and killed once while work went on: nothing is lost, nothing is there twice."""

from collections import Counter

import pytest
from baqylau_infra.system import System

from demo.client import Line
from tests.end_to_end import wire
from tests.end_to_end.conftest import Telling

pytestmark = pytest.mark.real

LINES = (Line.OPEN, Line.CONFIDENTIAL)


def test_the_workers_met_services_that_were_down(told: Telling) -> None:
    assert told.load.interrupted > 0
    assert all(told.load.lanes[line].assignments for line in LINES)


def test_the_outsider_took_each_event_of_each_log_once_in_order_and_without_a_hole(
    record: wire.Record,
) -> None:
    assert record.topics.keys() == record.feeds.keys()

    for topic, events in record.topics.items():
        shown = record.feeds[topic]
        assert [event.headers["ce_id"] for event in events] == [item["id"] for item in shown]
        assert [event.position for event in events] == [item["position"] for item in shown]


def test_no_event_stands_in_a_log_twice(record: wire.Record) -> None:
    for items in record.feeds.values():
        assert [id_ for id_, times in Counter(item["id"] for item in items).items() if times > 1] == []


@pytest.mark.parametrize("line", LINES)
def test_each_answered_command_is_in_the_log_once_and_no_other(line: Line, told: Telling, record: wire.Record) -> None:
    lane = told.load.lanes[line]

    registered = _subjects(record, line, "registry", "DocumentRegistered", lane.unit_id)
    issued = _subjects(record, line, "control", "AssignmentIssued", lane.unit_id)

    assert sorted(registered) == sorted(lane.documents)
    assert sorted(issued) == sorted(lane.assignments)


def test_each_unit_that_the_gate_established_meanwhile_is_in_its_log_once(told: Telling, record: wire.Record) -> None:
    given = [
        item["data"]["unit_id"]
        for item in record.feeds[f"baqylau.{Line.OPEN}.secrecy-gate.v1"]
        if item["type"].endswith(".UnitRegimeAssigned.v1") and item["data"]["code"].startswith("U-")
    ]

    assert sorted(given) == sorted(told.load.lanes[Line.GATE].units)


@pytest.mark.parametrize("line", LINES)
def test_registration_numbers_have_no_hole(line: Line, told: Telling) -> None:
    numbers = told.load.lanes[line].numbers
    counted: dict[str, list[int]] = {}
    for number in numbers:
        series, _, n = number.rpartition("/")
        counted.setdefault(series, []).append(int(n))

    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in counted.values())


def test_each_reader_was_told_of_each_event_of_its_unit_once_and_of_no_other(
    record: wire.Record,
) -> None:
    for reader, causes in record.told.items():
        assert sorted(causes) == sorted(wire.events_concerning(record.feeds, reader)), reader


def test_nothing_is_parked(system: System, told: Telling) -> None:  # noqa: ARG001
    for line in LINES:
        for service in ("registry", "control", "notifications"):
            parked = wire.get(system, service, line, "/parked", "operator")
            assert parked["items"] == [], (service, line)


def _subjects(record: wire.Record, line: Line, service: str, event: str, unit_id: str) -> list[str]:
    return [
        item["subject"]
        for item in record.feeds[f"baqylau.{line}.{service}.v1"]
        if item["type"].endswith(f".{event}.v1") and unit_id in item["unitids"]
    ]

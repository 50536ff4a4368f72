"""What a careful subscriber keeps of a topic: each record once, in order, none behind a hole."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import httpx
from baqylau_infra.system import System

from demo.client import Json, Line, until
from demo.subscriber import Received, Subscriber

SERVICES = ("secrecy-gate", "registry", "control", "notifications")


def taken(received: Iterable[Received]) -> Mapping[str, list[Received]]:
    """Topic → its records, by position. A record seen again is passed over; one behind a hole waits until it's resent.

    Raises AssertionError where a record that came again isn't the same to the byte.
    """
    last: dict[tuple[str, int], int] = defaultdict(int)
    kept: dict[tuple[str, int], Received] = {}
    for record in received:
        place = (record.topic, record.partition)
        if record.position <= last[place]:
            first = kept[record.topic, record.position]
            assert (record.key, record.headers, record.value) == (first.key, first.headers, first.value)
        elif int(record.headers["ce_previousposition"]) == last[place]:
            last[place] = record.position
            kept[record.topic, record.position] = record
    topics: dict[str, list[Received]] = defaultdict(list)
    for (topic, _), record in sorted(kept.items()):
        topics[topic].append(record)
    return topics


@dataclass(frozen=True)
class Record:
    """What was to be seen at one moment.

    `topics`: topic → what the outsider took. `feeds`: topic → what the service shows. `told`: reader → ids of the
    events that it was told of.
    """

    topics: Mapping[str, list[Received]]
    feeds: Mapping[str, list[Json]]
    told: Mapping["Reader", list[str]]


@dataclass(frozen=True)
class Reader:
    """A recipient, and the unit that it is told of."""

    line: Line
    unit_id: str
    recipient_id: str


def settle(system: System, readers: Sequence[Reader], outsider: Subscriber) -> Record:
    """Waits until each reader is told of what concerns it, and the outsider has what the feeds show."""
    shown = feeds(system)
    expected = {reader: len(events_concerning(shown, reader)) for reader in readers}
    until(lambda: all(newest_notice(system, r) >= n for r, n in expected.items()), f"the notices of {expected}", 120)
    shown = feeds(system)
    last = {topic: items[-1]["position"] for topic, items in shown.items() if items}
    until(lambda: all(outsider.has(topic, position) for topic, position in last.items()), "the outsider to have it all")
    told = {reader: [notice["cause_id"] for notice in notices(system, reader)] for reader in readers}
    return Record(taken(outsider.received), shown, told)


def events_concerning(shown: Mapping[str, list[Json]], reader: Reader) -> list[str]:
    """Ids of the events that a reader has to be told of: those of registry and control that concern its unit."""
    topics = (f"baqylau.{reader.line}.{service}.v1" for service in ("registry", "control"))
    return [
        item["id"] for topic in topics for item in shown[topic] if reader.unit_id in item.get("unitids", "").split(",")
    ]


def newest_notice(system: System, reader: Reader) -> int:
    """The number of a reader's newest notice; they count from 1."""
    page = _inbox(system, reader, limit=1)
    return int(page["items"][0]["number"]) if page["items"] else 0


def notices(system: System, reader: Reader) -> list[Json]:
    """All notices of a reader, newest first."""
    found: list[Json] = []
    page = _inbox(system, reader, limit=500)
    while page["items"]:
        found += page["items"]
        if page["next"] is None:
            break
        page = _inbox(system, reader, limit=500, after=page["next"])
    return found


def get(system: System, service: str, line: Line, path: str, role: str, **query: str | int) -> Json:
    """An answer of a service, to a caller of that role and no organization."""
    url = system.url(service, None if service == "secrecy-gate" else line) + path
    headers = {"Authorization": f"Bearer {system.token(role, line)}"}
    found: Json = httpx.get(url, params=query, headers=headers, timeout=30).raise_for_status().json()
    return found


def feeds(system: System) -> dict[str, list[Json]]:
    """Topic → all items of its feed, oldest first."""
    found = {}
    for line in Line:
        for service in SERVICES if line is not Line.GATE else SERVICES[:1]:
            items: list[Json] = []
            while more := get(
                system, service, line, "/events", "subscriber", after=items[-1]["position"] if items else 0, limit=1000
            )["items"]:
                items += more
            found[f"baqylau.{line}.{service}.v1"] = items
    return found


def _inbox(system: System, reader: Reader, **query: int) -> Json:
    return get(system, "notifications", reader.line, f"/inbox/{reader.recipient_id}", "auditor", **query)

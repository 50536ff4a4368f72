"""`docs/sizing.md`: what a country needs, reckoned from the results alone."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

Json = dict[str, Any]

BODIES = 200
DOCUMENTS, ASSIGNMENTS = 20_000_000, 5_000_000
"""A year."""
WORKING_SECONDS = 247 * 8 * 3600
"""A year."""
PEAK = 10
STEPS = 5
"""Commands on an assignment: its issue, two proposals, a letter, a report."""
READS = 70 / 30
"""Reads for each command."""
TOLD = 3
"""Units that an event of an assignment concerns; a document's concerns one. Each has one reader."""
YEARS = 10
COPIES = 3
"""Of each record, on as many brokers."""
FULL = 0.5
"""How much of what was measured is counted on."""
CONTENT_KIB = 300
"""A document's file: an assumption, not a measurement."""
TIB = 1024.0**3
"""In KiB."""


@dataclass(frozen=True)
class Need:
    """What the peak hour asks of a part, and what was measured of it on the machine of the measures."""

    part: str
    peak: float
    measured: float
    measure: str

    @property
    def headroom(self) -> float:
        return self.measured / self.peak


def page(results: Mapping[str, Json]) -> str:
    """The page. What hasn't been measured yet is left out."""
    needs = sorted(_needs(results), key=lambda need: need.headroom)
    return "\n".join([*_given(), *_load(needs), *_storage(results), *_parts(needs), *_breaks(results, needs), ""])


def _peak(a_year: float) -> float:
    return a_year / WORKING_SECONDS * PEAK


def _needs(results: Mapping[str, Json]) -> list[Need]:
    documents, steps = _peak(DOCUMENTS), _peak(ASSIGNMENTS * STEPS)
    events = documents + steps
    asked = [
        ("registry, documents registered a second", documents, "documents"),
        ("registry, all of them in one unit", documents, "documents-one-unit"),
        ("control, assignments issued a second", _peak(ASSIGNMENTS), "assignments"),
        ("registry and control, all requests a second", events * (1 + READS), "mixed-day"),
        ("relay, public events a second", max(documents, steps), "relay"),
        ("a consumer, records a second", events, "consumer"),
        ("a read model fed from a topic, records a second", events, "read-model"),
    ]
    return [Need(part, peak, _median(results, name), name) for part, peak, name in asked if name in results]


def _median(results: Mapping[str, Json], name: str) -> float:
    return float(results[name]["figures"]["ours"]["value"]["median"])


def _given() -> list[str]:
    return [
        "# What a country needs",
        "",
        _paragraph(
            "Made by `make bench` from [benchmarks.json](benchmarks.json), that is from figures of one machine on "
            "whose cores broker, databases, services and the load all ran. A server for one of them alone does more."
        ),
        _paragraph(
            f"Given: {BODIES} ministries and agencies, {n(DOCUMENTS)} documents and {n(ASSIGNMENTS)} assignments a "
            f"year, a peak hour of {PEAK} times the average working hour (247 days of 8 hours). Assumed: {STEPS} "
            f"commands on each assignment, {READS:.1f} reads for each command, one reader of notices in each unit, "
            f"{TOLD} units to an assignment, and all of it on one line."
        ),
    ]


def _load(needs: Sequence[Need]) -> list[str]:
    rows = [
        "## The peak hour",
        "",
        "| part | asked in the peak hour | measured | headroom | measure |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {need.part} | {n(need.peak)} | {n(need.measured)} | {need.headroom:.1f}× | {need.measure} |"
        for need in needs
    ]
    return [*rows, ""]


def _storage(results: Mapping[str, Json]) -> list[str]:
    if "storage" not in results:
        return []
    sizes = results["storage"]["figures"]["ours"]
    places = [name.partition(", ")[2] for name in sizes if name.startswith("document, ")]
    rows = [
        f"## Storage for {YEARS} years",
        "",
        f"| place | a document, KiB | an assignment with its life, KiB | a year, TiB | {YEARS} years, TiB |",
        "|---|---|---|---|---|",
    ]
    total = 0.0
    for place in places:
        document, assignment = (sizes[f"{kind}, {place}"]["median"] for kind in ("document", "assignment"))
        copies = COPIES if place == "topics" else 1
        year = (DOCUMENTS * document + ASSIGNMENTS * assignment) * copies / TIB
        total += year
        shown = f"{place}, {COPIES} copies" if copies > 1 else place
        rows.append(f"| {shown} | {n(document)} | {n(assignment)} | {year:.2f} | {year * YEARS:.1f} |")
    content = DOCUMENTS * CONTENT_KIB / TIB
    rows += [
        f"| the files themselves, if {CONTENT_KIB} KiB each (assumed) | {CONTENT_KIB} | | {content:.2f} | "
        f"{content * YEARS:.0f} |",
        "",
        _paragraph(
            f"Without the files {total * YEARS:.1f} TiB after {YEARS} years, with them {(total + content) * YEARS:.0f} "
            "TiB; a standby of each database doubles its part. Topics are kept for ever, as `infra/kafka/topics.toml` "
            "says."
        ),
    ]
    return rows


def _parts(needs: Sequence[Need]) -> list[str]:
    processes = {
        "registry": _processes(needs, ("documents",)),
        "control": _processes(needs, ("assignments",)),
        "notifications": _processes(needs, ("consumer",)),
    }
    return [
        "## Parts",
        "",
        f"Reckoned with {FULL:.0%} of what was measured, and never fewer than two of a kind, so that one may fail.",
        "",
        "| part | how many | why |",
        "|---|---|---|",
        f"| brokers | {COPIES} | for the copies of each record; by load one would do |",
        "| databases | 7, each with a standby | one for each service of each line, and the gate's; on a server for "
        "each line and one for the gate |",
        *(f"| processes of {name}, each line | {count} | load and failure |" for name, count in processes.items()),
        "| processes of the gate | 2 | failure |",
        "",
    ]


def _processes(needs: Sequence[Need], measures: Sequence[str]) -> int:
    asked = [ceil(need.peak / (need.measured * FULL)) for need in needs if need.measure in measures]
    return max([2, *asked])


def _breaks(results: Mapping[str, Json], needs: Sequence[Need]) -> list[str]:
    if not needs:
        return []
    first, replicas = needs[0], _replicas(results)
    lines = [
        "## The first thing that would break",
        "",
        _paragraph(
            f"By load: **{first.part}**, with {first.headroom:.1f} times the peak hour. One transaction at a time "
            "writes to a service's log, whatever the number of processes: replicas answer more reads and stand in for "
            f"each other, but don't write more{replicas}. What to do then, in this order: a database server of its own "
            "for that service; a second line of the same regime for a part of the ministries."
        ),
    ]
    if "storage" in results:
        lines.append(
            _paragraph(
                f"By size, before that: the files. They lie in the registry's database, and at {CONTENT_KIB} KiB each "
                "they are most of what is stored. A backup and a restore of that database take as long as the files "
                "are big: they have to move to a store of their own first."
            )
        )
    if "rebuild" in results:
        events = (DOCUMENTS + ASSIGNMENTS * STEPS) * YEARS
        hours = events / _median(results, "rebuild") / 3600
        lines.append(
            _paragraph(f"A read model rebuilt from {YEARS} years, {n(events)} events, takes {hours:.1f} hours.")
        )
    return lines


def _replicas(results: Mapping[str, Json]) -> str:
    seen = [
        f"{n(point['figures']['answered a second'])} a second with {point['x']:g}"
        for point in results.get("replicas", {}).get("points", [])
        if point["line"].startswith("POST")
    ]
    return f" (on this machine {', '.join(seen)})" if seen else ""


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def n(value: float) -> str:
    """A figure to three digits, thousands apart: 1 234 567 is 1 230 000."""
    if abs(value) >= 1000:
        return f"{round(value, 3 - len(str(int(abs(value))))):,.0f}".replace(",", " ")
    return f"{value:.3g}"

"""What the trials showed: `docs/reliability.json`, and `docs/reliability.md` made from it."""

import json
import os
import platform
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.rig import REPLICAS
from tests.chaos.trial import Trial

DOCS = Path(__file__).parents[2] / "docs"
JSON, MARKDOWN = DOCS / "reliability.json", DOCS / "reliability.md"
SHOWN = 5
ANOMALIES = {
    "lost": ("lost", "skipped"),
    "doubled": ("doubled",),
    "reordered": ("order", "nonmonotonic"),
}
"""By how a finding begins."""

Json = dict[str, Any]


def of(trial: Trial, sabotage: Mapping[str, str] | None = None) -> Json:
    """A trial in plain values. `sabotage`: what was broken on purpose."""
    findings = trial.verdict.findings
    all_found = [found for of_check in findings.values() for found in of_check]
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "seed": trial.seed,
        "seconds": round(trial.seconds, 1),
        "replicas": dict(REPLICAS),
        "disks": trial.disks,
        "sabotage": dict(sabotage or {}),
        "figures": dict(trial.verdict.figures),
        "drained_seconds": None if trial.drained is None else round(trial.drained, 1),
        "longest_stop_seconds": round(trial.longest_stop, 1),
        "faults": [
            {
                "kind": one.fault.kind.value,
                "fault": str(one.fault),
                "at": round(one.at, 1),
                "seconds": round(one.fault.seconds, 1),
                "recovered": None if one.recovered is None else round(one.recovered, 1),
            }
            for one in trial.suffered
        ],
        "findings": {check: {"count": len(found), "shown": found[:SHOWN]} for check, found in findings.items()},
        "anomalies": {name: sum(map(_is(beginnings), all_found)) for name, beginnings in ANOMALIES.items()},
    }


def _commit() -> str:
    """What was tried out. `+`: with changes that aren't committed."""
    command = ["git", "-C", str(DOCS), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _is(beginnings: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda found: found.startswith(beginnings)


def write(name: str, report: Json) -> None:
    """Put a report beside the others and make the page anew. `name`: `run` or `sabotage`."""
    kept: Json = json.loads(JSON.read_text()) if JSON.exists() else {}
    kept[name] = report
    JSON.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    MARKDOWN.write_text(page(kept))


def page(kept: Json) -> str:
    """The Markdown page."""
    parts = [_HEAD]
    if "run" in kept:
        parts.append(_run(kept["run"]))
    if "sabotage" in kept:
        parts.append(_sabotage(kept["sabotage"]))
    parts += [_FOUND, _LIMITS]
    return "\n".join(parts)


def _run(run: Json) -> str:
    figures, minutes = run["figures"], run["seconds"] / 60
    rate = figures.get("commands", 0) / run["seconds"]
    replicas = ", ".join(f"{name} × {count}" for name, count in run["replicas"].items())
    lines = [
        "## The last run",
        "",
        f"{run['made_at'][:16].replace('T', ' ')} UTC, commit {run['commit']}, seed {run['seed']}, {minutes:.1f} "
        f"minutes of load and faults on {run['machine']}. Replicas: {replicas}; one process of everything else. Load "
        "average at its end: "
        f"{', '.join(map(str, run['load_average']))}; where that is above the cores, the machine had other work, and "
        "recovery took longer for it.",
        "",
        "| | |",
        "|---|---|",
        f"| commands | {_n(figures.get('commands', 0))} ({rate:.0f}/s), of which "
        f"{_n(figures.get('commands repeated', 0))} had to be sent more than once |",
        f"| events in the logs | {_n(figures.get('events', 0))} |",
        f"| public events on the topics | {_n(figures.get('public events', 0))} |",
        f"| records sent again, passed over by consumers | {_n(figures.get('records sent again', 0))} |",
        f"| records behind a hole when they first came | "
        f"{_n(figures.get('records behind a hole, healed by sending again', 0))} |",
        f"| notices written | {_n(figures.get('notices', 0))} |",
        f"| faults | {len(run['faults'])} |",
        *(f"| **{name}** | **{count}** |" for name, count in run["anomalies"].items()),
        f"| longest clean stop (SIGTERM to end) | {run['longest_stop_seconds']} s |",
        f"| all drained after the load | {_seconds(run['drained_seconds'])} |",
        "",
        *_faults(run["faults"]),
        "",
        *_findings_table(run["findings"]),
    ]
    return "\n".join(lines) + "\n"


def _faults(faults: Sequence[Json]) -> list[str]:
    """By kind and what it befell."""
    by_kind: dict[str, list[Json]] = defaultdict(list)
    for fault in faults:
        by_kind[fault["kind"] + ": " + _whom(fault["fault"])].append(fault)
    lines = [
        "### Faults and recovery",
        "",
        "Recovery: from the end of the fault (the process told to start, the connection fair again, the disk with "
        "room) until every process is ready and all that was stored meanwhile has come to every topic and consumer, "
        "under load.",
        "",
        "| fault | times | longest, s | recovery p50, s | max, s |",
        "|---|---|---|---|---|",
    ]
    for kind, found in [*sorted(by_kind.items()), ("**all**", list(faults))]:
        times = [fault["recovered"] for fault in found if fault["recovered"] is not None]
        lasting = len(found) - len(times)
        p50, longest = (f"{statistics.median(times):.1f}", f"{max(times):.1f}") if times else ("–", "–")
        never = f" ({lasting} not within the limit)" if lasting else ""
        lines.append(f"| {kind} | {len(found)} | {max(f['seconds'] for f in found)} | {p50} | {longest}{never} |")
    return lines


def _whom(fault: str) -> str:
    """Services of both lines count together."""
    whom = fault.partition(": ")[2]
    if whom.count(",") > 1:
        return "all services at once"
    return " ".join(word.split("-non-conf")[0].split("-conf")[0] for word in whom.split())


def _findings_table(findings: Mapping[str, Json]) -> list[str]:
    lines = ["### Verdict", "", "| check | found wrong |", "|---|---|"]
    lines += [f"| {check} | {found['count']} |" for check, found in findings.items()]
    shown = [f"- {one}" for found in findings.values() for one in found["shown"]]
    return [*lines, *(["", *shown] if shown else [])]


def _sabotage(run: Json) -> str:
    broken = [f"| {process} | {what} |" for process, what in run["sabotage"].items()]
    lines = [
        "## The harness can fail",
        "",
        "The same load and checks, with services broken on purpose (`tests/chaos/sabotage`), "
        f"{run['seconds']:.0f} s, {len(run['faults'])} faults:",
        "",
        "| process | broken |",
        "|---|---|",
        *broken,
        "",
        "Where only the relay loses records, consumers fill the holes from the producer's feed, and the topic alone "
        "lacks them (but a partition's very last, which only the next would show); where the hole check is broken too, "
        "effects are lost. What the checks said:",
        "",
        *_findings_table(run["findings"])[2:],
    ]
    return "\n".join(lines) + "\n"


def _n(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def _seconds(seconds: float | None) -> str:
    return "not within the limit" if seconds is None else f"{seconds} s"


_HEAD = """\
# Nothing lost, nothing twice, whatever is killed

Made by `make chaos MINUTES=… SEED=…` (`tests/chaos`); a short trial of the same kind is part of `make test`.

Real processes, under a steady load of commands through HTTP on both lines (documents, assignments, proposals, letters,
reports, acceptances, and new units at the gate), each repeated under its `Idempotency-Key` until it is answered; some
callers hang up at once and ask again. Meanwhile faults by a seeded schedule, each once in a round of 53: SIGKILL,
SIGSTOP for longer than every time-out, SIGTERM and start, of each service, of an auditor, broker and database; the
relay's owner killed; all services at once; broker and database at once; the connections of each to broker or database
cut, slowed, or held up without a word, by a proxy on the loopback interface; a full disk of broker or database. Then
everything drains, and each step of the way is checked: command → log → topic → consumer → read model.
"""

_FOUND = """\
## What it has found

- A consumer group that waited 300 s for a member that never joined again, after broker and database had been killed at
  once: clients that gave up joining after 25 s left a member more behind each time. Nothing was lost, but control heard
  of no new document meanwhile, and assignments from them weren't issued within the callers' 240 s. The group now gives
  a member up after 20 s (`REBALANCE_SECONDS`).
- A consumer that never heard from Kafka again, in about one of fifty starts: kafka-python makes its message classes
  when they are first needed, and two clients of one process that need one at the same moment could spoil it for the
  whole process. Found by a story told while every service was killed; made again by 80 processes with threads that
  give way all the time (3 spoilt), and gone with a lock (252, none): `baqylau.messaging.message_classes`.
- An auditor that could do the same: it had the old limit still, and no look at how long its joining took. In the run of
  2026-11-23 09:33, this is what its one fault that took longer than 240 s to recover from points to. It has both now,
  and no longer begins while the broker doesn't know the gate's topic: without the units, every record would have
  looked like a breach to it. Five kills of broker and database at once took 23 to 29 s each, the auditor as it was.
- A process started by hand while its supervisor was about to start it again was started twice.
"""

_LIMITS = """\
## What this doesn't show

- One machine and one broker: no partition between brokers, no loss of a broker's disk, no power cut (a SIGKILL leaves
  the page cache as it is).
- A full disk is a small tmpfs under the broker's or the database's folder, shrunk to what it holds; where the machine
  doesn't let one be mounted, that fault is left out (the table of faults then has none). On it, fsync costs nothing.
- One fault (or one named pair) at a time, each followed by its recovery, so that recovery times mean something.
- The seed fixes faults, targets and lengths; what the processes are doing at that moment is never quite the same.
"""

"""What control's commands and its watcher cost, and how that grows with what is stored."""

import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from uuid import UUID

from baqylau.eventstore.rebuilding import rebuild
from baqylau.eventstore.service import Service
from baqylau.eventstore.transaction import Transaction
from control.projections.assignments import ASSIGNMENTS
from control.publications import publisher
from control.settings import Settings
from control.watcher import DeadlineWatcher
from prometheus_client import REGISTRY

from benchmarks.control_log import ControlLog
from benchmarks.harness import AtLeast, AtMost, Bound, Curve, Measure, Plot, Point, Run, Sample, percentile
from benchmarks.parts import LINE, amounts, as_in_a_process, parts

MILLION = 1_000_000


# The watcher


class Watched:
    """A control with so many open assignments, of which some fall due in each round."""

    def __init__(self, amount: int, due: int) -> None:
        self._log = ControlLog("watcher")
        self._log.list_open(amount)
        self._due = due

    def round(self) -> Sample:
        """Issue some, let their day pass, and wait until each miss is recorded."""
        log, clock = self._log, self._log.app.state.clock
        log.today += timedelta(days=7)
        for future in [log.issue(deadline=log.today + timedelta(days=1)) for _ in range(self._due)]:
            future.result(60)
        clock.simulate(datetime.combine(log.today + timedelta(days=2), datetime.min.time(), UTC))
        before, memory = _overdue(), rss()
        watcher = DeadlineWatcher(log.app.state.runtime, log.app.state.book)
        began = time.perf_counter()
        watcher.start()
        while _overdue() - before < self._due:
            time.sleep(0.002)
            if time.perf_counter() - began > 60:
                raise TimeoutError("not all misses were recorded")
        seconds = time.perf_counter() - began
        watcher.stop()
        return Sample(seconds, {"memory grown MB": max(0.0, rss() - memory)})

    def close(self) -> None:
        """Stop it."""
        self._log.close()


def _overdue() -> float:
    return REGISTRY.get_sample_value("control_overdue_assignments_total") or 0.0


def rss() -> float:
    """Resident memory of this process, MB."""
    line = next(one for one in Path("/proc/self/smaps_rollup").read_text().splitlines() if one.startswith("Rss"))
    return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def watching(quick: bool) -> Iterator[tuple[Run, Run]]:
    """Each has its own database; the same number falls due."""
    amount = amounts(quick)
    with closing(Watched(amount(MILLION), amount(1000))) as many, closing(Watched(10_000, amount(1000))) as few:
        yield many.round, few.round


# An assignment with a long history


@contextmanager
def commanding(seen: str, quick: bool) -> Iterator[tuple[Run, Run]]:
    """Two replicas of control on one database, an assignment with 1,000 events and one with 10.

    `seen`: "kept" by the replica that is asked; "changed" by the other one since; "new" to the process, which has
    been busy with another assignment until then.
    """
    with closing(ControlLog("history")) as log, closing(log.replica()) as other:
        long, short, another = log.history(1000), log.history(10), log.history(1)
        numbers = iter(range(10**9))

        def correct(replica: ControlLog, id_: UUID) -> float:
            began = time.perf_counter()
            replica.correct(id_, f"{next(numbers)}").result(30)
            return (time.perf_counter() - began) * 1000

        def again(id_: UUID) -> float:
            if seen == "changed":
                correct(other, id_)
            return correct(log, id_)

        def first(id_: UUID) -> float:
            with closing(log.replica()) as started:
                for _ in range(10):
                    correct(started, another)
                return correct(started, id_)

        def run(id_: UUID) -> Sample:
            taken = [first(id_) if seen == "new" else again(id_) for _ in range(amounts(quick)(40))]
            return Sample(statistics.median(taken))

        yield partial(run, long), partial(run, short)


# The log as it grows


def grow(quick: bool) -> Sequence[Point]:
    """Issue assignments, one after another and 16 at a time, with ever more events stored."""
    points = []
    log = million()
    for stored in (1_000, 10_000) if quick else (1_000, 10_000, 100_000, MILLION):
        log.grow(stored)
        one = [_timed(log) for _ in range(300)]
        began, done = time.perf_counter(), 0
        until = began + (0.5 if quick else 4)

        def client() -> int:
            issued = 0
            while time.perf_counter() < until:  # noqa: B023
                log.issue().result(30)
                issued += 1
            return issued

        with ThreadPoolExecutor(16) as pool:
            done = sum(one.result() for one in [pool.submit(client) for _ in range(16)])
        rate = done / (time.perf_counter() - began)
        figures = {"commands a second": rate, "p50 ms": percentile(one, 0.5), "p99 ms": percentile(one, 0.99)}
        points.append(Point("AssignmentIssued", stored, figures))
    return points


def _timed(log: ControlLog) -> float:
    began = time.perf_counter()
    log.issue().result(30)
    return (time.perf_counter() - began) * 1000


@cache
def million() -> ControlLog:
    """The log that grows to a million events; once for a run."""
    return ControlLog("million")


@contextmanager
def rebuilding(quick: bool) -> Iterator[tuple[Run, Run]]:
    """The list of assignments from a log of 1,000,000 events of 200,000 assignments."""
    log = million()
    log.grow(amounts(quick)(MILLION))
    service = Service("control", Settings(**parts().settings(log.access)), publisher(LINE), [ASSIGNMENTS])

    def ours() -> Sample:
        began = time.perf_counter()
        events = rebuild(service)
        return Sample(events / (time.perf_counter() - began))

    def read() -> Sample:
        with service.store.connect() as connection:
            log = Transaction(service.store, connection)
            began, position, events = time.perf_counter(), 0, 0
            while found := log.events(position, 2000):
                for _, event in found:
                    service.decoded(event)
                position = found[-1][0]
                events += len(found)
            return Sample(events / (time.perf_counter() - began))

    with as_in_a_process():
        yield ours, read
    service.close()


MEASURES = [
    Measure(
        "watcher",
        "Deadline watcher: 1,000 due among 1,000,000 open assignments",
        "DeadlineWatcher, 1,000,000 open",
        "the same, 10,000 open",
        "s",
        "lower",
        [AtMost(1.3), Bound(10, "memory grown MB", "MB")],
        watching,
    ),
    Measure(
        "history-warm",
        "Command on an assignment with 1,000 events, kept by the writer",
        "1,000 events",
        "10 events",
        "ms",
        "lower",
        [AtMost(2)],
        partial(commanding, "kept"),
    ),
    Measure(
        "history-changed",
        "Load and command on an assignment with 1,000 events, changed by another replica since",
        "1,000 events",
        "10 events",
        "ms",
        "lower",
        [AtMost(2)],
        partial(commanding, "changed"),
    ),
    Measure(
        "history-first",
        "Load and first command of a new process on an assignment with 1,000 events",
        "1,000 events",
        "10 events",
        "ms",
        "lower",
        [AtMost(2)],
        partial(commanding, "new"),
    ),
    Curve(
        "stored-events",
        "Issuing assignments against the number of stored events",
        "stored events",
        [Plot("commands a second", log="x"), Plot("p50 ms", log="x"), Plot("p99 ms", log="x")],
        grow,
    ),
    Measure(
        "rebuild",
        "Rebuild of a read model (the list of assignments) from 1,000,000 events, online",
        "rebuilt beside the one in use, with its indexes, and switched",
        "reading and decoding the events",
        "events/s",
        "higher",
        [AtLeast(0.5)],
        rebuilding,
    ),
]

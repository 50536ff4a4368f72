"""What a measure is, and how it is run: ours and its peer by turns, in the same run, on the same machine."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """What one round showed. `extra`: further figures of the same round by name, such as `p99 ms`."""

    value: float
    extra: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str | None) -> float:
        """The value, or a further figure by its name. Raises `KeyError`."""
        return self.value if name is None else self.extra[name]


@dataclass(frozen=True)
class AtLeast:
    """Ours over the peer's, round by round; the median must reach `limit`. `of`: a further figure, not the value."""

    limit: float
    of: str | None = None

    @property
    def text(self) -> str:
        return f"{self.limit:g}×"

    def met(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return ratio >= self.limit


@dataclass(frozen=True)
class AtMost(AtLeast):
    """The same, the other way round: the median must not pass `limit`."""

    @property
    def text(self) -> str:
        return f"{self.limit:g}× or less"

    def met(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return ratio <= self.limit


@dataclass(frozen=True)
class Bound:
    """Ours alone; its median must not pass `limit`. For what has no peer, such as memory."""

    limit: float
    of: str | None = None
    unit: str = ""

    @property
    def text(self) -> str:
        return f"{self.limit:g} {self.unit}".strip() + " or less"

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value <= self.limit


Asked = AtLeast | Bound
Run = Callable[[], Sample]


@dataclass(frozen=True)
class Measure:
    """One row of the table.

    `ours`, `peer`: in words, what runs; `peer` empty: there is none. `asked`: what must hold; empty: only reported.
    `setup`, given whether it has to be quick, brings up what both need and gives (run ours, run the peer), each of
    which makes one round; the peer's is None where there is none. `rounds`: where one round is long or a second would
    show nothing else; None: as many as the command says.
    """

    name: str
    title: str
    ours: str
    peer: str
    unit: str
    better: Literal["higher", "lower"]
    asked: Sequence[Asked]
    setup: Callable[[bool], AbstractContextManager[tuple[Run, Run | None]]]
    rounds: int | None = None


@dataclass(frozen=True)
class Plot:
    """A picture of a curve: the figure `y` over x. `log`: which axes are logarithmic, `x`, `y` or both."""

    y: str
    log: str = ""


@dataclass(frozen=True)
class Curve:
    """How something grows: no peer, no limit, a plot. `run`, given whether it has to be quick, gives the points."""

    name: str
    title: str
    x: str
    plots: Sequence[Plot]
    run: Callable[[bool], "Sequence[Point]"]


@dataclass(frozen=True)
class Point:
    """`line`: whose; `x`: where; `figures`: what was seen there by name, such as `answered a second`."""

    line: str
    x: float
    figures: Mapping[str, float]


def measured(measure: Measure, rounds: int, quick: bool) -> Json:
    """Run a measure: A B, B A, A B… Returns its result in plain values, as `docs/benchmarks.json` keeps it."""
    begun, started, load = datetime.now(UTC), time.monotonic(), os.getloadavg()
    ours, peer = alternate(measure, measure.rounds or rounds, quick)
    result: Json = {
        "kind": "measure",
        "title": measure.title,
        "ours": measure.ours,
        "peer": measure.peer,
        "unit": measure.unit,
        "better": measure.better,
        "asked": [verdict(asked, ours, peer) for asked in measure.asked],
        "figures": {"ours": _figures(ours), "peer": _figures(peer)},
    }
    if peer and not any(asked.of is None for asked in measure.asked):
        result["ratio"] = spread([_ratio(one.value, other.value) for one, other in zip(ours, peer, strict=True)])
    return result | _of_run(begun, started, load, quick)


def drawn(curve: Curve, quick: bool) -> Json:
    """Run a curve. Returns its result in plain values."""
    begun, started, load = datetime.now(UTC), time.monotonic(), os.getloadavg()
    points = [{"line": point.line, "x": point.x, "figures": dict(point.figures)} for point in curve.run(quick)]
    result: Json = {"kind": "curve", "title": curve.title, "x": curve.x, "points": points}
    result["plots"] = [{"y": plot.y, "log": plot.log} for plot in curve.plots]
    return result | _of_run(begun, started, load, quick)


def alternate(measure: Measure, rounds: int, quick: bool) -> tuple[list[Sample], list[Sample]]:
    """The samples of ours and of the peer; they take turns in who goes first. The peer's are empty without one."""
    ours: list[Sample] = []
    theirs: list[Sample] = []
    with measure.setup(quick) as (run_ours, run_peer):
        for number in range(rounds):
            turns: list[tuple[Run | None, list[Sample]]] = [(run_ours, ours), (run_peer, theirs)]
            for run, samples in turns if number % 2 == 0 else reversed(turns):
                if run is not None:
                    samples.append(run())
    return ours, theirs


def verdict(asked: Asked, ours: Sequence[Sample], peer: Sequence[Sample]) -> Json:
    """What was asked, what was seen, and whether it is met: by the median of the rounds' ratios, or of our values."""
    if isinstance(asked, Bound):
        seen = [one.of(asked.of) for one in ours]
    else:
        seen = [_ratio(one.of(asked.of), other.of(asked.of)) for one, other in zip(ours, peer, strict=True)]
    found = spread(seen)
    return {
        "text": asked.text,
        "of": asked.of,
        "limit": asked.limit,
        "ratio": not isinstance(asked, Bound),
        "seen": found,
        "met": asked.met(found["median"]),
    }


def spread(values: Sequence[float]) -> Json:
    """Median, range and quartiles, and the values in the order of the rounds."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    found = {"median": middle, "min": min(values), "max": max(values), "q1": low, "q3": high}
    return {name: _short(value) for name, value in found.items()} | {"rounds": [_short(value) for value in values]}


def host() -> Json:
    """What the figures depend on besides the code."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu_model(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values don't pass. Raises `ValueError` without any."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _figures(samples: Sequence[Sample]) -> Json | None:
    if not samples:
        return None
    extra = {name: spread([sample.extra[name] for sample in samples]) for name in samples[0].extra}
    return {"value": spread([sample.value for sample in samples]), **extra}


def _of_run(begun: datetime, started: float, load: tuple[float, float, float], quick: bool) -> Json:
    return {
        "made_at": begun.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started, 1),
        "quick": quick,
        "load_average": {"start": [round(one, 2) for one in load], "end": [round(one, 2) for one in os.getloadavg()]},
        "host": host(),
    }


def _ratio(ours: float, peer: float) -> float:
    return ours / peer if peer else float("inf")


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _cpu_model() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())

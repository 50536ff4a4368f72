"""What every command asks in passing: a working day, and whether a unit may be handled here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from uuid import UUID, uuid4

from baqylau.eventstore.work import Aggregates, Work
from baqylau.segregation import KnownUnits, PermittedUnit
from control.domain.calendar import first_calendar

from benchmarks.harness import AtLeast, AtMost, Measure, Run, Sample
from benchmarks.parts import LINE, amounts, frozen
from benchmarks.peers import working_days as peer

DAYS = tuple(date(2021, 1, 4) + timedelta(days=7 * week) for week in range(300))
REACH = (1, 3, 5, 10, 15, 20)
"""Working days as the Rules count them."""


@contextmanager
def counting(prepare: Callable[[], peer.Both], rounds: int, quick: bool) -> Iterator[tuple[Run, Run]]:
    """From each of 300 days, each of the terms that the Rules know: shifted, and counted back."""
    calendar = first_calendar()

    def ours(day: date, days: int) -> object:
        shifted = calendar.shift(day, days)
        return shifted, calendar.count(day, shifted)

    asked = [(day, days) for day in DAYS for days in REACH]

    def run(both: peer.Both, times: int) -> Sample:
        began = time.perf_counter()
        for _ in range(times):
            for day, days in asked:
                both(day, days)
        return Sample(times * len(asked) / (time.perf_counter() - began))

    with frozen():
        yield partial(run, ours, amounts(quick)(200)), partial(run, prepare(), amounts(quick)(rounds))


class NoDatabase:
    """Stands where the database does: whoever asks it anything is told on."""

    def read(self, *_: object) -> list[tuple[object, ...]]:
        """Raises `AssertionError`."""
        raise AssertionError("the check has asked the database")


@contextmanager
def checking(quick: bool) -> Iterator[tuple[Run, Run]]:
    """A service that has seen its 10,000 units. The database is gone, so a question to it would fail."""
    permitted = {id_: PermittedUnit(id_, "MIN-A", "01", id_, documentation_service=False) for id_ in _ids(10_000)}
    known, work = KnownUnits(LINE), Work(NoDatabase(), _none(), lambda _: ())  # type: ignore[arg-type]
    known._units = dict(permitted)
    asked = list(permitted) * amounts(quick)(50)

    def ours() -> Sample:
        check = known.permitted
        began = time.perf_counter()
        for unit_id in asked:
            check(work, unit_id, "unit_id")
        return Sample((time.perf_counter() - began) / len(asked) * 1e9)

    def look_up() -> Sample:
        began = time.perf_counter()
        for unit_id in asked:
            permitted[unit_id]
        return Sample((time.perf_counter() - began) / len(asked) * 1e9)

    with frozen():
        yield ours, look_up


def _none() -> Aggregates:
    return Aggregates(lambda *_: None, 0)


def _ids(amount: int) -> list[UUID]:
    return [uuid4() for _ in range(amount)]


def _working_days(name: str, whose: str, limit: float, prepare: Callable[[], peer.Both], rounds: int) -> Measure:
    return Measure(
        f"working-days-{name}",
        f"Working-day shift and count, one date at a time: {name}",
        "the production calendar, with worked Saturdays and moved days",
        whose,
        "shifts and counts/s",
        "higher",
        [AtLeast(limit)],
        partial(counting, prepare, rounds),
    )


MEASURES = [
    _working_days("numpy", "numpy.busday_offset and busday_count", 2, peer.by_numpy, 100),
    _working_days("holidays", "holidays' get_nth_working_day and get_working_days_count", 50, peer.by_holidays, 5),
    _working_days("workalendar", "workalendar's add_working_days, get_working_days_delta", 50, peer.by_workalendar, 2),
    Measure(
        "local-check",
        "Local segregation check of a unit seen before; no I/O",
        "KnownUnits.permitted, in a service whose database is gone",
        "a look-up in a dictionary with the same keys",
        "ns",
        "lower",
        [AtMost(5)],
        checking,
    ),
]

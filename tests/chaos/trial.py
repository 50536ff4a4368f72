"""A trial: the system under load, faults one after another, each with its time of recovery; then the verdict."""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from baqylau_infra.process import Say, quiet

from tests.chaos.books import Books
from tests.chaos.checks import Verdict, audit_behind, judge
from tests.chaos.faults import STOP_LIMIT, Fault, Faults
from tests.chaos.load import ANSWER_LIMIT, IMPATIENT, Load
from tests.chaos.rig import Rig, rig

RECOVERY_LIMIT = 240.0
BREATH_SECONDS = 1.0
"""Between two faults, at work."""


@dataclass(frozen=True)
class Suffered:
    """A fault. `at`: seconds from the beginning; `recovered`: from its end until all is ready and drained, or None."""

    fault: Fault
    at: float
    recovered: float | None


@dataclass
class Trial:
    """What came of it."""

    seed: int
    disks: bool
    suffered: list[Suffered] = field(default_factory=list)
    seconds: float = 0.0
    drained: float | None = None
    longest_stop: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def well(self) -> bool:
        """Nothing was found wrong, all recovered and drained in time, and no clean stop took longer than it may."""
        in_time = self.drained is not None and all(one.recovered is not None for one in self.suffered)
        return self.verdict.holds and in_time and self.longest_stop <= STOP_LIMIT


def try_out(
    seed: int,
    faults: Callable[[Rig], Iterable[Fault]],
    seconds: float,
    *,
    sabotage: Mapping[str, str] | None = None,
    impatient: float = IMPATIENT,
    answer_limit: float = ANSWER_LIMIT,
    disks: bool = True,
    drain_limit: float = RECOVERY_LIMIT,
    say: Say = quiet,
) -> Trial:
    """Load for at least so many seconds, and until the last fault has been suffered; drain; judge."""
    # Not in pytest's folder: each of its sessions takes away the database's right to enter it.
    with tempfile.TemporaryDirectory(prefix="baqylau-chaos-") as name:
        Path(name).chmod(0o755)
        with rig(Path(name) / "run", sabotage=sabotage, disks=disks) as made:
            load = Load(made.system, seed, impatient, answer_limit)
            return _under(made, load, Trial(seed, bool(made.disks)), faults(made), seconds, drain_limit, say)


def _under(
    rigged: Rig, load: Load, trial: Trial, faults: Iterable[Fault], seconds: float, drain_limit: float, say: Say
) -> Trial:
    books = Books(rigged.system)
    load.set_up()
    hand = Faults(rigged.system, rigged.proxy, rigged.disks)
    load.start()
    began = time.monotonic()
    try:
        for fault in faults:
            at = time.monotonic() - began
            say(f"{at:6.1f} s  {fault}, {fault.seconds:.1f} s")
            hand.suffer(fault)
            recovered = _wait(_recovery(rigged, books), RECOVERY_LIMIT)
            say(f"          {'not recovered' if recovered is None else f'recovered in {recovered:.1f} s'}")
            trial.suffered.append(Suffered(fault, at, recovered))
            time.sleep(BREATH_SECONDS)
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    finally:
        load.stop()
    trial.seconds = time.monotonic() - began
    trial.longest_stop = hand.longest_stop
    say(f"{trial.seconds:6.1f} s  drains; {len(load.answered)} commands answered")
    trial.drained = _wait(_drained(rigged, books), drain_limit)
    trial.verdict = judge(rigged.system, load)
    return trial


def _recovery(rigged: Rig, books: Books) -> Callable[[], bool]:
    """All processes are ready, and what was stored by the end of the fault has come to everyone."""
    heads: dict[tuple[str, int], int] = {}

    def recovered() -> bool:
        if not all(_ready(rigged.system.url(name)) for _, name in rigged.processes):
            return False
        if not heads:
            heads.update(books.heads())
        return not books.behind(heads)

    return recovered


def _drained(rigged: Rig, books: Books) -> Callable[[], bool]:
    return lambda: not (books.behind(books.heads()) or books.parked() or any(audit_behind(rigged.system)))


def _ready(url: str) -> bool:
    return httpx.get(f"{url}/health/ready", timeout=5).status_code == httpx.codes.OK


def _wait(condition: Callable[[], bool], limit: float) -> float | None:
    """Seconds until it holds, or None after `limit`. What can't be asked doesn't hold yet."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < limit:
        try:
            if condition():
                return time.monotonic() - began
        except Exception:  # noqa: BLE001 (a service, the broker, the database may be away)
            pass
        time.sleep(min(0.2, limit - waited))
    return None

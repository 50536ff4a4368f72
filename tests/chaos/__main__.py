"""`make chaos MINUTES=30 SEED=1`: a long trial, then a short one on services broken on purpose; `docs/reliability.md`.

The exit code is 1 where the long one found something wrong, or the short one didn't.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import takewhile

from tests.chaos import report
from tests.chaos.faults import Fault, schedule
from tests.chaos.rig import Rig
from tests.chaos.sabotaged import SABOTAGE, overlooked, sabotaged
from tests.chaos.trial import Trial, try_out


def main() -> int:
    """Run both and write the page."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    trial = try_out(asked.seed, lambda rig: faults(rig, asked.seed, asked.minutes * 60), 0, say=_say)
    report.write("run", report.of(trial))
    _tell(trial)
    broken = sabotaged(asked.seed, say=_say)
    report.write("sabotage", report.of(broken, SABOTAGE))
    _tell(broken)
    _say(f"written: {report.MARKDOWN}")
    for what in overlooked(broken):
        _say(f"OVERLOOKED  {what}")
    return 0 if trial.well and not overlooked(broken) else 1


def faults(rig: Rig, seed: int, seconds: float) -> Iterator[Fault]:
    """The schedule over this rig's processes; no fault begins later than this."""
    end = time.monotonic() + seconds
    return takewhile(lambda _: time.monotonic() < end, schedule(seed, list(rig.processes), disks=bool(rig.disks)))


def _tell(trial: Trial) -> None:
    for check, found in trial.verdict.findings.items():
        _say(f"{len(found):6}  {check}")
        for one in found[:3]:
            _say(f"        {one}")


def _say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

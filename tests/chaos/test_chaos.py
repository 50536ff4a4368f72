"""A short trial under faults, and the schedule's seed. The long one, and services broken on purpose: `make chaos`."""

from itertools import islice

import pytest

from tests.chaos.faults import RELAY_OWNER, Fault, Kind, schedule
from tests.chaos.proxy import Part
from tests.chaos.trial import try_out

SECONDS = 30.0
FAULTS = (
    Fault(Kind.KILL, (RELAY_OWNER,), 1),
    Fault(Kind.KILL, ("control-non-confidential", "notifications-confidential"), 1),
    Fault(Kind.CUT, ("registry-confidential",), 3, Part.BROKER),
    Fault(Kind.KILL, ("database",), 1),
)


@pytest.mark.real
def test_nothing_is_lost_or_doubled_whatever_is_killed() -> None:
    trial = try_out(1, lambda _: FAULTS, SECONDS, disks=False)

    assert {check: found[:3] for check, found in trial.verdict.findings.items() if found} == {}
    assert [str(one.fault) for one in trial.suffered if one.recovered is None] == []
    assert trial.drained is not None
    assert trial.verdict.figures["commands"] > 0


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    services = ["secrecy-gate", "registry-confidential", "control-confidential", "auditor-confidential"]

    def first(seed: int) -> list[Fault]:
        return list(islice(schedule(seed, services, services[:3], disks=True), 45))

    assert first(7) == first(7)
    assert first(7) != first(8)


def test_each_round_of_the_schedule_brings_every_kind_of_fault() -> None:
    services = ["secrecy-gate", "registry-confidential"]
    endless = schedule(1, services, services, disks=True)

    for _ in range(3):
        assert {fault.kind for fault in islice(endless, 15)} == set(Kind)

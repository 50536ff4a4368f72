"""A short trial under faults, one of services broken on purpose, and the seed. The long trial: `make chaos`."""

from collections import Counter
from itertools import islice, product

import pytest
from baqylau_infra.layout import SERVICES

from tests.chaos.faults import RELAY_OWNER, Fault, Kind, schedule
from tests.chaos.proxy import Part
from tests.chaos.sabotaged import overlooked, sabotaged
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
    assert trial.well
    assert trial.verdict.figures["commands"] > 0


@pytest.mark.real
def test_the_checks_notice_services_that_are_broken_on_purpose() -> None:
    trial = sabotaged(1)

    assert overlooked(trial) == []
    assert not trial.well


PROCESSES = [(service, service.name) for service in SERVICES]


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    def first(seed: int) -> list[Fault]:
        return list(islice(schedule(seed, PROCESSES, disks=True), 100))

    assert first(7) == first(7)
    assert first(7) != first(8)


def test_a_round_of_the_schedule_brings_each_kind_of_fault_to_each_service_and_part() -> None:
    endless = schedule(1, PROCESSES, disks=True)

    first, second = (Counter(_befalls(fault) for fault in islice(endless, 53)) for _ in range(2))

    assert first == second
    assert set(first.values()) == {1}
    of_process = {(kind, whom) for kind, whom, part in first if part is None}
    whom = {"secrecy-gate", "registry", "control", "notifications", "auditor", "broker", "database"}
    assert of_process >= set(product((Kind.KILL, Kind.RESTART, Kind.PAUSE), whom))
    assert of_process >= {(Kind.FULL, "broker"), (Kind.FULL, "database")}
    reached = {(title, part) for kind, title, part in first if kind is Kind.HELD}
    assert reached == {*product(whom - {*Part, "auditor"}, Part), ("auditor", Part.BROKER)}
    assert reached == {(title, part) for kind, title, part in first if kind is Kind.CUT}
    assert reached == {(title, part) for kind, title, part in first if kind is Kind.SLOW}


def _befalls(fault: Fault) -> tuple[Kind, str, Part | None]:
    titles = {service.name: service.title for service in SERVICES}
    return fault.kind, " ".join(titles.get(name, name) for name in fault.targets), fault.part

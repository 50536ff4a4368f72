"""Nothing slips through: the gate down, a service cut off from Kafka, units moved and dissolved meanwhile."""

from uuid import uuid4

import pytest
from baqylau.testing.wait import wait_until

from tests.segregation.town import LINES, OPEN, SECRET, SERVICES, Town, reasons

pytestmark = pytest.mark.real

UNKNOWN = {"unit-regime-unknown"}


def refused_everywhere(town: Town, line: str, unit: str, reason: str = "unit-regime-unknown") -> bool:
    return all(reason in reasons(town.probe(service, line, unit)) for service in SERVICES)


def handled_everywhere(town: Town, line: str) -> list[int]:
    return [act(line, town.units[line]).status_code for act in town.acts.values()]


def other(line: str) -> str:
    return OPEN if line == SECRET else SECRET


@pytest.mark.parametrize("line", LINES)
def test_while_the_gate_is_down_known_units_are_handled_and_all_others_refused(town: Town, line: str) -> None:
    town.system.process("secrecy-gate").stop()
    try:
        assert handled_everywhere(town, line) == [201, 201, 200]
        for unit in (town.units[other(line)], str(uuid4())):
            assert refused_everywhere(town, line, unit)
    finally:
        town.system.process("secrecy-gate").start()
        town.system.process("secrecy-gate").wait_until_ready()


@pytest.mark.parametrize("line", LINES)
def test_a_line_without_kafka_handles_what_it_knows_and_learns_the_rest_afterwards(town: Town, line: str) -> None:
    gone, moved, late = town.unit(line), town.unit(line), town.unit(None)
    for unit in (gone, moved):
        town.until_known(line, unit)
    town.system.process("broker").pause()
    try:
        town.give(late, line)
        across = {"parent_id": town.units[other(line)]}
        refused = town.call("PUT", "secrecy-gate", "gate", f"/units/{moved}/parent", across)
        town.done("PUT", "secrecy-gate", "gate", f"/units/{moved}/parent", {"parent_id": town.units[line]})
        town.done("POST", "secrecy-gate", "gate", f"/units/{gone}/dissolve", {"reason": "қайта құру"})

        assert reasons(refused) == {"regimes-differ"}
        assert handled_everywhere(town, line) == [201, 201, 200]
        assert refused_everywhere(town, line, late), "what it has not been told of, it refuses"
        for unit in (gone, moved, late, town.units[line]):
            assert refused_everywhere(town, other(line), unit), "and the other line never hears of it"
    finally:
        town.system.process("broker").resume()

    town.until_known(line, late)
    wait_until(lambda: refused_everywhere(town, line, gone, "unit-dissolved"), f"{line} hears that {gone} is dissolved")
    for unit in (gone, moved, late, town.units[line]):
        assert refused_everywhere(town, other(line), unit)
    assert town.register(line, moved).status_code == 201


def test_a_service_that_slept_through_it_all_wakes_and_accepts_nothing_that_it_should_not(town: Town) -> None:
    asleep = [f"{service}-{OPEN}" for service in SERVICES]
    for process in asleep:
        town.system.process(process).pause()
    secret, opened = town.unit(SECRET), town.unit(OPEN)
    for process in asleep:
        town.system.process(process).resume()

    assert refused_everywhere(town, OPEN, secret)
    town.until_known(OPEN, opened)
    assert refused_everywhere(town, OPEN, secret)


def test_after_all_this_the_proof_holds_and_the_audit_found_nothing(town: Town) -> None:
    proof = town.proof()

    assert proof["failures"] == []
    assert proof["holds"]
    held = {tree["root_id"]: [found["regime"] for found in tree["held"]] for tree in proof["trees"]}
    for line in LINES:
        assert held[town.units[line]] == [line.replace("-", "_")]
    assert town.done("GET", "secrecy-gate", "gate", "/breaches")["items"] == []
    for process in (f"auditor-{line}" for line in LINES):
        assert town.system.process(process).alive

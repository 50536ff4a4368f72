"""`POST /decisions`: one question or up to 1,000, and the same answer as the services give by acting."""

from itertools import cycle, islice, product
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.segregation.town import LINES, OPEN, SECRET, Town, reasons

pytestmark = pytest.mark.real

ACTIONS = ("register", "correct", "assign", "share", "notify", "post")
PERMITTED = {"permitted": True, "reason": None, "citation": None}


def refused(reason: str) -> dict[str, Any]:
    return {"permitted": False, "reason": reason, "citation": "RK-703:2"}


def question(unit: str, line: str, action: str = "register", subject: str | None = None) -> dict[str, Any]:
    return {"unit_id": unit, "regime": line.replace("-", "_"), "action": action, "subject": subject}


def ask(town: Town, body: object, role: str = "gate-officer", line: str = "gate") -> httpx.Response:
    return town.call("POST", "secrecy-gate", line, "/decisions", body, role=role)


def decided(town: Town, body: object) -> Any:
    answer = ask(town, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("line", LINES)
def test_a_record_may_be_handled_in_a_unit_of_its_regime_and_in_no_other(town: Town, line: str, action: str) -> None:
    other = OPEN if line == SECRET else SECRET
    without = town.unit(None)

    assert decided(town, question(town.units[line], line, action)) == PERMITTED
    assert decided(town, question(town.units[other], line, action)) == refused("unit-has-other-regime")
    for unit in (without, str(uuid4())):
        assert decided(town, question(unit, line, action)) == refused("unit-regime-unknown")


@pytest.mark.parametrize("line", LINES)
def test_whoever_serves_the_other_regime_may_not_handle_it(town: Town, line: str) -> None:
    other = OPEN if line == SECRET else SECRET
    asked = [
        question(town.units[line], line, "notify", subject)
        for subject in (town.employees[line], town.employees[other], str(uuid4()))
    ]

    assert decided(town, asked) == [PERMITTED, refused("employee-serves-other-regime"), PERMITTED]


def test_a_unit_that_is_dissolved_handles_nothing_any_more(town: Town) -> None:
    unit = town.unit(OPEN)
    before = decided(town, question(unit, OPEN))
    town.done("POST", "secrecy-gate", "gate", f"/units/{unit}/dissolve", {"reason": "тарату"})

    assert before == PERMITTED
    assert decided(town, question(unit, OPEN)) == refused("unit-regime-unknown")


def test_1000_are_answered_at_once_each_as_if_asked_alone_and_one_more_is_too_many(town: Town) -> None:
    units = [*town.units.values(), str(uuid4())]
    each = [question(unit, line, action) for unit, line, action in product(units, LINES, ACTIONS)]
    thousand = list(islice(cycle(each), 1000))

    answers = decided(town, thousand)

    alone = [decided(town, one) for one in each]
    assert answers == list(islice(cycle(alone), 1000))
    assert ask(town, [*thousand, each[0]]).status_code == 422
    assert decided(town, []) == []


@pytest.mark.parametrize("line", LINES)
def test_the_services_do_what_the_gate_decides(town: Town, line: str) -> None:
    for unit in (town.units[OPEN], town.units[SECRET], str(uuid4())):
        permitted = decided(town, question(unit, line))["permitted"]

        for act in town.acts.values():
            assert (not reasons(act(line, unit))) is permitted


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_id": "1"},
        {"regime": "secret"},
        {"action": "burn"},
        {"subject": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")},
        {"more": 1},
    ],
)
def test_a_question_that_is_malformed_is_refused_also_among_others(town: Town, wrong: dict[str, Any]) -> None:
    good, (field,) = question(town.units[OPEN], OPEN), wrong

    for body, named in (({**good, **wrong}, field), ([good, {**good, **wrong}], f"1.{field}")):
        answer = ask(town, body)
        assert answer.status_code == 422
        assert [violation["field"] for violation in answer.json()["violations"]] == [named]


def test_only_who_asks_for_the_gate_is_answered(town: Town) -> None:
    body = question(town.units[OPEN], OPEN)

    assert ask(town, body, role="subscriber").status_code == 200
    assert ask(town, body, role="auditor").status_code == 403
    for line in LINES:
        assert ask(town, body, role="subscriber", line=line).status_code == 403

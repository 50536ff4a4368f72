"""The gate at its edges: characters that can't be stored, 5,000 units in one tree, and many callers at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from baqylau.testing.wait import wait_until

from tests.segregation.town import NAMES, OPEN, SECRET, Json, Town, reasons

pytestmark = pytest.mark.real

UNITS = 5_000
LEVELS = 60
CALLERS = 16

UNSTORABLE = {
    "NUL": b"\\u0000",
    "half of a pair": b"\\ud800",
    "the other half": b"\\udfff",
    "half of a pair, raw": b"\xed\xa0\x80",
    "NUL, raw": b"\0",
}
MARK = "МАРК"


def ask(town: Town, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
    return town.call(method, "secrecy-gate", "gate", path, body, **more)


def unit_body(town: Town, **changes: object) -> Json:
    return {"organization": town.organization, "code": f"E-{uuid4().hex[:12]}", "names": NAMES, **changes}


def commands(town: Town) -> dict[str, tuple[str, str, Json]]:
    """Each command of the gate that takes text: method, path, body."""
    unit = town.unit(None)
    code = f"E-{uuid4().hex[:12]}"
    return {
        "organization": ("POST", "/organizations", {**town.organization_body(code), "names": dict(NAMES)}),
        "unit": ("POST", "/units", {**unit_body(town), "names": dict(NAMES)}),
        "regime": ("PUT", f"/units/{unit}/regime", {"regime": "confidential"}),
        "dissolve": ("POST", f"/units/{unit}/dissolve", {"reason": "қайта құру"}),
    }


def texts(body: Json) -> list[tuple[str, ...]]:
    """The places of all texts in a body."""
    return [
        (name, *within)
        for name, value in body.items()
        for within in (texts(value) if isinstance(value, dict) else [()] if isinstance(value, str) else [])
    ]


def _at(body: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        body = body[name]
    return body


def spoiled(body: Json, place: tuple[str, ...], with_: bytes) -> bytes:
    copy = orjson.loads(orjson.dumps(body))
    _at(copy, place[:-1])[place[-1]] = MARK
    return orjson.dumps(copy).replace(MARK.encode(), b"a" + with_)


@pytest.mark.parametrize("bad", UNSTORABLE)
@pytest.mark.parametrize("what", ["organization", "unit", "regime", "dissolve"])
def test_a_character_that_cannot_be_stored_is_refused_in_every_text_and_changes_nothing(
    town: Town, what: str, bad: str
) -> None:
    method, path, body = commands(town)[what]
    headers = {"content-type": "application/json", "Authorization": f"Bearer {town.token('gate')}"}
    url = town.system.url("secrecy-gate") + path
    for place in texts(body):
        answer = httpx.request(method, url, content=spoiled(body, place, UNSTORABLE[bad]), headers=headers, timeout=30)

        assert answer.status_code == 422, place
        assert answer.json()["violations"]

    assert ask(town, method, path, body).is_success, "without it, the same is taken"


class Large:
    """A tree of `UNITS` units, `LEVELS` deep, in an organization of its own; and another top unit beside it."""

    def __init__(self, town: Town) -> None:
        self.organization = f"LARGE-{uuid4().hex[:6]}"
        ask(town, "POST", "/organizations", town.organization_body(self.organization)).raise_for_status()
        self._client = httpx.Client(
            base_url=town.system.url("secrecy-gate"),
            headers={"Authorization": f"Bearer {town.token('gate')}"},
            timeout=60,
        )
        self.beside = self.unit(None)
        self.chain = [self.unit(None)]
        while len(self.chain) < LEVELS:
            self.chain.append(self.unit(self.chain[-1]))
        with ThreadPoolExecutor(CALLERS) as pool:
            parents = [self.chain[number % (LEVELS - 1)] for number in range(UNITS - LEVELS)]
            self.others = list(pool.map(self.unit, parents))

    def unit(self, parent: str | None) -> str:
        body = {"organization": self.organization, "code": uuid4().hex, "names": NAMES, "parent_id": parent}
        return str(self._client.post("/units", json=body).raise_for_status().json()["id"])

    def shown(self, top: str) -> list[Json]:
        """The units of the tree with this top, as the gate shows them."""
        trees = self._client.get(f"/organizations/{self.organization}/units").raise_for_status().json()["items"]
        found = [tree for tree in trees if tree["id"] == top]
        for unit in found:
            found += unit["units"]
        return found


@pytest.fixture(scope="module")
def large(town: Town) -> Large:
    return Large(town)


def test_a_regime_is_given_to_5000_units_at_once_and_both_lines_come_to_say_the_same(town: Town, large: Large) -> None:
    answer = ask(town, "PUT", f"/units/{large.chain[-1]}/regime", {"regime": "non_confidential"})

    assert answer.status_code == 200
    shown = large.shown(large.chain[0])
    assert len(shown) == UNITS
    assert {unit["regime"] for unit in shown} == {"non_confidential"}
    for unit in (large.chain[0], large.chain[-1], large.others[-1]):
        town.until_known(OPEN, unit)
        assert reasons(town.probe("registry", SECRET, unit)) >= {"unit-regime-unknown"}


def test_such_a_tree_moves_as_a_whole_there_and_back(town: Town, large: Large) -> None:
    top = large.chain[0]
    ask(town, "PUT", f"/units/{large.beside}/regime", {"regime": "non_confidential"}).raise_for_status()

    for parent in (large.beside, None):
        moved = ask(town, "PUT", f"/units/{top}/parent", {"parent_id": parent})

        assert moved.status_code == 200
        shown = large.shown(parent or top)
        assert {unit["root_id"] for unit in shown} == {parent or top}
        assert len(shown) == UNITS + (parent is not None)
    town.until_known(OPEN, large.others[-1])


@pytest.mark.parametrize("below", [0, 1, LEVELS // 2, LEVELS - 1])
def test_a_unit_does_not_move_under_itself(town: Town, large: Large, below: int) -> None:
    answer = ask(town, "PUT", f"/units/{large.chain[0]}/parent", {"parent_id": large.chain[below]})

    assert answer.status_code == 409
    assert reasons(answer) == {"unit-moved-under-itself"}


def test_a_tree_ends_at_its_last_level(town: Town, large: Large) -> None:
    deepest = large.chain[-1]
    answers = []
    for _ in range(8):
        body = {"organization": large.organization, "code": uuid4().hex, "names": NAMES, "parent_id": deepest}
        answers.append(ask(town, "POST", "/units", body))
        deepest = answers[-1].json().get("id", deepest)

    assert {answer.status_code for answer in answers} == {201, 409}
    assert reasons(answers[-1]) == {"unit-tree-too-deep"}


def test_nothing_goes_under_a_unit_that_is_dissolved(town: Town) -> None:
    gone, other = town.unit(None), town.unit(None)
    ask(town, "POST", f"/units/{gone}/dissolve", {"reason": "тарату"}).raise_for_status()

    refused = [
        ask(town, "POST", "/units", unit_body(town, parent_id=gone)),
        ask(town, "PUT", f"/units/{other}/parent", {"parent_id": gone}),
        ask(town, "PUT", f"/units/{gone}/parent", {"parent_id": other}),
        ask(town, "PUT", f"/units/{gone}/regime", {"regime": "confidential"}),
        ask(town, "POST", f"/units/{gone}/dissolve", {"reason": "тарату"}),
    ]

    assert [answer.status_code for answer in refused] == [409] * 5
    assert all("unit-dissolved" in reasons(answer) for answer in refused)


def at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def test_an_employee_whom_many_post_at_once_serves_one_regime(town: Town) -> None:
    for _ in range(10):
        employee = str(uuid4())
        bodies = [{"employee_id": employee, "unit_id": town.units[line]} for line in (OPEN, SECRET)] * (CALLERS // 2)

        answers = at_once([partial(ask, town, "POST", "/postings", body) for body in bodies])

        done = [answer.json() for answer in answers if answer.is_success]
        assert len(done) == 1
        refused = {reason for answer in answers if not answer.is_success for reason in reasons(answer)}
        assert refused == {"employee-serves-other-regime", "employee-already-posted"}


def test_a_unit_is_not_dissolved_under_those_who_are_posted_to_it_at_that_moment(town: Town) -> None:
    for _ in range(5):
        unit = town.unit(OPEN)
        post = [
            partial(ask, town, "POST", "/postings", {"employee_id": str(uuid4()), "unit_id": unit})
            for _ in range(CALLERS - 1)
        ]

        answers = at_once([*post, partial(ask, town, "POST", f"/units/{unit}/dissolve", {"reason": "тарату"})])

        dissolved, posted = answers[-1].is_success, [answer.is_success for answer in answers[:-1]]
        assert dissolved is not any(posted)


def test_after_all_this_the_proof_holds_and_the_auditors_have_found_nothing(town: Town, large: Large) -> None:
    proof = town.proof()

    assert proof["failures"] == []
    found = next(tree for tree in proof["trees"] if tree["root_id"] == large.chain[0])
    assert len(found["units"]) >= UNITS
    assert [held["regime"] for held in found["held"]] == ["non_confidential"]
    read = "secrecy_gate_auditor_known_units"
    auditor = town.system.url(f"auditor-{OPEN}") + "/metrics"

    def known() -> float:
        rows = httpx.get(auditor, timeout=30).text.splitlines()
        return sum(float(row.rpartition(" ")[2]) for row in rows if row.startswith(read))

    wait_until(lambda: known() >= UNITS, "the auditor knows them all")
    assert town.done("GET", "secrecy-gate", "gate", "/breaches")["items"] == []

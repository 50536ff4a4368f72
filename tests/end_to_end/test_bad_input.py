"""Bad input to every service: problem+json with every ground, never a 5xx, and nothing stored."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from baqylau_infra.system import System
from baqylau_infra.tokens import Keys

from demo import cast
from demo.client import Line
from tests.end_to_end import databases
from tests.end_to_end.conftest import Telling

pytestmark = pytest.mark.real

Body = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command that its service would take, but for what a test changes in it."""

    service: str
    method: str
    path: str
    role: str
    wrong_role: str
    valid: Callable[[Telling], Body]


def _organization(_: Telling) -> Body:
    return {"code": "NEW", "names": {"kk": "Ж", "ru": "Н", "en": "N"}, "kind": "state_body", "territorial": False}


def _document(told: Telling) -> Body:
    return {"organization": "PMO", "unit_id": told.story.acts.units["PMO-01"], **cast.RESOLUTION}


def _assignment(told: Telling) -> Body:
    unit = told.story.acts.units["MF-02"]
    return {
        "document_id": told.story.acts.documents["no. 809"],
        "clause": "9",
        "text": "Тапсырма",
        "source": "instruction",
        "originator": "president",
        "control": "short_term",
        "deadline": "2029-12-28",
        "executor": {"organization": "MF", "unit_id": unit, "area": "budget"},
    }


def _recipient(told: Telling) -> Body:
    unit = told.story.acts.units["MF-02"]
    employee = {"employee_id": str(cast.BUDGET.employee_id), "unit_id": unit, "organization": "MF"}
    return {**employee, "role": "executor", "language": "ru", "channels": []}


COMMANDS = (
    Command("secrecy-gate", "POST", "/organizations", "gate-officer", "auditor", _organization),
    Command("registry", "POST", "/documents", "registrar", "controller", _document),
    Command("control", "POST", "/assignments", "controller", "executor", _assignment),
    Command("notifications", "PUT", f"/recipients/{uuid4()}", "operator", "registrar", _recipient),
)

UNREADABLE = {
    "cut off": b'{"code": "A", ',
    "no JSON": b"<xml/>",
    "empty": b"",
    "not UTF-8": b'{"code": "\xff\xfe"}',
    "nested very deep": b"[" * 100_000,
    "a list": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "a huge number": b'{"sheets": 1' + b"0" * 5000 + b"}",
    "not a number": b'{"sheets": NaN}',
    "a key twice": b'{"code": "A", "code": "B"}',
}
HOSTILE = (
    "\x00",
    "\ud800",
    "\u202e\ufeff",
    "'; DROP TABLE public_events; --",
    "9999-12-31",
    "0000-00-00",
    "x" * 20_000,
)


@dataclass(frozen=True)
class Caller:
    """Sends a command of the open line, as its own role or as somebody else."""

    system: System
    told: Telling
    command: Command

    @property
    def line(self) -> Line:
        return Line.GATE if self.command.service == "secrecy-gate" else Line.OPEN

    def token(self, role: str | None = None, line: Line | None = None) -> str:
        units = list(self.told.story.acts.units.values())
        return self.system.token(role or self.command.role, line or self.line, "PMO", units)

    def send(self, content: bytes | Body, token: str | None = None, **headers: str) -> httpx.Response:
        if isinstance(content, dict):
            content = json.dumps(content).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token or self.token()}"} | headers
        url = self.system.url(self.command.service, self.line) + self.command.path
        return httpx.request(self.command.method, url, content=content, headers=headers, timeout=60)

    def changed(self, **fields: Any) -> Body:
        return self.command.valid(self.told) | fields


@pytest.fixture(params=COMMANDS, ids=lambda command: command.service)
def caller(request: pytest.FixtureRequest, system: System, told: Telling) -> Caller:
    return Caller(system, told, request.param)


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_stored(system: System, record: object) -> Iterator[None]:  # noqa: ARG001
    before = databases.rows(system)
    yield
    assert databases.rows(system) == before


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_a_problem(caller: Caller, content: bytes) -> None:
    _assert_problem(caller.send(content), 400, 422)


def test_unknown_and_missing_fields_are_named_each(caller: Caller) -> None:
    body = caller.changed(unknown=1, also_unknown=2)
    missing = next(iter(body))
    del body[missing]

    violations = _assert_problem(caller.send(body), 422)

    assert {"unknown", "also_unknown", missing} <= {violation["field"] for violation in violations}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_any_field_is_refused(caller: Caller, text: str) -> None:
    fields = list(caller.changed())

    violations = _assert_problem(caller.send(dict.fromkeys(fields, text)), 422)

    assert violations


@pytest.mark.parametrize("text", ["\x00", "\ud800"], ids=["NUL", "half a character"])
def test_text_that_no_database_can_store_is_refused_in_each_field(caller: Caller, text: str) -> None:
    for body in _with(text, caller.changed()):
        _assert_problem(caller.send(body), 403, 409, 422)


def test_a_body_of_two_mebibytes_is_too_large(caller: Caller) -> None:
    _assert_problem(caller.send(b'"' + b"x" * 2 * 1024 * 1024 + b'"'), 413)


def test_without_a_token_nothing_opens(caller: Caller) -> None:
    answer = caller.send(caller.changed(), Authorization="")

    _assert_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_of_another_line_opens_nothing(caller: Caller) -> None:
    for line in set(Line) - {caller.line}:
        _assert_problem(caller.send(caller.changed(), caller.token(line=line)), 401, 403)


def test_a_token_signed_by_somebody_else_opens_nothing(caller: Caller, tmp_path: Path) -> None:
    forged = Keys(tmp_path).token([caller.command.role], caller.line)

    _assert_problem(caller.send(caller.changed(), forged), 401)


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_opens_nothing(caller: Caller, token: str) -> None:
    _assert_problem(caller.send(caller.changed(), token), 401)


def test_another_role_may_not(caller: Caller) -> None:
    _assert_problem(caller.send(caller.changed(), caller.token(caller.command.wrong_role)), 403)


def test_a_command_key_that_was_used_for_something_else_is_refused(caller: Caller) -> None:
    _assert_problem(caller.send(caller.changed(), **{"Idempotency-Key": "x" * 201}), 422)
    _assert_problem(caller.send(caller.changed(), **{"If-Match": "yesterday's"}), 422)


def test_an_unknown_unit_is_refused_by_paragraph_2(system: System, told: Telling) -> None:
    unknown = str(uuid4())
    party = {"organization": "MF", "unit_id": unknown, "area": "budget"}
    registrar = Caller(system, told, COMMANDS[1])
    token = system.token("registrar", Line.OPEN, "PMO", [unknown])
    others = (
        (COMMANDS[2], {"executor": party, "co_executors": [party | {"organization": "MJ"}]}),
        (COMMANDS[3], {"unit_id": unknown}),
    )

    answers = [registrar.send(registrar.changed(unit_id=unknown), token)]
    for command, fields in others:
        caller = Caller(system, told, command)
        answers.append(caller.send(caller.changed(**fields)))

    for answer in answers:
        violations = _assert_problem(answer, 409)
        assert ("RK-703:2", "unit-regime-unknown") in {(v["citation"], v["reason"]) for v in violations}
    assert len(answers[1].json()["violations"]) == 2, "each unit is a ground"


def test_an_unknown_document_is_refused_beside_every_other_ground(system: System, told: Telling) -> None:
    controller = Caller(system, told, COMMANDS[2])

    violations = _assert_problem(
        controller.send(controller.changed(document_id=str(uuid4()), urgency="urgent", personal=True, source="act")),
        422,
    )

    assert {(violation["citation"], violation["reason"]) for violation in violations} == {
        (None, "document-unknown"),
        ("RK-703:103-2", "urgency-without-urgent-control"),
        ("RK-703:103-9", "personal-but-not-an-instruction"),
    }


@pytest.mark.parametrize("path", ["/documents/x", f"/documents/{uuid4()}", "/nowhere", "/documents?limit=-1", "/%00"])
def test_bad_paths_and_queries_are_problems(system: System, path: str) -> None:
    headers = {"Authorization": f"Bearer {system.token('auditor', Line.OPEN)}"}

    answer = httpx.get(system.url("registry", Line.OPEN) + path, headers=headers, timeout=30)

    _assert_problem(answer, 404, 422)


def test_a_method_that_isnt_there_is_a_problem(caller: Caller) -> None:
    url = caller.system.url(caller.command.service, caller.line) + "/health/live"

    _assert_problem(httpx.request("PATCH", url, timeout=30), 405)


def _with(text: str, value: Any) -> Iterator[Any]:
    """The value with one of its texts replaced, for each of them."""
    if isinstance(value, str):
        yield value + text
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from ({**value, name: changed} for changed in _with(text, part))


def _assert_problem(answer: httpx.Response, *statuses: int) -> list[dict[str, Any]]:
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "violations"}
    assert problem["status"] == answer.status_code
    assert all(violation.keys() == {"citation", "reason", "field"} for violation in problem["violations"])
    found: list[dict[str, Any]] = problem["violations"]
    return found

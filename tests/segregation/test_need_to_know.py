"""A unit of the other line and one that doesn't exist are the same: to the byte, in every answer.

So are a document, an assignment and an employee of the other line. The routes are read from OpenAPI: a new one is asked
by itself.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.segregation.town import LINES, OPEN, SECRET, SERVICES, Json, Town

pytestmark = pytest.mark.real

Ask = Callable[[Town, str, str], httpx.Response]

OWN_HEADERS = {"date", "x-correlation-id"}
FOLLOWING = ("/events/stream",)
"""What doesn't end by itself."""


def other(line: str) -> str:
    return OPEN if line == SECRET else SECRET


def issued(town: Town, line: str) -> str:
    return str(town.assign(line, town.units[line]).json()["id"])


def moved(town: Town, line: str) -> str:
    unit = town.unit(line)
    town.done("PUT", "secrecy-gate", "gate", f"/units/{unit}/parent", {"parent_id": town.units[line]})
    return unit


def dissolved(town: Town, line: str) -> str:
    unit = town.unit(line)
    town.done("POST", "secrecy-gate", "gate", f"/units/{unit}/dissolve", {"reason": "тарату"})
    return unit


KINDS = ("unit", "moved unit", "dissolved unit", "document", "assignment", "employee")


@pytest.fixture(scope="module")
def things(town: Town) -> dict[str, dict[str, str]]:
    """Line → what there is on it: kind → id. All services have been told of it."""
    found = {
        line: {
            "unit": town.units[line],
            "moved unit": moved(town, line),
            "dissolved unit": dissolved(town, line),
            "document": town.documents[line],
            "assignment": issued(town, line),
            "employee": town.employees[line],
        }
        for line in LINES
    }
    for line in LINES:
        town.until_known(line, town.unit(line))
    return found


def seen(answer: httpx.Response, asked: str) -> tuple[int, dict[str, str], str]:
    headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
    return answer.status_code, headers, answer.text.replace(asked, "<asked>")


# Commands that name a unit, a document or an employee


def party(town: Town, unit: str) -> dict[str, str]:
    return {"organization": town.organization, "unit_id": unit, "area": "digital"}


def replace(town: Town, line: str, unit: str) -> httpx.Response:
    body = {"previous": town.organization, "replacement": party(town, unit), "reason": "қайта құру"}
    return town.call("POST", "control", line, f"/assignments/{issued(town, line)}/executors", body)


def answer(town: Town, line: str, document: str) -> httpx.Response:
    return town.register(line, town.units[line], answers_id=document)


def correct(town: Town, line: str, document: str) -> httpx.Response:
    token = town.system.token("registrar", line, None, [town.units[line]])
    path = f"/documents/{town.documents[line]}/corrections"
    return town.call("POST", "registry", line, path, {"reason": "түзету", "answers_id": document}, token=token)


OF_UNITS: dict[str, Ask] = {
    "register in it": lambda town, line, unit: town.register(line, unit),
    "register in it what lacks a signature": lambda town, line, unit: town.register(line, unit, signature={}),
    "assign to it": lambda town, line, unit: town.assign(line, unit),
    "assign to it besides": lambda town, line, unit: town.assign(
        line, town.units[line], co_executors=[party(town, unit)]
    ),
    "put it in an executor's place": replace,
    "notify in it": lambda town, line, unit: town.notify(line, unit),
}
OF_DOCUMENTS: dict[str, Ask] = {
    "assign from it": lambda town, line, document: town.assign(line, town.units[line], document_id=document),
    "answer it": answer,
    "correct one into an answer to it": correct,
}
OF_EMPLOYEES: dict[str, Ask] = {
    "notify": lambda town, line, employee: town.notify(line, town.units[line], employee_id=employee),
}
ASKED = [
    (kind, what, ask)
    for kind, asks in (
        *((kind, OF_UNITS) for kind in KINDS[:3]),
        ("document", OF_DOCUMENTS),
        ("employee", OF_EMPLOYEES),
    )
    for what, ask in asks.items()
]

NAME_A_UNIT = {
    ("registry", "POST", "/documents"),
    ("control", "POST", "/assignments"),
    ("control", "POST", "/assignments/{id}/executors"),
    ("notifications", "PUT", "/recipients/{id}"),
}
"""The commands whose body names a unit: those of `OF_UNITS`."""


@pytest.mark.parametrize(("kind", "what", "ask"), ASKED, ids=[f"{kind}: {what}" for kind, what, _ in ASKED])
@pytest.mark.parametrize("line", LINES)
def test_a_command_about_what_the_other_line_has_gets_the_answer_of_what_there_is_not(
    town: Town, things: dict[str, dict[str, str]], line: str, kind: str, what: str, ask: Ask
) -> None:
    foreign, nothing = things[other(line)][kind], str(uuid4())

    answered = seen(ask(town, line, foreign), foreign)

    assert answered == seen(ask(town, line, nothing), nothing), what
    assert answered[0] in {409, 422}


@pytest.mark.parametrize("what", OF_UNITS)
@pytest.mark.parametrize("line", LINES)
def test_and_that_of_its_own_unit_is_another(town: Town, line: str, what: str) -> None:
    own, nothing = town.units[line], str(uuid4())

    assert seen(OF_UNITS[what](town, line, own), own) != seen(OF_UNITS[what](town, line, nothing), nothing)


def test_every_command_whose_body_names_a_unit_is_asked_here(town: Town) -> None:
    found = {
        (service, method, path)
        for service in SERVICES
        for method, path, operation, schemas in operations(town, service, OPEN)
        if "unit_id" in body_fields(operation, schemas)
    }

    assert found == NAME_A_UNIT


# Every route that takes an id or a word in its address


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("line", LINES)
def test_no_address_tells_what_the_other_line_has_from_what_there_is_not(
    town: Town, things: dict[str, dict[str, str]], line: str, service: str, kind: str
) -> None:
    foreign, nothing = things[other(line)][kind], str(uuid4())
    asked = 0
    for method, path, operation, _ in operations(town, service, line):
        named = [parameter for parameter in operation.get("parameters", ()) if takes_words(parameter)]
        if not named:
            continue
        asked += 1
        for token in tokens(town, line):
            answers = [send(town, service, line, method, path, named, one, token(one)) for one in (foreign, nothing)]
            assert answers[0] == answers[1], f"{method} {path}"
    assert asked > 3


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("line", LINES)
def test_nothing_that_a_line_shows_of_itself_names_anything_of_the_other(
    town: Town, things: dict[str, dict[str, str]], line: str, service: str
) -> None:
    """Lists, counts, feeds, figures, parked records, metrics: all that is read without naming something."""
    foreign = [*things[other(line)].values(), unit_code(town, town.units[other(line)])]
    shown = {}
    for method, path, _, _ in operations(town, service, line):
        if method == "GET" and "{" not in path and path not in FOLLOWING:
            whole = {"limit": "200"} if path in {"/events", "/documents", "/assignments"} else {}
            shown[path] = town.call("GET", service, line, path, params=whole).text

    assert {"/events", "/parked", "/metrics"} <= shown.keys()
    assert not [(path, word) for path, text in shown.items() for word in foreign if word in text]
    assert town.units[line] in shown["/events"], "its own are shown"


@pytest.mark.parametrize("line", LINES)
def test_a_search_for_a_number_of_the_other_line_finds_what_a_number_that_nobody_has_finds(
    town: Town, line: str
) -> None:
    code = unit_code(town, town.units[other(line)])
    numbers = [f"{code}-2026/1", "U0-000000000000-2026/1"]

    found = [seen(town.call("GET", "registry", line, "/documents", params={"q": number}), number) for number in numbers]

    assert found[0] == found[1]
    own = town.call("GET", "registry", line, "/documents", params={"q": unit_code(town, town.units[line])})
    assert own.json()["items"]


# What the routes are, and how they are asked


def operations(town: Town, service: str, line: str) -> Iterator[tuple[str, str, Json, Json]]:
    """Method, path, operation and all schemas, of each route in OpenAPI."""
    described = httpx.get(f"{town.system.url(service, line)}/openapi.json", timeout=30).json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation, described["components"]["schemas"]


def takes_words(parameter: Json) -> bool:
    """Whether a parameter of path or query takes an id, a key or any words."""
    schema = parameter["schema"]
    forms = schema.get("anyOf", [schema])
    return parameter["in"] in {"path", "query"} and any(
        form.get("type") == "string" and "enum" not in form and form.get("format") in {None, "uuid"} for form in forms
    )


def body_fields(operation: Json, schemas: Json) -> set[str]:
    """Names of all fields, however deep, of the JSON body."""
    found: set[str] = set()
    todo: list[Any] = [operation.get("requestBody", {}).get("content", {}).get("application/json", {})]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            if "$ref" in one:
                todo.append(schemas[one["$ref"].rpartition("/")[2]])
            found |= set(one.get("properties", {}))
            todo += one.values()
    return found


def tokens(town: Town, line: str) -> list[Callable[[str], str]]:
    """Whoever may see the whole line, and who may see what is of a unit: the one that is asked for."""
    return [
        lambda _: town.token(line),
        lambda asked: town.system.token(["registrar", "executor"], line, town.organization, [asked]),
    ]


def send(
    town: Town, service: str, line: str, method: str, path: str, named: list[Json], asked: str, token: str
) -> tuple[int, dict[str, str], str]:
    """The answer where `asked` stands for each parameter that takes words."""
    query = {}
    for parameter in named:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", asked)
        else:
            query[parameter["name"]] = asked
    path = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
    return seen(town.call(method, service, line, path, {}, token=token, params=query), asked)


def unit_code(town: Town, unit: str) -> str:
    return str(town.done("GET", "secrecy-gate", "gate", f"/units/{unit}")["code"])

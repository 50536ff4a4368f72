"""Paragraph 2 can't be forgotten: what places a record in a unit says so by its type, and the type has one maker.

The type checker sees that a `PermittedUnit` is handed on; these tests see that nothing goes around it. Each way in is
looked at: the law's own functions, by the events that they record; commands, by the bodies that they take; and the
policies, by what they do when one unit isn't known. Where the tests look is read off the classes (`units.py`), and
each is shown a handler that forgot.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

import control.policies
import notifications.policies
import pytest
from baqylau.contracts.base import PublicEvent
from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Cause, DomainEvent
from baqylau.lines import Line
from baqylau.messaging.policy import NotYet, Policy
from baqylau.refusals import Ground
from baqylau.segregation import KnownUnits, PermittedUnit
from control.domain.assignment_parts import Addressed
from pydantic import BaseModel

from tests.architecture.sources import domain_modules, modules, tree
from tests.architecture.units import classes, loaded, unit_fields, units_in
from tests.contracts.samples import SAMPLES

MAKER = Path("shared/src/baqylau/segregation.py")
LINE_SERVICES = ("registry", "control", "notifications")
for _package in LINE_SERVICES:
    loaded(_package)

EVENTS = [event for package in LINE_SERVICES for event in classes(package, DomainEvent) if unit_fields(event)]
NAMES_A_UNIT = frozenset(name for event in EVENTS for name in unit_fields(event))
"""The fields by which a stored event places its record in a unit."""
IN_A_UNIT = frozenset(event.__qualname__.rpartition(".")[0] for event in EVENTS) - {""}
"""The aggregates that have such events among theirs: all that happens to them is handling."""

COMMANDS = frozenset(
    body.__name__ for package in LINE_SERVICES for body in classes(package, BaseModel) if unit_fields(body)
) - {event.__name__ for event in EVENTS}
"""Bodies by which a caller names a unit."""

PERMITS = frozenset({"PermittedUnit", "Addressed"})
"""What a function must take that places a record in a unit."""

FOLLOWS = {
    "control: _record": "an assignment's next event, with the parties that it has; new ones its caller has to give",
    "control: correct": "the executor that it has, with another area",
    "control: standing": "what a command is judged by: nothing is recorded",
    "notifications: settle": "what became of a notice in the unit where it was written; `claim` has asked again",
    "notifications: read": "the recipient has seen what was written for it",
    "notifications: retry": "it becomes due, and `claim` asks again",
}
"""Functions that say again where a record is that another has placed."""

FOLLOWING = {
    (control.policies, "DocumentWithdrawn"): "marks a document that was taken in, in a unit that was known then",
}
"""Policies that only go on with what another has taken in."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: ast.AST) -> Iterator[tuple[str, Function]]:
    """Each function with the class that it stands in."""
    for scope in ast.walk(module):
        if isinstance(scope, ast.Module | ast.ClassDef):
            for node in scope.body:
                if isinstance(node, Function):
                    yield scope.name if isinstance(scope, ast.ClassDef) else "", node


def named(node: ast.AST) -> set[str]:
    """Names and attributes that stand anywhere in it."""
    return {
        found.id if isinstance(found, ast.Name) else found.attr
        for found in ast.walk(node)
        if isinstance(found, ast.Name | ast.Attribute)
    }


def calls(function: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def given(call: ast.Call) -> set[str | None]:
    """The names of a call's keywords; None among them: some that can't be read here."""
    found: set[str | None] = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            found.add(keyword.arg)
        elif isinstance(keyword.value, ast.IfExp):
            keys = [key for one in ast.walk(keyword.value) if isinstance(one, ast.Dict) for key in one.keys]
            found |= {key.value if isinstance(key, ast.Constant) else None for key in keys}
        elif named(call.func) != {"replace"}:  # of a dataclass: a value, no event
            found.add(None)
    return found


def places(scope: str, function: ast.AST) -> bool:
    """Whether it records what happens in a unit: by an event that names one, or on an aggregate that is in one."""
    return any(given(call) & {None, *NAMES_A_UNIT} for call in calls(function)) or (
        scope in IN_A_UNIT and any("trigger" in named(call.func) for call in calls(function))
    )


def takes(function: Function) -> set[str]:
    """The types that its parameters name."""
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return {name for argument in arguments if argument.annotation is not None for name in named(argument.annotation)}


def placing(package: str, module: ast.AST) -> dict[str, Function]:
    return {f"{package}: {function.name}": function for scope, function in functions(module) if places(scope, function)}


def forgetting(module: ast.Module) -> list[str]:
    """Functions that take a command which names a unit, and ask for it neither themselves nor by another here."""
    all_of = {function.name: function for _, function in functions(module)}
    asking = {name for name, function in all_of.items() if "permitted" in named(function)}
    while more := {name for name, function in all_of.items() if named(function) & asking} - asking:
        asking |= more
    return sorted(name for name, function in all_of.items() if takes(function) & COMMANDS and name not in asking)


PLACING = {
    name: function
    for path in domain_modules()
    if path.parts[1] in LINE_SERVICES
    for name, function in placing(path.parts[1], tree(path)).items()
}


def test_the_functions_that_place_a_record_are_found_in_each_service() -> None:
    assert set(PLACING) == {
        "control: _record",
        "control: correct",
        "control: issue",
        "control: replace_party",
        "control: standing",
        "notifications: put",
        "notifications: read",
        "notifications: retry",
        "notifications: settle",
        "notifications: write",
        "registry: correct",
        "registry: enter",
        "registry: register",
        "registry: store_content",
        "registry: withdraw",
    }


@pytest.mark.parametrize("name", sorted(PLACING))
def test_whatever_places_a_record_takes_a_permitted_unit(name: str) -> None:
    assert takes(PLACING[name]) & PERMITS or name in FOLLOWS


@pytest.mark.parametrize(
    "body",
    [
        "self.trigger(self.DocumentRegistered, cause, unit_id=unit_id)",
        "self._record(events.AssignmentIssued, c, [], executor=Party(organization, unit_id, area))",
        "self._record(events.AssignmentIssued, c, [], **said)",
        "self.trigger(self.ContentStored, cause, size=1)",
    ],
)
def test_one_of_the_law_that_takes_a_bare_id_is_found(body: str) -> None:
    forgot = ast.parse(f"class Document:\n    def place(self, unit_id: UUID, cause: Cause) -> None:\n        {body}\n")

    (found,) = placing("registry", forgot).values()

    assert not takes(found) & PERMITS


def applications() -> list[Path]:
    """Where commands are carried out: all of a line's services but the law, and the routes, which pass them on."""
    return [p for p in modules() if p.parts[1] in LINE_SERVICES and not {"domain", "api", "projections"} & set(p.parts)]


def test_whatever_takes_a_command_that_names_a_unit_asks_for_it() -> None:
    assert {name for path in applications() for name in forgetting(tree(path))} == set()


def test_commands_that_name_a_unit_are_found_in_each_service() -> None:
    taking = {
        f"{path.parts[1]}: {function.name}"
        for path in applications()
        for _, function in functions(tree(path))
        if takes(function) & COMMANDS
    }

    assert {"registry: register", "control: issue", "control: replace_party", "notifications: put_recipient"} <= taking


def test_a_command_that_forgets_to_ask_is_found() -> None:
    forgot = ast.parse(
        "def issue(work: Work, body: schemas.IssueAssignment) -> None:\n    _add(work, body)\n"
        "def _add(work: Work, body: schemas.IssueAssignment) -> None:\n    work.add(body)\n"
        "def put_recipient(work: Work, units: KnownUnits, body: PutRecipient) -> None:\n"
        "    units.permitted(work, body.unit_id, 'unit_id')\n"
    )

    assert forgetting(forgot) == ["_add", "issue"]


def made(module: ast.AST) -> bool:
    """Whether it makes a `PermittedUnit`, or copies one into another."""
    return any("PermittedUnit" in named(call.func) for call in calls(module))


def test_only_the_line_s_own_copy_makes_a_permitted_unit() -> None:
    assert {path for path in modules() if made(tree(path))} == {MAKER}


def asks_the_table(module: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\bknown_units\b", node.value)
        for node in ast.walk(module)
    )


def test_no_service_reads_the_copy_past_its_check() -> None:
    """Its table is asked in one other place: for open work in units that were dissolved, which handles nothing."""
    asking = {str(path) for path in modules() if asks_the_table(tree(path))}

    assert asking == {str(MAKER), "services/control/src/control/queries.py"}


@pytest.mark.parametrize(
    "sql", ["FROM known_units", "FROM known_units\\nWHERE", "JOIN known_units AS u", "known_units.id"]
)
def test_a_query_of_the_copy_is_found_however_it_is_written(sql: str) -> None:
    assert asks_the_table(ast.parse(f'work.read("SELECT 1 {sql}")'))
    assert asks_the_table(ast.parse(f'work.read(f"{{which}} {sql}")'))


def test_a_party_is_made_of_a_permitted_unit_alone() -> None:
    makers = {
        function.name
        for path in modules()
        if "control" in path.parts
        for _, function in functions(tree(path))
        if any(named(call.func) == {"Party"} for call in calls(function))
    }

    assert makers == {"party"}
    assert get_type_hints(Addressed)["unit"] is PermittedUnit


class Copy(KnownUnits):
    """A line's copy that knows all units but one."""

    def __init__(self, unknown: UUID) -> None:
        super().__init__(Line.NON_CONFIDENTIAL)
        self._unknown = unknown

    def permitted(self, work: Any, unit_id: UUID, field: str) -> PermittedUnit | Ground:  # noqa: ARG002
        if unit_id == self._unknown:
            return Ground("RK-703:2", "unit-regime-unknown", field)
        return PermittedUnit(unit_id, "A", "A-1", unit_id, documentation_service=False)


class Untouchable:
    """A work in which nothing may be done: whoever looks for, adds or changes anything has gone past the check."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"work.{name}, before the unit was asked for")


def tables(unknown: UUID) -> dict[Any, Any]:
    """The whole table of each service that has one, on a copy that doesn't know a unit."""
    copy = Copy(unknown)
    return {
        control.policies: control.policies.policies(copy),
        notifications.policies: notifications.policies.policies(copy, Regime.NON_CONFIDENTIAL),
    }


def heard() -> Iterable[tuple[Any, PublicEvent, UUID]]:
    """Every policy of each service on an event of registry or control, for each unit that the event names.

    The gate tells of units, not of records; what it tells is the copy itself.
    """
    for module, table in tables(UUID(int=0)).items():
        for event in SAMPLES:
            if type(event) in table and event.service != "secrecy-gate":
                for unit in sorted(units_in(event)):
                    yield module, event, unit


def refuses(policy: Policy, event: PublicEvent) -> None:
    """Raises AssertionError where the policy goes on without all units of the event."""
    cause = Cause(actor="test", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="c", causation_id="c:1")
    with pytest.raises(NotYet, match="unit-regime-unknown"):
        policy(Untouchable(), event, cause)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "event", "unit"), list(heard()), ids=lambda one: getattr(one, "__name__", type(one).__name__)
)
def test_every_policy_refuses_a_record_of_which_one_unit_is_not_known(
    module: Any, event: PublicEvent, unit: UUID
) -> None:
    if (module, type(event).__name__) not in FOLLOWING:
        refuses(tables(unit)[module][type(event)], event)


def test_a_policy_that_forgets_to_ask_is_found() -> None:
    def forgot(work: Any, event: Any, _: Cause) -> None:
        work.change("INSERT INTO documents (id, unit_id) VALUES (%s, %s)", (event.document_id, event.unit_id))

    for event in (event for event in SAMPLES if event.service == "registry"):
        with pytest.raises(AssertionError):
            refuses(forgot, event)


def test_the_policies_of_all_services_are_looked_at() -> None:
    """The registry has none of its own: it hears the gate alone."""
    found = {path.parts[1] for path in modules() if path.name == "policies.py" and path.parts[1] in LINE_SERVICES}
    looked_at = {(module.__name__, type(event).service) for module, event, _ in heard()}

    assert found == {"control", "notifications"}
    assert looked_at == {
        ("control.policies", "registry"),
        ("notifications.policies", "registry"),
        ("notifications.policies", "control"),
    }

"""Paragraph 2 can't be forgotten: what places a record in a unit says so by its type, and the type has one maker.

The type checker sees that a `PermittedUnit` is handed on; these tests see that nothing goes around it.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from control.domain.assignment_parts import Addressed

from tests.architecture.sources import domain_modules, modules, tree

MAKER = Path("shared/src/baqylau/segregation.py")
LINE_SERVICES = ("registry", "control", "notifications")

PERMITS = frozenset({"PermittedUnit", "Addressed"})
"""What a function must take that places a record in a unit."""

NAMES_A_UNIT = frozenset({"unit_id", "executor", "co_executors", "replacement"})
"""The fields by which a stored event places its record in a unit."""

FOLLOWS = {
    "control: _record": "an assignment's next event, with the parties that it has; new ones its caller has to give",
    "control: correct": "the executor that it has, with another area",
    "notifications: settle": "what became of a notice in the unit where it was written; `claim` has asked again",
}
"""Functions that say again where a record is that another has placed."""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named(node: ast.AST) -> set[str]:
    """Names and attributes that stand anywhere in it."""
    return {
        found.id if isinstance(found, ast.Name) else found.attr
        for found in ast.walk(node)
        if isinstance(found, ast.Name | ast.Attribute)
    }


def places(function: ast.AST) -> bool:
    """Whether it records an event with a unit of its own naming, or with fields that can't be read here."""
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(
        keyword.arg in NAMES_A_UNIT or (keyword.arg is None and not isinstance(keyword.value, ast.IfExp))
        for call in calls
        if named(call.func) & {"trigger", "_record", "event"}
        for keyword in call.keywords
    )


def takes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The types that its parameters name."""
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return {name for argument in arguments if argument.annotation is not None for name in named(argument.annotation)}


PLACING = {
    f"{path.parts[1]}: {function.name}": function
    for path in domain_modules()
    if path.parts[1] in LINE_SERVICES
    for function in functions(path)
    if places(function)
}


def test_the_functions_that_place_a_record_are_found_in_each_service() -> None:
    assert set(PLACING) == {
        "control: _record",
        "control: correct",
        "control: issue",
        "control: replace_party",
        "notifications: put",
        "notifications: settle",
        "notifications: write",
        "registry: correct",
        "registry: enter",
        "registry: register",
        "registry: withdraw",
    }


@pytest.mark.parametrize("name", sorted(PLACING))
def test_whatever_places_a_record_takes_a_permitted_unit(name: str) -> None:
    assert takes(PLACING[name]) & PERMITS or name in FOLLOWS


def test_only_the_line_s_own_copy_makes_a_permitted_unit() -> None:
    made = {
        path
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and "PermittedUnit" in named(node.func)
    }

    assert made == {MAKER}


def test_no_service_reads_the_copy_past_its_check() -> None:
    """Its table is asked in one other place: for open work in units that were dissolved, which handles nothing."""
    asking = {
        str(path)
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " known_units " in node.value
    }

    assert asking == {str(MAKER), "services/control/src/control/queries.py"}


def test_a_party_is_made_of_a_permitted_unit_alone() -> None:
    makers = {
        function.name
        for path in modules()
        if "control" in path.parts
        for function in functions(path)
        if any(isinstance(node, ast.Call) and named(node.func) == {"Party"} for node in ast.walk(function))
    }

    assert makers == {"party"}
    assert inspect.get_annotations(Addressed)["unit"].__name__ == "PermittedUnit"


def test_every_policy_that_hears_of_a_unit_from_registry_or_control_asks_for_it() -> None:
    """Registry and control tell of records; the gate tells of units, and is taken in by the copy itself."""
    for package, policy in (("control", "_document_registered"), ("notifications", "_tell")):
        path = next(path for path in modules() if path.parts[-2:] == (package, "policies.py"))
        found = next(function for function in functions(path) if function.name == policy)

        asked = [node for node in ast.walk(found) if isinstance(node, ast.Attribute) and node.attr == "permitted"]
        assert asked, f"{package}: {policy}"

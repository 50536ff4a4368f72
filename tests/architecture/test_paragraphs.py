"""docs/paragraphs.md: from each paragraph and Reading to its code and the test that goes red, and not stale."""

import ast
import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import pytest
from control.domain.rule_sets import rule_book

from tests.architecture.sources import ROOT, SERVICES, domain_modules, module_name, modules, tree

TABLE = (ROOT / "docs" / "paragraphs.md").read_text(encoding="utf-8")
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ") and "`" in line.rpartition("|")[0].split("|")[2]]
CODE = sorted(set(re.findall(r"`([a-z_0-9.]+:[A-Za-z_0-9.]+)`", TABLE)))
TESTS = sorted(set(re.findall(r"`([a-z-]+/[a-z_0-9/]+\.py::[A-Za-z_0-9.]+)`", TABLE)))
PARAGRAPH_MODULES = [path for path in domain_modules() if path.name.startswith("paragraph_")]
PROVISIONS = [provision.citation for rules in rule_book().rule_sets for provision in rules.provisions]


def test_the_code_that_the_table_names_is_there() -> None:
    assert len(CODE) > 60
    assert [reference for reference in CODE if not is_there(reference)] == []


def test_the_tests_that_the_table_names_are_there() -> None:
    gone = []
    for reference in TESTS:
        path, _, name = reference.partition("::")
        folder, _, file = path.partition("/")
        tests = Path("services", folder, "tests") if folder in SERVICES else Path("tests", folder)
        if not (ROOT / tests / file).is_file() or name not in names_of_tests(tests / file):
            gone.append(reference)

    assert len(TESTS) > 60
    assert gone == []


def test_every_row_names_code_and_a_test_that_are_found_by_the_tests_above() -> None:
    assert len(ROWS) == sum(line.startswith("| ") for line in TABLE.splitlines()) - TABLE.count("| the Rules say |")
    for row in ROWS:
        _, said, code, tests, _ = row.split("|")
        assert said.strip(), row
        assert set(re.findall(r"`([^`]+)`", code)) <= set(CODE), row
        assert set(re.findall(r"`([^`]+)`", tests)) <= set(TESTS), row
        assert "`" in code, row
        assert "`" in tests, row


@pytest.mark.parametrize("path", PARAGRAPH_MODULES, ids=module_name)
def test_every_rule_of_a_paragraphs_module_is_in_the_table(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    rules = {
        f"{module.__name__}:{name}"
        for name, found in vars(module).items()
        if inspect.isfunction(found) and found.__module__ == module.__name__ and not name.startswith("_")
    }

    assert rules
    assert rules <= set(CODE)


@pytest.mark.parametrize("citation", PROVISIONS)
def test_every_provision_is_in_the_table(citation: str) -> None:
    paragraph = citation.partition(":")[2]
    number, *parts = paragraph.split("-")
    if number in {"43", "46"}:
        said = f"{number} part {parts[0]}" + (f" sub {parts[1]}" if parts[1:] else "") if parts else f"## {number} and"
        assert said in TABLE or f"and {number} " in TABLE
    else:
        assert re.search(rf"^## .*\b{re.escape(paragraph)}\b", TABLE, re.MULTILINE)


def test_every_citation_in_the_code_is_a_provision_that_get_rules_shows() -> None:
    known = {citation.partition(":")[2] for citation in PROVISIONS}

    cited = {(str(path), paragraph) for path in modules() for paragraph in paragraphs_cited(path)}

    assert {paragraph for _, paragraph in cited} >= {"2", "43", "46", "102-1", "103-2", "103-3", "103-4", "103-5"}
    assert [(where, paragraph) for where, paragraph in sorted(cited) if paragraph not in known] == []


def test_every_decision_record_is_in_the_index_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    records = {path.name for path in folder.glob("*.md")} - {"README.md"}

    indexed = re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))

    assert sorted(indexed) == sorted(records)


def is_there(reference: str) -> bool:
    """Whether `module:name` or `module:Class.method` can be imported."""
    module, _, names = reference.partition(":")
    try:
        found: object = importlib.import_module(module)
        for name in names.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return False
    return True


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    """Tests of a file: `test_…`, `TestClass.test_…`, and of a state machine its invariants, `Machine.invariant`."""
    names = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = (inner for inner in node.body if isinstance(inner, ast.FunctionDef))
            names.update(f"{node.name}.{method.name}" for method in methods if _is_test(method))
    return frozenset(names)


def _is_test(method: ast.FunctionDef) -> bool:
    return method.name.startswith("test_") or any(_called(mark) == "invariant" for mark in method.decorator_list)


def _called(mark: ast.expr) -> str | None:
    return mark.func.id if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) else None


def paragraphs_cited(path: Path) -> set[str]:
    """What a module cites: whole citations, what it hands to `cite`, and what looks like a paragraph of 102 or 103."""
    cited: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = re.fullmatch(r"RK-703:([\w-]+)|(10[23]-\d+)", node.value)
            cited.update(filter(None, found.groups() if found else ()))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cite":
            given = (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))
            cited.update(value for value in given if isinstance(value, str))
    return cited

"""What holds for the repository as a whole."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from baqylau_infra.layout import SERVICES

from tests.architecture.sources import ROOT, files, module_name, modules, tree

REGISTRIES = re.compile(
    r"https?://[\w.-]*(pypi|pythonhosted|npmjs|rubygems|crates|proxy\.golang|repo\d?\.maven|maven\.org|docker\.io|ghcr)",
    re.IGNORECASE,
)


def test_no_file_names_the_address_of_a_package_registry() -> None:
    # Where packages come from is for whoever installs them to set, in pip's or uv's own settings.
    assert [str(path) for path in files() if REGISTRIES.search(text_of(path))] == []


def test_such_an_address_would_be_found() -> None:
    assert REGISTRIES.search("index-url = https://" + "pypi.org/simple")
    assert REGISTRIES.search("http://mirror." + "pypi.example/simple")
    assert REGISTRIES.search("https://repo1." + "maven.org/maven2")


def test_every_module_and_every_public_function_says_what_it_is_for() -> None:
    # A class without behaviour is said by its fields; an event's `apply` by the event; a property by its name.
    silent = [str(path) for path in modules() if tree(path).body and not said(tree(path))]
    for path in modules():
        silent.extend(f"{path}:{node.lineno} {node.name}" for node in public_functions(tree(path)) if not said(node))

    assert silent == []


def public_functions(scope: ast.Module | ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of a module and methods of its public classes that others call."""
    found: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for node in scope.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found.extend(public_functions(node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            found.append(node)
    return [node for node in found if node.name != "apply" and "property" not in map(_name, node.decorator_list)]


def said(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it has a docstring."""
    return bool(ast.get_docstring(node))


def _name(mark: ast.expr) -> str | None:
    return mark.id if isinstance(mark, ast.Name) else None


def text_of(path: Path) -> str:
    """A file's text; what isn't text holds no address to speak of."""
    return (ROOT / path).read_text(encoding="utf-8", errors="ignore")


def test_modules_are_found_in_every_package() -> None:
    packages = {module_name(path).partition(".")[0] for path in modules()}

    assert packages == {"baqylau", "baqylau_infra", "secrecy_gate", "registry", "control", "notifications"}


@pytest.mark.parametrize("package", sorted({service.package for service in SERVICES}))
def test_no_process_begins_with_a_client_of_http(package: str) -> None:
    script = f"import sys, {package}.__main__; assert not {{'httpx', 'httpcore'}} & sys.modules.keys()"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr

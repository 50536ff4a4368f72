"""No log line says what a record is about, and the law itself writes none."""

import ast
from pathlib import Path

from tests.architecture.sources import domain_modules, imported_by, modules, tree

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "fatal", "log", "bind", "new"}
CONTENT = {
    "title", "text", "name", "names", "surname", "given_name", "phone", "body", "content", "clause",
    "justification", "current_state", "signature", "signed_by", "evidence", "email", "secret", "token", "address",
    "exceptional_circumstances", "disciplinary_outcome", "reference", "letter", "payload", "value", "data", "message",
}  # fmt: skip


def test_the_law_writes_no_log_and_asks_neither_clock_nor_chance() -> None:
    outside = ("logging", "structlog", "random", "secrets", "os", "sys", "baqylau.observability")
    asking = {"now", "utcnow", "today", "uuid4", "monotonic", "getenv", "print"}

    for path in domain_modules():
        imported = {
            module for module in imported_by(path) if f"{module}.".startswith(tuple(f"{name}." for name in outside))
        }
        assert imported == set(), path
        assert called(path).isdisjoint(asking), path


def test_a_log_line_has_a_fixed_name_and_no_field_of_content() -> None:
    for path in modules():
        for call in log_calls(path):
            where, fields = f"{path}:{call.lineno}", {keyword.arg for keyword in call.keywords}
            assert fields.isdisjoint(CONTENT), where
            assert None not in fields, f"{where}: fields that nobody can see beforehand"
            assert len(call.args) <= 1, f"{where}: values belong into named fields"
            assert all(isinstance(said, ast.Constant) for said in call.args), f"{where}: the event's name is fixed"


def test_log_calls_are_found_at_all() -> None:
    found = sum(len(log_calls(path)) for path in modules())

    assert found > 20


def log_calls(path: Path) -> list[ast.Call]:
    """Calls like `log.warning(…)`, on whatever is called a log or logger."""
    return [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and _root(node.func.value).lower().strip("_").startswith("log")
    ]


def _root(node: ast.expr) -> str:
    """`log` of `log.info`, `self._log.info` and `structlog.get_logger().bind(…).info`."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call(func=ast.Attribute(attr="get_logger")):
            return "log"
        case ast.Call(func=ast.Attribute(value=inner)):
            return _root(inner)
    return ""


def called(path: Path) -> set[str]:
    """The names of all functions and methods that a module calls."""
    functions = (node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return {
        f.attr if isinstance(f, ast.Attribute) else f.id for f in functions if isinstance(f, ast.Attribute | ast.Name)
    }

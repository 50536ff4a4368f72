"""The checkout as these tests read it: tracked and new files, and their syntax trees. Nothing is imported for it."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = {
    "registry": "registry",
    "control": "control",
    "notifications": "notifications",
    "secrecy-gate": "secrecy_gate",
}
"""The package of each service, by the folder that it stands in."""


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project that isn't ignored, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the packages themselves: no tests, no demonstration."""
    return tuple(path for path in files() if path.suffix == ".py" and "src" in path.parts)


def domain_modules() -> tuple[Path, ...]:
    """Where the law stands."""
    return tuple(path for path in modules() if "domain" in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax of one file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def module_name(path: Path) -> str:
    """What the module is imported as."""
    dotted = path.with_suffix("").parts[path.parts.index("src") + 1 :]
    return ".".join(dotted[:-1] if dotted[-1] == "__init__" else dotted)


def imported_by(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
    return found

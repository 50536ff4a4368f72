"""The table of bounds in docs/event-flow.md says what the code has."""

import importlib
import re

import pytest

from tests.architecture.sources import ROOT

ROW = re.compile(r"^\| ([^|]+) \| (\d+)(?: (KiB|MiB|s))? \| `([\w.]+)\.(\w+)` \|$", re.MULTILINE)
UNITS = {"": 1, "s": 1, "KiB": 1024, "MiB": 1024 * 1024}
ROWS = ROW.findall((ROOT / "docs" / "event-flow.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_bound_is_what_the_table_says(row: tuple[str, str, str, str, str]) -> None:
    _, number, unit, module, name = row

    assert getattr(importlib.import_module(module), name) == int(number) * UNITS[unit]


def test_the_table_is_read() -> None:
    assert len(ROWS) > 15

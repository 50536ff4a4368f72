"""What rows come to is the same, whether each change of them is a statement of its own, or many are folded."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import UTC, date
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from baqylau.eventstore.rows import Folding, Rows, Step
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.side_models import TEMPORARY, SideModels
from baqylau.eventstore.transaction import Statement
from baqylau_infra.database import Database
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.errors import UniqueViolation

pytestmark = pytest.mark.real

THINGS, NAMES = Rows("things"), Rows("names", key="name")
TABLES: LiteralString = """
CREATE TABLE things (
    id uuid PRIMARY KEY, name text, names text[] NOT NULL DEFAULT '{}', ids uuid[], number bigint DEFAULT 7, day date,
    at timestamptz, good boolean);
CREATE TABLE names (name text PRIMARY KEY, number bigint);
"""

KEYS = st.sampled_from([UUID(int=number) for number in range(1, 4)])
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4) | st.just('{"\\,}')
NUMBERS = st.integers(-(2**63), 2**63 - 1)
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))
TIMES = st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year > 1900)
THING = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | TEXTS,
        "names": st.lists(TEXTS | st.none(), max_size=3),
        "ids": st.none() | st.lists(KEYS, max_size=3),
        "number": st.none() | NUMBERS,
        "day": st.none() | DAYS,
        "at": st.none() | TIMES,
        "good": st.none() | st.booleans(),
    },
)
SOME = THING.filter(bool)
CHANGES = st.one_of(
    st.builds(lambda key, values: THINGS.insert({"id": key, **values}), KEYS, THING),
    st.builds(lambda key, values: THINGS.update(key, dict(values)), KEYS, SOME),
    st.builds(lambda key, values: THINGS.update(key, dict(values)), KEYS, SOME),
    st.builds(lambda name, number: NAMES.insert({"name": name, "number": number}), TEXTS, NUMBERS),
    st.builds(lambda name, number: NAMES.update(name, {"number": number}), TEXTS, NUMBERS),
    st.builds(lambda key: ("DELETE FROM things WHERE id = %s", (key,)), KEYS),
    st.just(("UPDATE things SET number = number / 2", ())),
)


@pytest.fixture(scope="module")
def tables(database: Database) -> Iterator[tuple[Connection[Any], SideModels]]:
    with psycopg.connect(database.create("rows").conninfo(), autocommit=True) as connection:
        yield connection, SideModels(connection, [ReadModel(TABLES, lambda _: [])], TEMPORARY)


def one_by_one(statements: Sequence[Statement]) -> Iterator[Step]:
    return (Step(query, params, True) for query, params in statements)


def folded(statements: Sequence[Statement]) -> Sequence[Step]:
    folding = Folding()
    for statement in statements:
        folding.take(statement)
    return folding.steps()


def outcome(tables: tuple[Connection[Any], SideModels], steps: Iterable[Step]) -> object:
    """All rows, or that the database refuses them."""
    connection, side = tables
    with connection.transaction(force_rollback=True):
        side.create()
        try:
            side.write(steps)
        except UniqueViolation:
            return "refused"
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("things", "names")]


@given(st.lists(CHANGES, max_size=12))
def test_folded_changes_come_to_the_same_rows(
    tables: tuple[Connection[Any], SideModels], changes: list[Statement]
) -> None:
    expected = outcome(tables, one_by_one(deepcopy(changes)))

    assert outcome(tables, folded(changes)) == expected


def test_a_row_is_written_once_however_often_it_changes(tables: tuple[Connection[Any], SideModels]) -> None:
    id_ = UUID(int=1)
    changes = [THINGS.insert({"id": id_, "name": "a"}), *(THINGS.update(id_, {"number": n}) for n in range(1000))]

    steps = folded(changes)

    assert len(steps) == 1
    assert outcome(tables, steps) == [[(id_, "a", [], None, 999, None, None, None)], []]

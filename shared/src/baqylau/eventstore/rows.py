"""The rows of a read model, said once: a statement each where an event is recorded, folded where a log is followed.

A statement for each event costs its way to the database and back; the rows that thousands of events come to cost next
to nothing more than decoding those. Both are made of the same words, so they can't come to differ.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, LiteralString, NamedTuple

import orjson

from baqylau.eventstore.transaction import Statement

Values = dict[str, Any]
"""Column → value: str, int, bool, date, datetime, UUID, None, or a list of these. Not for `jsonb` and `bytea`."""


class Rows:
    """The rows of a table, each of which has its key. What becomes of one must not depend on another's.

    So no column but the key is unique: folded changes of many rows are written in another order than they were said in.
    """

    def __init__(self, table: LiteralString, key: LiteralString = "id") -> None:
        self.table = table
        self.key = key

    def insert(self, values: Values) -> Statement:
        """A new row. The columns that aren't named are as the table's definition has them."""
        return _statement(self, True, tuple(values)), values

    def update(self, key: Any, values: Values) -> Statement:
        """These columns of the row change, and no others. Nothing happens where there is no such row."""
        query = _statement(self, False, tuple(values))
        values[self.key] = key
        return query, values


class _Shape(NamedTuple):
    """What a statement does that was made here."""

    rows: Rows
    inserts: bool


_SHAPES: dict[LiteralString, _Shape] = {}


@cache
def _statement(rows: Rows, inserts: bool, columns: tuple[str, ...]) -> LiteralString:
    query: LiteralString
    if inserts:
        places = ", ".join(f"%({column})s" for column in columns)
        query = f"INSERT INTO {rows.table} ({', '.join(columns)}) VALUES ({places})"
    else:
        changes = ", ".join(f"{column} = %({column})s" for column in columns)
        query = f"UPDATE {rows.table} SET {changes} WHERE {rows.key} = %({rows.key})s"
    _SHAPES[query] = _Shape(rows, inserts)
    return query


class Step(NamedTuple):
    """A statement, and whether it may be prepared: one that writes many rows is planned anew as its table grows."""

    query: LiteralString
    params: Sequence[Any] | Mapping[str, Any]
    prepare: bool


class Folding:
    """The changes of a read model in fewer statements: of those that `Rows` made, each row is written once.

    Others stay as they are, in their place between those before and behind them.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._folds: dict[Rows, _Fold] = {}

    def take(self, statement: Statement) -> None:
        """The next change."""
        query, params = statement
        shape = _SHAPES.get(query)
        if shape is None:
            self.steps().append(Step(query, params, True))
        else:
            assert isinstance(params, dict)
            fold = self._folds.get(shape.rows)
            if fold is None:
                fold = self._folds[shape.rows] = _Fold(shape.rows)
            fold.take(params, inserts=shape.inserts)

    def steps(self) -> list[Step]:
        """All that was taken, to be done in this order."""
        for fold in self._folds.values():
            self._steps += fold.steps()
        self._folds = {}
        return self._steps


class _Fold:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._inserted: list[Values] = []
        self._new: dict[Any, Values] = {}
        self._changed: dict[Any, Values] = {}

    def take(self, values: Values, *, inserts: bool) -> None:
        key = values[self._rows.key]
        if inserts:
            # One that is there twice stays twice: the database is to refuse it, as it refuses the second statement.
            self._inserted.append(values)
            self._new[key] = values
        elif (found := self._new.get(key) or self._changed.get(key)) is not None:
            found.update(values)
        else:
            self._changed[key] = values

    def steps(self) -> Iterator[Step]:
        """Updates first: where they name a row that is new here, it was behind them that it came to be."""
        for columns, values in _alike(self._changed.values()).items():
            yield Step(_update_all(self._rows, columns), (orjson.dumps(values).decode(),), False)
        for columns, values in _alike(self._inserted).items():
            yield Step(_insert_all(self._rows, columns), (orjson.dumps(values).decode(),), False)


def _alike(found: Iterable[Values]) -> Mapping[tuple[str, ...], list[Values]]:
    """Rows by the columns that they name."""
    alike: dict[tuple[str, ...], list[Values]] = {}
    for values in found:
        alike.setdefault(tuple(values), []).append(values)
    return alike


@cache
def _insert_all(rows: Rows, columns: tuple[str, ...]) -> LiteralString:
    names = ", ".join(columns)
    return (
        f"INSERT INTO {rows.table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{rows.table}, %s::json)"
    )


@cache
def _update_all(rows: Rows, columns: tuple[str, ...]) -> LiteralString:
    changes = ", ".join(f"{column} = said.{column}" for column in columns if column != rows.key)
    return (
        f"UPDATE {rows.table} SET {changes} FROM json_populate_recordset(NULL::{rows.table}, %s::json) AS said "
        f"WHERE {rows.table}.{rows.key} = said.{rows.key}"
    )

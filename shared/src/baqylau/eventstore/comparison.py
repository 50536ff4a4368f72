"""A read model's table held against the one that the log makes: row by row, by their key, within the database."""

from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

MOST = 1000
"""Of one table, so many differences are read."""

# What a sequence counts doesn't follow from the log: a transaction that was undone leaves a gap there.
_COLUMNS: LiteralString = """
SELECT attname FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = ''
AND coalesce(pg_get_expr(adbin, adrelid), '') NOT LIKE 'nextval%%' ORDER BY attname
"""
_KEYS: LiteralString = """
SELECT array(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey))
FROM pg_index WHERE indrelid = %s::regclass AND indisunique AND indpred IS NULL ORDER BY indisprimary DESC, indexrelid
"""


def differences(connection: Connection[Any], table: str, in_use: str, made_in: str) -> Iterator[tuple[str, str]]:
    """Where the two differ: the row's key and `lacking`, `not-of-the-log` or `differs`, at most `MOST`.

    `in_use`, `made_in`: the two schemas. What a sequence counts is left out.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        if cursor.execute("SELECT to_regclass(%s)", (f"{in_use}.{table}",)).fetchone() == (None,):
            yield "the table", "lacking"
            return
        columns = [row[0] for row in cursor.execute(_COLUMNS, (f"{made_in}.{table}",))]
        if columns != [row[0] for row in cursor.execute(_COLUMNS, (f"{in_use}.{table}",))]:
            yield "the table", "has-other-columns"
            return
        keys = [row[0] for row in cursor.execute(_KEYS, (f"{made_in}.{table}",)) if set(row[0]) <= set(columns)]
        if not keys:
            yield "the table", "has-no-key-to-compare-by"
            return
        for *key, what in cursor.execute(_query(table, in_use, made_in, keys[0], columns)):
            yield " ".join(key), what


def _query(table: str, in_use: str, made_in: str, key: list[str], columns: list[str]) -> Composed:
    kept, made = ([Identifier(side, name) for name in columns] for side in ("kept", "made"))
    shown = [SQL("coalesce({}, {})::text").format(Identifier("kept", name), Identifier("made", name)) for name in key]
    same = [SQL("{} = {}").format(Identifier("kept", name), Identifier("made", name)) for name in key]
    return SQL(
        "SELECT {shown}, CASE WHEN {kept_key} IS NULL THEN 'lacking' WHEN {made_key} IS NULL THEN 'not-of-the-log' "
        "ELSE 'differs' END FROM {in_use} AS kept FULL JOIN {made_in} AS made ON {same} "
        "WHERE ROW({kept}) IS DISTINCT FROM ROW({made}) LIMIT {most}"
    ).format(
        shown=SQL(", ").join(shown),
        kept_key=Identifier("kept", key[0]),
        made_key=Identifier("made", key[0]),
        in_use=Identifier(in_use, table),
        made_in=Identifier(made_in, table),
        same=SQL(" AND ").join(same),
        kept=SQL(", ").join(kept),
        made=SQL(", ").join(made),
        most=MOST,
    )

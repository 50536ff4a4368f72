"""Read models made from the log beside those in use: in a schema of their own, by the same functions.

A statement of a read model names its tables without a schema, so a search path is all that it takes.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.rows import Folding, Step
from baqylau.eventstore.service import ReadModel

TEMPORARY = "pg_temp"
"""The schema of the session's own temporary tables: nobody else sees them, and unqualified names find them first."""


class SideModels:
    """The tables of some read models in a schema. All is done on one connection, in the transactions of the caller."""

    def __init__(self, connection: Connection[Any], models: Sequence[ReadModel], schema: str) -> None:
        self._connection = connection
        self._models = models
        self._schema = schema
        statements = [part.strip() for model in models for part in model.tables.split(";")]
        self._indexes = [part for part in statements if part.startswith("CREATE INDEX")]
        self._tables = [part for part in statements if part and part not in self._indexes]

    def create(self) -> None:
        """Make the tables, empty. Their indexes come last (`create_indexes`): so the tables are filled in less time."""
        with self._inside():
            for statement in self._tables:
                self._connection.execute(statement)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Names without a schema are of this one. After an error, going back takes that away, too."""
        self._connection.execute(SQL("SET LOCAL search_path TO {}").format(Identifier(self._schema)))
        yield
        self._connection.execute("SET LOCAL search_path TO DEFAULT")

    def follow(self, events: Iterable[DomainEvent]) -> None:
        """Let the tables follow events, in their order."""
        self.write(self.steps(events))

    def steps(self, events: Iterable[DomainEvent]) -> list[Step]:
        """What `write` is to do for that. A read model knows its own tables only, so each goes alone."""
        foldings = [(model.changes, Folding()) for model in self._models]
        for event in events:
            for changes, folding in foldings:
                for statement in changes(event):
                    if not statement[0].startswith("NOTIFY"):  # what is made here is no news
                        folding.take(statement)
        return [step for _, folding in foldings for step in folding.steps()]

    def write(self, steps: Iterable[Step]) -> None:
        """Do it, in one round trip."""
        with self._connection.pipeline(), self._inside(), self._connection.cursor() as cursor:
            for (query, prepare), run in groupby(steps, lambda step: (step.query, step.prepare)):
                if prepare:
                    cursor.executemany(query, [step.params for step in run])
                else:
                    for step in run:
                        cursor.execute(query, step.params, prepare=False)

    def create_indexes(self) -> None:
        """Make the indexes that only serve reading."""
        with self._inside():
            for statement in self._indexes:
                self._connection.execute(statement)

    def analyze(self) -> None:
        """Tell the planner what the tables hold: nobody else does before they are read."""
        for table in self.tables():
            self._connection.execute(SQL("ANALYZE {}").format(Identifier(self._schema, table)))

    def tables(self) -> list[str]:
        """The names of the tables."""
        query: LiteralString = (
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "CASE WHEN %s = 'pg_temp' THEN pg_my_temp_schema() ELSE to_regnamespace(%s) END ORDER BY oid"
        )
        rows = self._connection.execute(query, (self._schema, self._schema)).fetchall()
        return [row["relname"] for row in rows]

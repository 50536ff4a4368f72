"""What the services' databases hold: the only look behind HTTP and Kafka, to see that nothing was stored."""

from collections.abc import Iterator

import psycopg
from baqylau_infra.database import PORT
from baqylau_infra.system import System
from psycopg import sql


def rows(system: System) -> dict[str, int]:
    """`database.table` → number of rows, of every service."""
    counted = {}
    for database, connection in _databases(system):
        for table in _tables(connection):
            found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            counted[f"{database}.{table}"] = found[0] if found else 0
    return counted


def tables_with(system: System, word: str) -> set[str]:
    """`database.table` of the tables with a row that holds the word, as text or in bytes."""
    found = set()
    for database, connection in _databases(system):
        for table in _tables(connection):
            query = sql.SQL("SELECT 1 FROM {} AS t WHERE t::text ILIKE %s OR t::text LIKE %s LIMIT 1")
            patterns = (f"%{word}%", f"%{word.encode().hex()}%")
            if connection.execute(query.format(sql.Identifier(table)), patterns).fetchone():
                found.add(f"{database}.{table}")
    return found


def _databases(system: System) -> Iterator[tuple[str, psycopg.Connection[tuple[int]]]]:
    for service in system.services:
        if service.stores:
            with psycopg.connect(
                host=system.database.host, port=PORT, user="postgres", dbname=service.database
            ) as connection:
                yield service.name, connection


def _tables(connection: psycopg.Connection[tuple[int]]) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [str(row[0]) for row in found]

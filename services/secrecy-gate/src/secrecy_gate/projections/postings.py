"""Who serves where now."""

from collections.abc import Sequence
from typing import LiteralString

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from secrecy_gate.domain.employee import Employee

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS postings (
    id uuid PRIMARY KEY, employee_id uuid NOT NULL, unit_id uuid NOT NULL, regime text NOT NULL);
CREATE INDEX IF NOT EXISTS postings_by_employee ON postings (employee_id);
CREATE INDEX IF NOT EXISTS postings_by_unit ON postings (unit_id);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    match event:
        case Employee.EmployeePosted():
            return [
                (
                    "INSERT INTO postings (id, employee_id, unit_id, regime) VALUES (%s, %s, %s, %s)",
                    (event.posting_id, event.employee_id, event.unit_id, event.regime.value),
                )
            ]
        case Employee.EmployeeReleased():
            return [("DELETE FROM postings WHERE id = %s", (event.posting_id,))]
    return []


POSTINGS = ReadModel(TABLES, changes)

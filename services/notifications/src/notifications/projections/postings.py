"""This line's copy of who is posted where, as the gate has told it.

A posting that has ended stays, marked: so the two events of it may come twice and in any order.
"""

from typing import LiteralString
from uuid import UUID

from baqylau.contracts import secrecy_gate as gate
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.work import Work
from baqylau.messaging.policy import Copy

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS known_postings (
    id uuid PRIMARY KEY, employee_id uuid NOT NULL, unit_id uuid NOT NULL, ended boolean NOT NULL);
CREATE INDEX IF NOT EXISTS known_postings_by_unit ON known_postings (unit_id, employee_id) WHERE NOT ended;
"""


def posted(work: Work, employee_id: UUID, unit_id: UUID) -> bool:
    """Whether the employee serves in that very unit."""
    return bool(
        work.read(
            "SELECT 1 FROM known_postings WHERE unit_id = %s AND employee_id = %s AND NOT ended LIMIT 1",
            (unit_id, employee_id),
        )
    )


def _employee_posted(work: Work, event: gate.EmployeePosted, _: Cause) -> None:
    work.change(
        "INSERT INTO known_postings (id, employee_id, unit_id, ended) VALUES (%s, %s, %s, false) "
        "ON CONFLICT (id) DO NOTHING",
        (event.posting_id, event.employee_id, event.unit_id),
    )


def _employee_released(work: Work, event: gate.EmployeeReleased, _: Cause) -> None:
    work.change(
        "INSERT INTO known_postings (id, employee_id, unit_id, ended) VALUES (%s, %s, %s, true) "
        "ON CONFLICT (id) DO UPDATE SET ended = true",
        (event.posting_id, event.employee_id, event.unit_id),
    )


COPY = Copy("secrecy-gate", TABLES, {gate.EmployeePosted: _employee_posted, gate.EmployeeReleased: _employee_released})

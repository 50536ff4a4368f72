"""What the audit found, for reading."""

from collections.abc import Sequence
from typing import LiteralString

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from secrecy_gate.domain.breach import Breach

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS breaches (
    number bigserial PRIMARY KEY, id uuid NOT NULL UNIQUE, line text NOT NULL, recorded_by text NOT NULL,
    record_type text NOT NULL, record_id uuid NOT NULL, unit_id uuid NOT NULL, record_regime text, unit_regime text,
    found_at timestamptz NOT NULL);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    match event:
        case Breach.SegregationBreached():
            return [
                (
                    "INSERT INTO breaches (id, line, recorded_by, record_type, record_id, unit_id, record_regime, "
                    "unit_regime, found_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (
                        event.breach_id,
                        event.line.value,
                        event.recorded_by,
                        event.record_type,
                        event.record_id,
                        event.unit_id,
                        event.record_regime,
                        event.unit_regime,
                        event.found_at,
                    ),
                )
            ]
    return []


BREACHES = ReadModel(TABLES, changes)

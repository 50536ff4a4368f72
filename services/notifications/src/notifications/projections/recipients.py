"""Recipients as they are now. Addresses are shown to operators and auditors; a secret isn't here at all."""

from collections.abc import Sequence
from typing import LiteralString

import orjson
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from notifications.domain.recipient import Recipient

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS recipients (
    id uuid PRIMARY KEY, employee_id uuid NOT NULL, unit_id uuid NOT NULL, organization text NOT NULL,
    role text NOT NULL, language text NOT NULL, channels jsonb NOT NULL, version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS recipients_by_unit ON recipients (unit_id);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    if not isinstance(event, Recipient.RecipientSet):
        return []
    channels = [channel.model_dump(exclude={"secret"}) for channel in event.channels]
    return [
        (
            "INSERT INTO recipients (id, employee_id, unit_id, organization, role, language, channels, version) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
            "employee_id = excluded.employee_id, unit_id = excluded.unit_id, organization = excluded.organization, "
            "role = excluded.role, language = excluded.language, channels = excluded.channels, "
            "version = excluded.version",
            (
                event.recipient_id,
                event.employee_id,
                event.unit_id,
                event.organization,
                event.role,
                event.language.value,
                orjson.dumps(channels).decode(),
                event.originator_version,
            ),
        )
    ]


RECIPIENTS = ReadModel(TABLES, changes)

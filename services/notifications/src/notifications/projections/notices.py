"""The inboxes. `number` counts a recipient's notices from 1: the cursor of the list and the id of the stream.

It follows from the order of the log alone, so a table that is made again from the log has the same numbers.
"""

from collections.abc import Sequence
from typing import LiteralString

import orjson
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from notifications.domain.notice import Notice

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS notices (
    id uuid PRIMARY KEY, recipient_id uuid NOT NULL, number bigint NOT NULL, unit_id uuid NOT NULL,
    cause_id text NOT NULL, cause_type text NOT NULL, facts jsonb NOT NULL, citations text[] NOT NULL,
    written_at timestamptz NOT NULL, read_at timestamptz, version bigint NOT NULL, UNIQUE (recipient_id, number));
CREATE INDEX IF NOT EXISTS notices_unread ON notices (recipient_id) WHERE read_at IS NULL;
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    match event:
        case Notice.NoticeWritten():
            return [
                (
                    "INSERT INTO notices (id, recipient_id, number, unit_id, cause_id, cause_type, facts, citations, "
                    "written_at, version) VALUES (%s, %s, (SELECT coalesce(max(number), 0) + 1 FROM notices "
                    "WHERE recipient_id = %s), %s, %s, %s, %s, %s, %s, %s)",
                    (
                        event.originator_id,
                        event.recipient_id,
                        event.recipient_id,
                        event.unit_id,
                        event.cause_id,
                        event.cause_type,
                        orjson.dumps(event.facts).decode(),
                        list(event.citations),
                        event.cause.recorded_at,
                        event.originator_version,
                    ),
                )
            ]
        case Notice.NoticeRead():
            return [
                (
                    "UPDATE notices SET read_at = %s, version = %s WHERE id = %s",
                    (event.cause.recorded_at, event.originator_version, event.originator_id),
                )
            ]
        case Notice.NotificationSent() | Notice.NotificationFailed() | Notice.RetryAsked():
            return [("UPDATE notices SET version = %s WHERE id = %s", (event.originator_version, event.originator_id))]
    return []


NOTICES = ReadModel(TABLES, changes)

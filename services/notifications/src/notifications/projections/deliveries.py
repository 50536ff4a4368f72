"""What is to be delivered by other channels than the inbox, and what became of it.

`LEASES` isn't a read model: it says for how long a deliverer has a delivery to itself, and may be emptied at any time
at the cost of a delivery made twice.
"""

from collections.abc import Sequence
from typing import LiteralString

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from notifications.domain.notice import Notice, delivery_id

CHANNEL = "deliveries"
"""Notified when there is something to deliver."""

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS deliveries (
    id uuid PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY UNIQUE, notice_id uuid NOT NULL,
    recipient_id uuid NOT NULL, channel text NOT NULL, status text NOT NULL, attempts integer NOT NULL,
    reason text, due_at timestamptz, settled_at timestamptz, version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_by_status ON deliveries (status, number);
"""

LEASES: LiteralString = """
CREATE TABLE IF NOT EXISTS delivery_leases (delivery_id uuid PRIMARY KEY, until timestamptz NOT NULL);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    at, version, notice_id = event.cause.recorded_at, event.originator_version, event.originator_id
    match event:
        case Notice.NoticeWritten() if event.channels:
            waiting: list[Statement] = [
                (
                    "INSERT INTO deliveries (id, notice_id, recipient_id, channel, status, attempts, due_at, version) "
                    "VALUES (%s, %s, %s, %s, 'waiting', 0, %s, %s)",
                    (delivery_id(notice_id, channel), notice_id, event.recipient_id, channel.value, at, version),
                )
                for channel in event.channels
            ]
            return [*waiting, (f"NOTIFY {CHANNEL}", ())]
        case Notice.NotificationSent():
            return [
                (
                    "UPDATE deliveries SET status = 'sent', attempts = %s, reason = NULL, due_at = NULL, "
                    "settled_at = %s, version = %s WHERE id = %s",
                    (event.attempt, at, version, delivery_id(notice_id, event.channel)),
                )
            ]
        case Notice.NotificationFailed():
            return [
                (
                    "UPDATE deliveries SET status = %s, attempts = %s, reason = %s, due_at = %s, settled_at = %s, "
                    "version = %s WHERE id = %s",
                    (
                        "waiting" if event.again_at else "failed",
                        event.attempt,
                        event.reason,
                        event.again_at,
                        None if event.again_at else at,
                        version,
                        delivery_id(notice_id, event.channel),
                    ),
                )
            ]
        case Notice.RetryAsked():
            return [
                (
                    "UPDATE deliveries SET status = 'waiting', due_at = %s, settled_at = NULL, version = %s "
                    "WHERE id = %s",
                    (at, version, delivery_id(notice_id, event.channel)),
                ),
                (f"NOTIFY {CHANNEL}", ()),
            ]
    return []


DELIVERIES = ReadModel(TABLES, changes)

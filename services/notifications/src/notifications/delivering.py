"""The deliverer's use cases: which delivery is due, whose turn it is, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import structlog
from baqylau.contracts.base import contract_of
from baqylau.contracts.values import ChannelKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.work import Work
from baqylau.segregation import KnownUnits

from notifications.channels.message import Message
from notifications.domain import paragraph_2
from notifications.domain.notice import Failure, Notice
from notifications.domain.recipient import Recipient
from notifications.domain.texts import TITLE
from notifications.domain.wording import SUBJECT, worded
from notifications.projections.postings import posted

LEASE = timedelta(seconds=60)
"""How long a claimed delivery is one deliverer's alone: longer than any attempt lasts."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handling:
    """What every act of handling asks: the line's regime, and the units that it may handle records in."""

    units: KnownUnits
    regime: Regime
    actor: str


def next_due(service: Service, now: datetime) -> datetime | None:
    """When the first delivery that nobody has claimed is due; None: none waits."""
    rows = service.store.read(
        "SELECT due_at FROM deliveries WHERE status = 'waiting' AND NOT EXISTS "
        "(SELECT 1 FROM delivery_leases WHERE delivery_id = id AND until > %s) ORDER BY due_at LIMIT 1",
        (now,),
    )
    return rows[0][0] if rows else None


def claim(work: Work, handling: Handling, now: datetime) -> Message | None:
    """Take the delivery that has been due longest. None: none is, or it may not be sent (which is then recorded).

    It is claimed first: one that can't be prepared holds up no other, and comes again when its claim has run out.
    """
    rows = work.read(
        "SELECT id, notice_id, recipient_id, channel FROM deliveries WHERE status = 'waiting' AND due_at <= %s "
        "AND NOT EXISTS (SELECT 1 FROM delivery_leases WHERE delivery_id = id AND until > %s) "
        "ORDER BY due_at LIMIT 1",
        (now, now),
    )
    if not rows:
        return None
    delivery_id, notice_id, recipient_id, kind = rows[0]
    work.change(
        "INSERT INTO delivery_leases (delivery_id, until) VALUES (%s, greatest(%s, clock_timestamp()) + %s) "
        "ON CONFLICT (delivery_id) DO UPDATE SET until = excluded.until",
        (delivery_id, now, LEASE),
    )
    try:
        return work.attempt(lambda inner: _prepare(inner, handling, now, delivery_id, notice_id, recipient_id, kind))
    except Exception as error:
        if isinstance(error, psycopg.Error) or out_of_reach(error):
            raise
        log.error("delivery_not_prepared", delivery=str(delivery_id), kind=type(error).__name__)
        return None


def _prepare(
    work: Work, handling: Handling, now: datetime, delivery_id: UUID, notice_id: UUID, recipient_id: UUID, kind: str
) -> Message | None:
    """What is to be sent. Notifying is an act of handling, so unit and posting are looked at again here, after however
    long a pause.
    """
    notice = work.find(Notice, notice_id)
    recipient = work.find(Recipient, Recipient.id_for(recipient_id))
    assert notice is not None
    assert notice.written is not None
    assert recipient is not None
    assert recipient.set is not None
    written = notice.written
    unit = handling.units.permitted(work, written.unit_id, "unit_id")
    serves = posted(work, recipient.set.employee_id, written.unit_id)
    grounds = paragraph_2.member_may_be_notified(unit, posted=serves)
    to = recipient.channel(ChannelKind(kind))
    if grounds or to is None:
        reason = grounds[0].reason if grounds else "channel-removed"
        cause = Cause(actor=handling.actor, recorded_at=now, correlation_id=written.cause.correlation_id)
        notice.settle(ChannelKind(kind), Failure(reason, final=True), cause)
        return None
    language = recipient.set.language
    contract = contract_of(written.cause_type)
    is_open = handling.regime is Regime.NON_CONFIDENTIAL
    return Message(
        id=delivery_id,
        notice_id=notice_id,
        recipient_id=recipient_id,
        correlation_id=written.cause.correlation_id,
        to=to,
        language=language,
        title=getattr(TITLE, language),
        text=worded(written.cause_type, written.facts, written.citations, language, handling.regime),
        subject_id=written.facts[SUBJECT],
        kind=contract.__name__ if is_open and contract else None,
        citations=written.citations,
        written_at=written.cause.recorded_at,
    )


def settle(work: Work, notice_id: UUID, channel: ChannelKind, failure: Failure | None, cause: Cause) -> None:
    """Record what became of an attempt, and give the claim back."""
    notice = work.find(Notice, notice_id)
    assert notice is not None
    notice.settle(channel, failure, cause)
    work.change(
        "DELETE FROM delivery_leases USING deliveries WHERE delivery_id = id AND notice_id = %s AND channel = %s",
        (notice_id, channel.value),
    )

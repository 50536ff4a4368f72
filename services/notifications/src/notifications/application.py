"""The service's use cases: load, command, answer. What is written is written by the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from baqylau.contracts.base import contract_of
from baqylau.contracts.values import ChannelKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import NotFound, Work
from baqylau.refusals import Ground, Refused
from baqylau.segregation import PermittedUnit

from notifications.api.schemas import DeliveryView, NoticeView, PutRecipient, RecipientView
from notifications.delivering import Handling
from notifications.domain import paragraph_2, recipient
from notifications.domain.notice import About, DeliveryStatus, Notice
from notifications.domain.recipient import Language, Recipient
from notifications.domain.wording import SUBJECT, worded
from notifications.projections.postings import posted

_RECIPIENT: LiteralString = (
    "SELECT id, employee_id, unit_id, organization, role, language, channels, version FROM recipients "
)
_RECIPIENT_COLUMNS = ("id", "employee_id", "unit_id", "organization", "role", "language", "channels", "version")
_NOTICE: LiteralString = (
    "SELECT n.id, n.number, n.cause_id, n.cause_type, n.facts, n.citations, n.written_at, n.read_at, n.version "
    "FROM notices n WHERE n.recipient_id = %s AND (%s::uuid[] IS NULL OR n.unit_id = ANY(%s)) "
)
_DELIVERY: LiteralString = (
    "SELECT id, number, notice_id, recipient_id, channel, status, attempts, reason, due_at, settled_at, version "
    "FROM deliveries "
)
_DELIVERY_COLUMNS = (
    "id", "number", "notice_id", "recipient_id", "channel", "status", "attempts", "reason", "due_at", "settled_at",
    "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads inboxes: of these units, or (None) of the whole line."""

    units: frozenset[UUID] | None

    def bounds(self) -> list[UUID] | None:
        """The units as a parameter."""
        return None if self.units is None else list(self.units)


def put_recipient(
    work: Work, handling: Handling, recipient_id: UUID, body: PutRecipient, cause: Cause
) -> RecipientView:
    """Say who is told, and how. Refused under paragraph 2 for a unit or an employee that isn't known here as such."""
    found = work.find_or_new(Recipient, Recipient.id_for(recipient_id))
    work.guard(found.version)
    unit = handling.units.permitted(work, body.unit_id, "unit_id")
    serves = posted(work, body.employee_id, body.unit_id)
    grounds = [*recipient.usable(body.channels), *paragraph_2.member_may_be_notified(unit, posted=serves)]
    if isinstance(unit, PermittedUnit) and unit.organization != body.organization:
        grounds.append(Ground(None, "unit-of-another-organization", "organization"))
    if grounds or not isinstance(unit, PermittedUnit):
        raise Refused(grounds)
    found.put(recipient_id, body.employee_id, unit, body.role.value, body.language, body.channels, cause)
    return RecipientView(
        id=recipient_id,
        version=found.version,
        channels=[channel.model_dump(exclude={"secret"}) for channel in body.channels],
        **body.model_dump(exclude={"channels"}),
    )


def recipient_view(service: Service, recipient_id: UUID) -> RecipientView:
    """One recipient. Raises `NotFound`."""
    rows = service.store.read(_RECIPIENT + "WHERE id = %s", (recipient_id,))
    if not rows:
        raise NotFound
    return RecipientView(**dict(zip(_RECIPIENT_COLUMNS, rows[0], strict=True)))


def tell(work: Work, units: Sequence[PermittedUnit], about: About, cause: Cause) -> None:
    """Write a notice to each recipient who serves in one of the units now. Those who have it already keep it."""
    by_id = {unit.id: unit for unit in units}
    rows = work.read(
        "SELECT id, unit_id, channels FROM recipients r WHERE unit_id = ANY(%s) AND EXISTS (SELECT 1 FROM "
        "known_postings p WHERE p.unit_id = r.unit_id AND p.employee_id = r.employee_id AND NOT p.ended) ORDER BY id",
        (list(by_id),),
    )
    notice_ids = {recipient_id: Notice.id_for(about.cause_id, recipient_id) for recipient_id, _, _ in rows}
    had = {row[0] for row in work.read("SELECT id FROM notices WHERE id = ANY(%s)", (list(notice_ids.values()),))}
    for recipient_id, unit_id, channels in rows:
        if notice_ids[recipient_id] not in had:
            kinds = [ChannelKind(kind) for channel in channels for kind in channel]
            notice = work.add(Notice(notice_ids[recipient_id]))
            notice.write(recipient_id, by_id[unit_id], about, kinds, cause)


def inbox(
    service: Service, regime: Regime, recipient_id: UUID, reader: Reader, before: int | None, limit: int
) -> tuple[list[NoticeView], int]:
    """Notices newest first, behind a cursor, and how many are unread. Raises `NotFound`."""
    language, seen = _language(service, recipient_id, reader), reader.bounds()
    rows = service.store.read(
        _NOTICE + "AND (%s::bigint IS NULL OR n.number < %s) ORDER BY n.number DESC LIMIT %s",
        (recipient_id, seen, seen, before, before, limit),
    )
    unread = service.store.read(
        "SELECT count(*) FROM notices WHERE recipient_id = %s AND read_at IS NULL "
        "AND (%s::uuid[] IS NULL OR unit_id = ANY(%s))",
        (recipient_id, seen, seen),
    )
    return [_notice(row, language, regime) for row in rows], unread[0][0]


def newer(
    service: Service, regime: Regime, recipient_id: UUID, reader: Reader, after: int, limit: int
) -> list[NoticeView]:
    """Notices oldest first, behind a number. Raises `NotFound`."""
    language, seen = _language(service, recipient_id, reader), reader.bounds()
    rows = service.store.read(
        _NOTICE + "AND n.number > %s ORDER BY n.number LIMIT %s", (recipient_id, seen, seen, after, limit)
    )
    return [_notice(row, language, regime) for row in rows]


def read_notice(
    work: Work, regime: Regime, recipient_id: UUID, notice_id: UUID, reader: Reader, cause: Cause
) -> NoticeView:
    """Mark a notice as read; one that was read stays read since then. Raises `NotFound`."""
    language, seen = _language(work, recipient_id, reader), reader.bounds()
    rows = work.read(_NOTICE + "AND n.id = %s", (recipient_id, seen, seen, notice_id))
    if not rows:
        raise NotFound
    notice = work.resource(Notice, notice_id)
    notice.read(recipient_id, cause)
    return _notice(rows[0], language, regime).model_copy(update={"version": notice.version, "read_at": notice.read_at})


def deliveries(service: Service, status: DeliveryStatus | None, before: int | None, limit: int) -> list[DeliveryView]:
    """Deliveries, newest first, behind a cursor."""
    rows = service.store.search(
        _DELIVERY + "WHERE (%s::text IS NULL OR status = %s) AND (%s::bigint IS NULL OR number < %s) "
        "ORDER BY number DESC LIMIT %s",
        (status, status, before, before, limit),
    )
    return [_delivery(row) for row in rows]


def retry_delivery(work: Work, delivery_id: UUID, cause: Cause) -> DeliveryView:
    """Have a delivery tried again at once. Raises `NotFound`."""
    rows = work.read(_DELIVERY + "WHERE id = %s", (delivery_id,))
    if not rows:
        raise NotFound
    found = _delivery(rows[0])
    notice = work.resource(Notice, found.notice_id)
    notice.retry(found.channel, cause)
    return found.model_copy(
        update={
            "version": notice.version,
            "status": DeliveryStatus.WAITING,
            "due_at": cause.recorded_at,
            "settled_at": None,
        }
    )


def _language(source: Service | Work, recipient_id: UUID, reader: Reader) -> Language:
    """The language of a recipient whom the reader may see. Raises `NotFound`."""
    read = source.read if isinstance(source, Work) else source.store.read
    seen = reader.bounds()
    rows = read(
        "SELECT language FROM recipients WHERE id = %s AND (%s::uuid[] IS NULL OR unit_id = ANY(%s))",
        (recipient_id, seen, seen),
    )
    if not rows:
        raise NotFound
    return Language(rows[0][0])


def _notice(row: tuple[Any, ...], language: Language, regime: Regime) -> NoticeView:
    id_, number, cause_id, cause_type, facts, citations, written_at, read_at, version = row
    contract = contract_of(cause_type)
    return NoticeView(
        version=version,
        id=id_,
        number=number,
        kind=contract.__name__ if contract and regime is Regime.NON_CONFIDENTIAL else None,
        subject_id=facts[SUBJECT],
        text=worded(cause_type, facts, tuple(citations), language, regime),
        citations=citations,
        cause_id=cause_id,
        written_at=written_at,
        read_at=read_at,
    )


def _delivery(row: tuple[Any, ...]) -> DeliveryView:
    return DeliveryView(**dict(zip(_DELIVERY_COLUMNS, row, strict=True)))

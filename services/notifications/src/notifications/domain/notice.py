"""A notice: one event told to one recipient, and its way through the recipient's channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from baqylau.contracts.values import ChannelKind
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import Ground, refuse_if
from baqylau.segregation import PermittedUnit

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a32")

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""Before the second and each later attempt: the schedule that Standard Webhooks recommends, three days in all."""


class DeliveryStatus(StrEnum):
    """`waiting`: to be tried, or tried again; `failed`: not tried again by itself."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class About:
    """What a notice is about. `facts`: the parameters of its text, on the confidential line the subject's id alone."""

    cause_id: str
    cause_type: str
    facts: Mapping[str, str]
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in a code. `final`: trying again can't help."""

    reason: str
    final: bool = False


@dataclass(slots=True)
class Delivery:
    """A notice on one channel. `tries`: attempts since it was written or a retry was asked for."""

    status: DeliveryStatus = DeliveryStatus.WAITING
    attempts: int = 0
    tries: int = 0


class NoticeEvent(DomainEvent):
    """What every public event of a notice says: whose it is, and what it is about."""

    recipient_id: UUID
    organization: str
    unit_id: UUID
    cause_id: str
    cause_type: str


class Notice(Aggregate):
    """Written once for an event and a recipient: the same two give the same id."""

    written: "Notice.NoticeWritten | None"
    read_at: datetime | None
    deliveries: dict[ChannelKind, Delivery]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.written = None
        self.read_at = None
        self.deliveries = {}

    @staticmethod
    def id_for(cause_id: str, recipient_id: UUID) -> UUID:
        """The notice of an event to a recipient."""
        return uuid5(_NAMESPACE, f"notice:{cause_id}/{recipient_id}")

    class NoticeWritten(NoticeEvent):
        """It lies in the inbox, and waits for its other channels."""

        facts: dict[str, str]
        citations: tuple[str, ...]
        channels: tuple[ChannelKind, ...]

        def apply(self, notice: "Notice") -> None:
            notice.written = self
            notice.deliveries = {channel: Delivery() for channel in self.channels}

    class NoticeRead(DomainEvent):
        recipient_id: UUID

        def apply(self, notice: "Notice") -> None:
            notice.read_at = self.cause.recorded_at

    class NotificationSent(NoticeEvent):
        channel: ChannelKind
        attempt: int

        def apply(self, notice: "Notice") -> None:
            notice.deliveries[self.channel] = Delivery(DeliveryStatus.SENT, self.attempt)

    class NotificationFailed(NoticeEvent):
        channel: ChannelKind
        attempt: int
        reason: str
        again_at: datetime | None = None

        def apply(self, notice: "Notice") -> None:
            delivery = notice.deliveries[self.channel]
            delivery.attempts = self.attempt
            delivery.tries += 1
            delivery.status = DeliveryStatus.WAITING if self.again_at else DeliveryStatus.FAILED

    class RetryAsked(DomainEvent):
        channel: ChannelKind

        def apply(self, notice: "Notice") -> None:
            delivery = notice.deliveries[self.channel]
            delivery.status, delivery.tries = DeliveryStatus.WAITING, 0

    def write(
        self, recipient_id: UUID, unit: PermittedUnit, about: About, channels: Sequence[ChannelKind], cause: Cause
    ) -> None:
        """Lay the notice in the recipient's inbox. A notice that is written stays as it is."""
        if self.written is None:
            self.trigger(
                self.NoticeWritten,
                cause,
                recipient_id=recipient_id,
                organization=unit.organization,
                unit_id=unit.id,
                cause_id=about.cause_id,
                cause_type=about.cause_type,
                facts=about.facts,
                citations=about.citations,
                channels=tuple(channels),
            )

    def read(self, recipient_id: UUID, cause: Cause) -> None:
        """The recipient has read it. Once is enough."""
        if self.read_at is None:
            self.trigger(self.NoticeRead, cause, recipient_id=recipient_id)

    def settle(self, channel: ChannelKind, failure: Failure | None, cause: Cause) -> None:
        """Record what became of an attempt. What is settled stays so: a second sender's outcome adds nothing."""
        delivery = self.deliveries[channel]
        if delivery.status is not DeliveryStatus.WAITING or self.written is None:
            return
        written = {name: getattr(self.written, name) for name in _SAID}
        attempt = delivery.attempts + 1
        if failure is None:
            self.trigger(self.NotificationSent, cause, channel=channel, attempt=attempt, **written)
        else:
            again_at = None
            if not failure.final and delivery.tries < len(PAUSES):
                again_at = cause.recorded_at + PAUSES[delivery.tries]
            self.trigger(
                self.NotificationFailed,
                cause,
                channel=channel,
                attempt=attempt,
                reason=failure.reason,
                again_at=again_at,
                **written,
            )

    def retry(self, channel: ChannelKind, cause: Cause) -> None:
        """Try a channel again now, with the pauses from the start. Refused where it has been sent."""
        delivery = self.deliveries[channel]
        refuse_if([Ground(None, "delivery-already-sent", "id")] if delivery.status is DeliveryStatus.SENT else [])
        self.trigger(self.RetryAsked, cause, channel=channel)


_SAID = frozenset(NoticeEvent.model_fields) - frozenset(DomainEvent.model_fields)


def delivery_id(notice_id: UUID, channel: ChannelKind) -> UUID:
    """The delivery of a notice on a channel: the same at every attempt, so that a receiver can tell a repetition."""
    return uuid5(_NAMESPACE, f"delivery:{notice_id}/{channel}")

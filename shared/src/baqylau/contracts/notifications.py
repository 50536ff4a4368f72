"""Events of notifications: what became of each notice, by which channel. Addresses and wording stay inside."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from baqylau.contracts.base import PublicEvent, contract
from baqylau.contracts.values import ChannelKind, Instant


class NoticeEvent(PublicEvent):
    """Base of the notifications' events."""

    service: ClassVar[str] = "notifications"

    notice_id: UUID = Field(description="The notice")
    recipient_id: UUID = Field(description="The recipient, by id only")
    organization: str = Field(description="Code of the recipient's organization")
    unit_id: UUID = Field(description="The recipient's unit: only of the line's regime (2)")
    cause_id: str = Field(description="CloudEvents id of the event that the notice is about")
    cause_type: str = Field(description="CloudEvents type of that event")
    channel: ChannelKind = Field(description="Kind of channel")
    attempt: int = Field(description="Number of this attempt on this channel, from 1")


@contract
class NotificationSent(NoticeEvent):
    """A notice was handed to a channel, or laid in the inbox."""

    sent_at: Instant = Field(description="When")


@contract
class NotificationFailed(NoticeEvent):
    """An attempt to hand a notice to a channel failed."""

    failed_at: Instant = Field(description="When")
    reason_code: str = Field(description="Why, such as connection-refused or http-410")
    final: bool = Field(description="True where it isn't tried again by itself")

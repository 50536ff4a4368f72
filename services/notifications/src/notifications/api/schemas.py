"""The service's HTTP shapes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from baqylau.contracts.values import ChannelKind
from baqylau.platform.auth import Role
from baqylau.platform.commands import Answer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from notifications.domain.notice import DeliveryStatus
from notifications.domain.recipient import Channel, Language

Code = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,40}$")]


class PutRecipient(BaseModel):
    """Who is told of what concerns a unit. The inbox is always a channel; at most one of each other kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    employee_id: UUID
    unit_id: UUID
    organization: Code
    role: Role
    language: Language
    channels: tuple[Channel, ...] = Field((), max_length=2)


class ChannelView(BaseModel):
    """A channel, without its secret."""

    email: str | None = None
    webhook: str | None = None


class RecipientView(Answer):
    id: UUID
    employee_id: UUID
    unit_id: UUID
    organization: str
    role: Role
    language: Language
    channels: list[ChannelView]


class NoticeView(Answer):
    """A notice. On the confidential line `kind` is null, `citations` empty, and the text names an id alone.

    `number`: counts the recipient's notices from 1. `subject_id`: the document or assignment. `cause_id`: the event's.
    """

    id: UUID
    number: int
    kind: str | None
    subject_id: UUID
    text: str
    citations: list[str]
    cause_id: str
    written_at: datetime
    read_at: datetime | None


class Inbox(BaseModel):
    """Newest first. `next`: the cursor to go on after, null at the end."""

    items: list[NoticeView]
    next: int | None
    unread: int


class DeliveryView(Answer):
    """A notice on a channel besides the inbox. `reason`: of the last failure. `due_at`: the next attempt, if any."""

    id: UUID
    number: int
    notice_id: UUID
    recipient_id: UUID
    channel: ChannelKind
    status: DeliveryStatus
    attempts: int
    reason: str | None
    due_at: datetime | None
    settled_at: datetime | None


class DeliveryList(BaseModel):
    items: list[DeliveryView]
    next: int | None

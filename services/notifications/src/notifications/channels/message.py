"""What a channel is handed to send."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.domain.recipient import Channel, Language


@dataclass(frozen=True, slots=True)
class Message:
    """A notice on its way. `kind` and `citations` are empty on the confidential line, whose text holds an id alone.

    `id`: the delivery's, the same at every attempt; a receiver that has had it may pass the message over.
    """

    id: UUID
    notice_id: UUID
    recipient_id: UUID
    correlation_id: str
    to: Channel
    language: Language
    title: str
    text: str
    subject_id: str
    kind: str | None
    citations: tuple[str, ...]
    written_at: datetime

"""A recipient: an employee of a unit, the language it reads and the channels by which it is told besides the inbox."""

import base64
import binascii
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from baqylau.contracts.values import ChannelKind
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import Ground, refuse_if
from baqylau.segregation import PermittedUnit
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a31")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_SECRET_BYTES = range(24, 65)
"""Standard Webhooks: a symmetric secret has between 24 and 64 bytes."""


class Language(StrEnum):
    KK = "kk"
    RU = "ru"
    EN = "en"


class EmailChannel(BaseModel):
    """An address (personal: shown to operators and auditors alone, never logged or published)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = Field(
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
        repr=False,
    )

    @property
    def kind(self) -> ChannelKind:
        """Its kind."""
        return ChannelKind.EMAIL


class WebhookChannel(BaseModel):
    """A URL, and the secret that signs what is sent there (Standard Webhooks: base64, `whsec_` may stand before)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook: str = Field(pattern=r"^https?://[\x21-\x7e]{1,2000}$", repr=False)
    secret: str = Field(max_length=200, repr=False)

    @property
    def kind(self) -> ChannelKind:
        """Its kind."""
        return ChannelKind.WEBHOOK

    def key(self) -> bytes:
        """The secret's bytes. Raises ValueError where it isn't base64 of 24 to 64 bytes."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"), validate=True)
        if len(key) not in _SECRET_BYTES:
            raise ValueError
        return key


def _kind(value: object) -> str:
    has = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return "webhook" if "webhook" in has else "email"


Channel = Annotated[
    Annotated[EmailChannel, Tag("email")] | Annotated[WebhookChannel, Tag("webhook")], Discriminator(_kind)
]


class Recipient(Aggregate):
    """Who is told of what concerns one unit."""

    set: "Recipient.RecipientSet | None"

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.set = None

    @staticmethod
    def id_for(recipient_id: UUID) -> UUID:
        """The aggregate of the recipient that a path names."""
        return uuid5(_NAMESPACE, f"recipient:{recipient_id}")

    class RecipientSet(DomainEvent):
        recipient_id: UUID
        employee_id: UUID
        unit_id: UUID
        organization: str
        role: str
        language: Language
        channels: tuple[Channel, ...]

        def apply(self, recipient: "Recipient") -> None:
            recipient.set = self

    def put(
        self,
        recipient_id: UUID,
        employee_id: UUID,
        unit: PermittedUnit,
        role: str,
        language: Language,
        channels: Sequence[Channel],
        cause: Cause,
    ) -> None:
        """Say who the recipient is and how it is told. The same again changes nothing."""
        refuse_if(usable(channels))
        said = {
            "recipient_id": recipient_id,
            "employee_id": employee_id,
            "unit_id": unit.id,
            "organization": unit.organization,
            "role": role,
            "language": language,
            "channels": tuple(channels),
        }
        if self.set is None or any(getattr(self.set, name) != value for name, value in said.items()):
            self.trigger(self.RecipientSet, cause, **said)

    def channel(self, kind: ChannelKind) -> Channel | None:
        """The channel of that kind, where the recipient has one now."""
        channels = self.set.channels if self.set else ()
        return next((channel for channel in channels if channel.kind is kind), None)


def usable(channels: Sequence[Channel]) -> list[Ground]:
    """What is wrong with channels: one of a kind, TLS but on this machine, a secret that can sign."""
    grounds = []
    kinds = [channel.kind for channel in channels]
    for index, channel in enumerate(channels):
        if channel.kind in kinds[:index]:
            grounds.append(Ground(None, "channel-kind-twice", f"channels.{index}", of_payload=True))
        if isinstance(channel, WebhookChannel):
            grounds += [
                Ground(None, reason, f"channels.{index}.{field}", of_payload=True)
                for reason, field in _faults_of(channel)
            ]
    return grounds


def _faults_of(channel: WebhookChannel) -> list[tuple[str, str]]:
    faults = []
    try:
        url = urlsplit(channel.webhook)
        host, _ = url.hostname or "", url.port
    except ValueError:
        host, url = "", None
    if url is None or not host:
        faults.append(("webhook-malformed", "webhook"))
    else:
        if url.username is not None:
            faults.append(("webhook-with-credentials", "webhook"))
        if url.scheme != "https" and not _LOOPBACK.fullmatch(host):
            faults.append(("webhook-without-tls", "webhook"))
    try:
        channel.key()
    except (ValueError, binascii.Error):
        faults.append(("webhook-secret-malformed", "secret"))
    return faults

"""Settings of this service, and the mail server that they name."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from baqylau.platform.settings import Settings
from pydantic import Field, SecretStr


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in. `tls`: from the first byte; else by STARTTLS, which this machine alone may spare."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: SecretStr
    sender: str


class NotificationsSettings(Settings):
    """What every service needs to know, and where letters are handed in."""

    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="smtps://user:password@host:465 or smtp://…:587; without it, letters fail as "
        "`channel-not-configured`, until an operator has them tried again.",
    )
    smtp_from: str = Field("", description="The address that letters come from.")

    def mail_server(self) -> MailServer | None:
        """The server, or None where none is set. Raises ValueError, which says what is wrong without the password."""
        if not self.smtp_url.get_secret_value():
            return None
        try:
            url = urlsplit(self.smtp_url.get_secret_value())
            host, port = url.hostname, url.port
        except ValueError:
            host, port, url = None, None, urlsplit("")
        if host is None or url.scheme not in ("smtp", "smtps"):
            raise ValueError("BAQYLAU_SMTP_URL has to look like smtps://user:password@host:465 or smtp://host:587")
        if "@" not in self.smtp_from or not self.smtp_from.isprintable():
            raise ValueError("BAQYLAU_SMTP_FROM has to be the address that letters come from")
        tls = url.scheme == "smtps"
        return MailServer(
            host=host,
            port=port or (465 if tls else 587),
            tls=tls,
            user=unquote(url.username) if url.username else None,
            password=SecretStr(unquote(url.password or "")),
            sender=self.smtp_from,
        )

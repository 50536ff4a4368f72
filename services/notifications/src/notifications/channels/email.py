"""Letters by SMTP (RFC 5321), marked as sent by a machine (RFC 3834)."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from ipaddress import ip_address

from notifications.channels.message import Message
from notifications.domain.notice import Failure
from notifications.domain.recipient import EmailChannel
from notifications.settings import MailServer

NOT_CONFIGURED = "channel-not-configured"
_TIMEOUT_SECONDS = 4.0


class Mail:
    """Hands letters to one server; None: none is set."""

    def __init__(self, server: MailServer | None) -> None:
        self._server = server

    def send(self, message: Message, to: EmailChannel) -> Failure | None:
        """None: the server took it. A 5xx answer is final (RFC 5321, 4.2.1)."""
        if self._server is None:
            return Failure(NOT_CONFIGURED, final=True)
        try:
            self._hand_in(self._server, letter(message, to, self._server.sender))
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPAuthenticationError:
            return Failure("smtp-authentication-failed")
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code)
        except TimeoutError:
            return Failure("timed-out")
        except ConnectionRefusedError:
            return Failure("connection-refused")
        except ssl.SSLError:
            return Failure("tls-failed")
        except (smtplib.SMTPException, OSError):
            return Failure("unreachable")
        return None

    def _hand_in(self, server: MailServer, written: EmailMessage) -> None:
        context = ssl.create_default_context()
        connect = partial(smtplib.SMTP_SSL, context=context) if server.tls else smtplib.SMTP
        session = connect(server.host, server.port, timeout=_TIMEOUT_SECONDS)
        try:
            if not server.tls and not _is_this_machine(server.host):
                session.starttls(context=context)
            if server.user is not None:
                session.login(server.user, server.password.get_secret_value())
            session.send_message(written)
            with suppress(smtplib.SMTPException, OSError):  # it has taken the letter, however it says goodbye
                session.quit()
        finally:
            session.close()


def letter(message: Message, to: EmailChannel, sender: str) -> EmailMessage:
    """The same letter at every attempt, with the same Message-ID."""
    written = EmailMessage()
    written["From"] = sender
    written["To"] = to.email
    written["Subject"] = message.title
    written["Date"] = format_datetime(message.written_at)
    written["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2].strip('> ')}>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(message.text)
    written["Content-Language"] = message.language.value
    return written


def _refused(code: int) -> Failure:
    return Failure(f"smtp-{code}", final=500 <= code < 600)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Webhooks as Standard Webhooks 1.0.0 has them: `webhook-id`, `webhook-timestamp` and `webhook-signature` (v1)."""

import base64
import hashlib
import hmac
import socket
import ssl
from datetime import datetime

import orjson
from baqylau.http_client import HttpClient, OutOfReach

from notifications.channels.message import Message
from notifications.domain.notice import Failure
from notifications.domain.recipient import WebhookChannel

TYPE = "baqylau.notice"
_TIMEOUT_SECONDS = 4.0


class Webhooks:
    """Sends messages by POST. Follows no redirection and reads no answer but its status."""

    def __init__(self) -> None:
        self._http = HttpClient(_TIMEOUT_SECONDS)

    def send(self, message: Message, to: WebhookChannel, at: datetime) -> Failure | None:
        """None: a 2xx answer. 410 means that the receiver wants no more."""
        body = payload(message)
        timestamp = int(at.timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(to.key(), str(message.id), timestamp, body),
        }
        try:
            status = self._http.post(to.webhook, content=body, headers=headers)
        except OutOfReach as error:
            return Failure(_reason(error))
        return None if 200 <= status < 300 else Failure(f"http-{status}", final=status == 410)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


def payload(message: Message) -> bytes:
    """`{type, timestamp, data}`. On the confidential line `data` is ids and the sentence that there is something."""
    data = {
        "notice_id": message.notice_id,
        "recipient_id": message.recipient_id,
        "subject_id": message.subject_id,
        "language": message.language.value,
        "text": message.text,
    }
    if message.kind is not None:
        data |= {"kind": message.kind, "citations": message.citations}
    return orjson.dumps({"type": TYPE, "timestamp": message.written_at, "data": data}, option=orjson.OPT_UTC_Z)


def signature(key: bytes, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = hmac.new(key, b"%s.%d.%s" % (id.encode(), timestamp, body), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _reason(error: OutOfReach) -> str:
    if error.timed_out:
        return "timed-out"
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ConnectionRefusedError():
                return "connection-refused"
            case socket.gaierror():
                return "host-unknown"
            case ssl.SSLError():
                return "tls-failed"
        cause = cause.__cause__ or cause.__context__
    return "unreachable"

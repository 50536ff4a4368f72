"""Channels as receivers see them: Standard Webhooks, letters, and what can't be a channel."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from notifications.channels.email import letter
from notifications.channels.message import Message
from notifications.channels.webhook import Webhooks, payload, signature
from notifications.domain.recipient import Channel, EmailChannel, Language, WebhookChannel, usable
from notifications.settings import NotificationsSettings
from pydantic import ValidationError

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
OPEN = {"kind": "DeadlineMissed", "citations": ("RK-703:103-1",)}


def message(to: Channel, **changes: object) -> Message:
    said = {
        "id": uuid4(),
        "notice_id": uuid4(),
        "recipient_id": uuid4(),
        "correlation_id": "c",
        "to": to,
        "language": Language.KK,
        "title": "Бақылау: хабарлама",
        "text": "Сіз танысуға тиіс жазба бар: 1.",
        "subject_id": str(uuid4()),
        "kind": None,
        "citations": (),
        "written_at": datetime(2021, 3, 2, 4, 0, tzinfo=UTC),
    }
    return Message(**said | changes)  # type: ignore[arg-type]


def webhook(url: str = "https://example.kz/hook", secret: str = SECRET) -> WebhookChannel:
    return WebhookChannel(webhook=url, secret=secret)


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    channel = webhook(secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signed = signature(channel.key(), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_of_the_confidential_line_carries_ids_and_one_sentence() -> None:
    sent = orjson.loads(payload(message(webhook())))

    assert sent.keys() == {"type", "timestamp", "data"}
    assert sent["data"].keys() == {"notice_id", "recipient_id", "subject_id", "language", "text"}
    assert sent["timestamp"] == "2021-03-02T04:00:00Z"


def test_a_webhook_of_the_open_line_says_what_happened_and_by_which_paragraph() -> None:
    sent = orjson.loads(payload(message(webhook(), **OPEN)))

    assert sent["data"]["kind"] == "DeadlineMissed"
    assert sent["data"]["citations"] == ["RK-703:103-1"]


def test_a_letter_is_the_same_at_every_attempt_and_marked_as_a_machines() -> None:
    to = EmailChannel(email="a@example.kz")
    said = message(to)

    first, second = letter(said, to, "Baqylau <no-reply@example.kz>"), letter(said, to, "Baqylau <no-reply@example.kz>")

    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"] == f"<{said.id}@example.kz>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Content-Language"] == "kk"
    assert first.get_content().strip() == said.text


@pytest.mark.parametrize(
    ("url", "secret", "reasons"),
    [
        ("http://example.kz/hook", SECRET, ["webhook-without-tls"]),
        ("http://127.0.0.1.example.kz/", SECRET, ["webhook-without-tls"]),
        ("https://user:word@example.kz/", SECRET, ["webhook-with-credentials"]),
        ("https://[::1", SECRET, ["webhook-malformed"]),
        ("https://example.kz:99999/", SECRET, ["webhook-malformed"]),
        ("https://example.kz/", "whsec_short", ["webhook-secret-malformed"]),
        ("https://example.kz/", "кілт" * 10, ["webhook-secret-malformed"]),
        ("http://example.kz/", "", ["webhook-without-tls", "webhook-secret-malformed"]),
        ("http://127.0.0.1:8080/hook", SECRET, []),
        ("http://localhost/hook", SECRET.removeprefix("whsec_"), []),
    ],
)
def test_a_webhook_needs_tls_but_on_this_machine_and_a_secret_that_can_sign(
    url: str, secret: str, reasons: list[str]
) -> None:
    assert [ground.reason for ground in usable([webhook(url, secret)])] == reasons


def test_a_recipient_has_one_channel_of_a_kind() -> None:
    assert [ground.field for ground in usable([webhook(), webhook("https://example.kz/2")])] == ["channels.1"]


@pytest.mark.parametrize("email", ["a", "a@", "a@b c", "a@b.kz\nBcc: c@d.kz", "a@b\x00.kz", "<a@b.kz>", "a@-b.kz"])
def test_what_is_not_an_address_is_no_channel(email: str) -> None:
    with pytest.raises(ValidationError):
        EmailChannel(email=email)


def test_neither_secret_nor_address_shows_where_a_channel_is_printed() -> None:
    printed = repr([webhook(), EmailChannel(email="a@example.kz")])

    assert SECRET not in printed
    assert "example" not in printed


def settings(**more: str) -> NotificationsSettings:
    needed = {"line": "confidential", "port": 1, "kafka_bootstrap": "x"}
    postgres = {f"postgres_{name}": "x" for name in ("host", "user", "password", "dbname")}
    return NotificationsSettings(**needed | postgres | more)  # type: ignore[arg-type]


def test_a_mail_server_is_named_by_one_address() -> None:
    server = settings(smtp_url="smtps://me:p%40ss@mail.example.kz", smtp_from="a@example.kz").mail_server()

    assert server is not None
    assert (server.host, server.port, server.tls, server.user) == ("mail.example.kz", 465, True, "me")
    assert server.password.get_secret_value() == "p@ss"
    assert settings().mail_server() is None


@pytest.mark.parametrize(
    ("url", "sender"),
    [("mail.example.kz", "a@b.kz"), ("http://word@x", "a@b.kz"), ("smtp://x:word", "a@b.kz"), ("smtp://x", "")],
)
def test_a_mail_server_that_cannot_be_used_is_said_at_the_start_without_its_password(url: str, sender: str) -> None:
    with pytest.raises(ValueError, match="BAQYLAU_SMTP_") as said:
        settings(smtp_url=url, smtp_from=sender).mail_server()

    assert "word" not in str(said.value).replace("password", "")


def test_a_process_that_has_sent_nothing_stops_without_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))

    Webhooks().close()

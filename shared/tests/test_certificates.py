"""When a client needs certificates, and that one which does verifies."""

import ssl
from pathlib import Path

import pytest
from baqylau import certificates
from baqylau.lines import Line
from baqylau.messaging.feed import Feed


@pytest.mark.parametrize(
    ("url", "needed"), [("https://a", True), ("HTTPS://a", True), ("a", True), ("http://a", False)]
)
def test_all_but_plain_http_needs_certificates(url: str, needed: bool) -> None:
    assert certificates.needed(url) is needed


def test_a_feed_that_is_read_by_tls_is_verified(tmp_path: Path) -> None:
    feed = Feed("topic", "https://127.0.0.1:1", tmp_path, Line.CONFIDENTIAL)

    context = feed._client._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.get_ca_certs()
    feed.close()

"""A client verifies whom it speaks TLS with, says why there is no answer, and isn't there before it is needed."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from baqylau.http_client import HttpClient, OutOfReach
from baqylau.lines import Line
from baqylau.messaging.feed import Feed

VERIFIES = (ssl.CERT_REQUIRED, True)


def verifying(client: HttpClient) -> tuple[ssl.VerifyMode, bool]:
    context = client._client._transport._pool._ssl_context  # type: ignore[attr-defined]
    client.close()
    return context.verify_mode, context.check_hostname


@pytest.mark.parametrize("only", ["https://a", "HTTPS://a", "a"])
def test_whoever_may_speak_tls_verifies(only: str) -> None:
    assert verifying(HttpClient(1, only)) == VERIFIES


def test_who_may_be_sent_anywhere_verifies() -> None:
    assert verifying(HttpClient(1)) == VERIFIES


def test_a_feed_that_is_read_by_tls_is_verified(tmp_path: Path) -> None:
    assert verifying(Feed("topic", "https://127.0.0.1:1", tmp_path, Line.CONFIDENTIAL)._http) == VERIFIES


class Server(BaseHTTPRequestHandler):
    """Answers what the path says: `/status/body`."""

    def do_GET(self) -> None:
        """As the path says."""
        _, status, body = self.path.split("/", 2)
        self.send_response(int(status))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815 (the server's own name)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Server) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


def test_what_is_answered_is_read(server: str) -> None:
    with closing(HttpClient(20, server)) as client:
        assert client.get_json(f"{server}/200/[1]") == [1]
        assert client.post(f"{server}/410/gone", content=b"x") == 410


@pytest.mark.parametrize(
    ("path", "kind"), [("503/[1]", "status 503"), ("302/[1]", "status 302"), ("200/words", "JSONDecodeError")]
)
def test_an_answer_that_is_of_no_use_says_of_what_kind_it_was(server: str, path: str, kind: str) -> None:
    with closing(HttpClient(20, server)) as client, pytest.raises(OutOfReach, match=f"^{kind}$"):
        client.get_json(f"{server}/{path}")


def test_a_client_without_certificates_asks_nobody_who_might_need_them(server: str) -> None:
    with closing(HttpClient(20, server)) as client, pytest.raises(OutOfReach, match=r"^another server$"):
        client.get_json("https" + server.removeprefix("http"))


def test_where_nobody_answers_the_kind_is_said_and_the_cause_kept() -> None:
    with (
        closing(HttpClient(20, "http://127.0.0.1:1")) as client,
        pytest.raises(OutOfReach, match=r"^ConnectError$") as said,
    ):
        client.post("http://127.0.0.1:1/")
    assert (said.value.timed_out, said.value.__cause__ is None) == (False, False)


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_it_may_take() -> None:
    with socket.socket() as silent, closing(HttpClient(0.05, "http://")) as client:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(OutOfReach) as said:
            client.get_json(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert said.value.timed_out

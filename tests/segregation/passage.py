"""A way between an auditor and the gate on which the gate's answer can be held up."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson

Json = dict[str, Any]


class Passage:
    """Stands between auditor and gate. While `held`, the answer that a breach was raised isn't handed back."""

    def __init__(self) -> None:
        self.gate = ""
        self.reports: list[tuple[Json, Json]] = []
        """Each report of findings, and what the gate answered."""
        self.held = threading.Event()
        self._let_go = threading.Event()
        passage = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name: self.headers[name] for name in ("authorization", "content-type")}
                answer = httpx.post(passage.gate + self.path, content=body, headers=headers, timeout=30)
                judged = answer.json()
                passage.reports.append((orjson.loads(body), judged))
                if passage.held.is_set() and judged["breaches"]:
                    passage._let_go.wait(60)
                with suppress(OSError):  # the auditor is gone
                    self.send_response(answer.status_code)
                    self.send_header("content-length", str(len(answer.content)))
                    self.end_headers()
                    self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def breaches(self, record: str) -> list[int]:
        """What was raised with each report of a record."""
        return [judged["breaches"] for said, judged in self.reports if record in str(said)]

    def let_go(self) -> None:
        self.held.clear()
        self._let_go.set()

    def close(self) -> None:
        self.let_go()
        self._server.shutdown()
        self._server.server_close()

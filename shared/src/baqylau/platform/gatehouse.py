"""What every request passes first: what is in hand is bounded, a body is fit to be stored, faults are answered."""

import asyncio
import re
import time
from collections.abc import Sequence
from uuid import uuid4

import orjson
import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from baqylau.observability.logs import correlation
from baqylau.observability.metrics import HTTP_SECONDS
from baqylau.platform.problems import MAX_FIELD, fault, note, problem
from baqylau.refusals import Ground

_SAFE_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_BODY_FOLLOWS = frozenset({b"content-length", b"transfer-encoding"})
_GONE = 499
"""Only in the metric: the caller went before an answer."""
_ESCAPES = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""A NUL or a half of a surrogate pair, as JSON may escape it; or a backslash and such letters, which is text."""

MAX_IN_HAND = 2048
"""Requests not yet answered, at most."""
MAX_STREAMS = 512
"""Those of them that follow a stream, which lasts."""
MAX_HELD_BYTES = 64 * 1024 * 1024
"""Of all bodies in hand together; files apart."""
MAX_FILES = 64
"""Files under way inwards: a piece of each is in memory."""
RECEIVE_SECONDS = 30.0
"""How long a body may take to come: a caller that declares one and doesn't send it holds a place."""

log = structlog.get_logger(__name__)


class Gatehouse:
    """Bounds what is in hand, gives each request its correlation id, and measures it. Logs nothing of the request.

    PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate: a path or query with a NUL is answered 422 here. Such
    characters in a JSON body are noted in the scope, so that they are refused with all other grounds (`noted`).
    `big_bodies`: endings of paths that take files, which a route reads and bounds itself.
    """

    def __init__(self, app: ASGIApp, limit: int, big_bodies: tuple[str, ...]) -> None:
        self._app = app
        self._limit = limit
        self._big_bodies = big_bodies
        self._in_hand = self._streams = self._files = self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        asked = headers.get(b"x-correlation-id", b"").decode("latin-1")
        own = asked if _SAFE_CORRELATION.fullmatch(asked) else str(uuid4())
        token = correlation.set(own)
        started, status = time.perf_counter(), _GONE
        stream = scope["path"].endswith("/stream")
        big = bool(self._big_bodies) and scope["path"].endswith(self._big_bodies)
        file = big and scope["method"] != "GET"
        full = self._in_hand >= MAX_IN_HAND or self._streams + stream > MAX_STREAMS or self._files + file > MAX_FILES
        self._in_hand += 1
        self._streams += stream
        self._files += file

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", own.encode())]
            await send(message)

        try:
            if full:
                await _busy()(scope, receive, answer)
            elif "\0" in scope["path"] or b"%00" in scope["query_string"]:
                await problem(422, "The address holds a NUL.", _grounds([""]))(scope, receive, answer)
            elif big or (scope["method"] in _WITHOUT_BODY and not headers.keys() & _BODY_FOLLOWS):
                await self._app(scope, receive, answer)
            else:
                await self._bounded(scope, receive, answer, headers)
        except asyncio.CancelledError:  # the process stops, and this took longer than it waits
            if status != _GONE:
                raise
            await _stopping()(scope, receive, answer)
        except Exception as error:
            if status != _GONE:
                log.error("answer_broken_off", kind=type(error).__name__)
                raise
            await fault(error, scope)(scope, receive, answer)
        finally:
            self._in_hand -= 1
            self._streams -= stream
            self._files -= file
            correlation.reset(token)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", "unknown")
            HTTP_SECONDS.labels(method, route, str(status)).observe(time.perf_counter() - started)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        body = bytearray()
        try:
            refused = await self._take_in(body, receive, headers.get(b"content-length", b"0"))
            if refused is None:
                await self._hand_over(scope, receive, send, bytes(body))
            else:
                await refused(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            self._held -= len(body)

    async def _take_in(self, body: bytearray, receive: Receive, declared: bytes) -> Response | None:
        """Receive a whole body; else answer why not. Raises `ClientDisconnect`."""
        if declared.isdigit() and int(declared) > self._limit:
            return self._too_long()
        try:
            async with asyncio.timeout(RECEIVE_SECONDS):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    piece = message.get("body", b"")
                    body += piece
                    self._held += len(piece)
                    if self._held > MAX_HELD_BYTES:
                        return _busy()
                    if len(body) > self._limit:
                        return self._too_long()
                    more = message.get("more_body", False)
        except TimeoutError:
            return problem(408, "The body didn't come in time. Nothing was recorded.")
        return None

    def _too_long(self) -> Response:
        return problem(413, f"A body is at most {self._limit} bytes.")

    async def _hand_over(self, scope: Scope, receive: Receive, send: Send, whole: bytes) -> None:
        if b"\0" in whole or _ESCAPES.search(whole):  # the first: JSON in UTF-16, which nobody need send
            try:
                fields = _unstorable(orjson.loads(whole))
            except orjson.JSONDecodeError:  # no JSON at all, or with a lone surrogate
                fields = [""]
            note(scope, _grounds(fields))
        handed = False

        async def once() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": whole, "more_body": False}

        await self._app(scope, once, send)


def _busy() -> Response:
    return problem(503, "Too many requests are in hand. Nothing was recorded.", headers={"Retry-After": "1"})


def _stopping() -> Response:
    return problem(
        503,
        "This process stops, and the outcome isn't known. Send the same again, with the same Idempotency-Key.",
        headers={"Retry-After": "2"},
    )


def _grounds(fields: Sequence[str]) -> list[Ground]:
    return [
        Ground(None, "character-not-allowed", field.removeprefix(".")[:MAX_FIELD] or None, of_payload=True)
        for field in fields
    ]


def _unstorable(value: object, place: str = "") -> list[str]:
    """The fields, dotted, that hold a NUL."""
    match value:
        case str():
            return [place] if "\0" in value else []
        case list():
            return [found for index, one in enumerate(value) for found in _unstorable(one, f"{place}.{index}")]
        case dict():
            names = [place for name in value if "\0" in name]
            return names + [found for name, one in value.items() for found in _unstorable(one, f"{place}.{name}")]
    return []

"""The load: requests made beforehand, sent by one process that does nothing else, so that it takes little of the CPU.

Closed loop: each client waits for its answer before it sends the next. Open loop (`rate`): requests fall due at a
constant rate, whether or not the server keeps up, and an answer's time counts from when its request fell due, also
where it had to wait for a free connection. Otherwise a server that stands still would be asked less, and look better.
"""

import gc
import json
import multiprocessing
import selectors
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from benchmarks.harness import Sample, percentile

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
_GOOD = (b"200", b"201")
_TOO_BUSY = 0.8


@dataclass(frozen=True)
class Plan:
    """What to send. `clients`: for each client, its requests in turn, begun anew at the end.

    `warm`, `seconds`: how long it is sent before it is counted, and then counted. `rate`: requests a second of an
    open loop.
    """

    clients: Sequence[Sequence["Request"]]
    seconds: float = 5.0
    warm: float = 0.5
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request's bytes, and the base URL of the server that gets it."""

    url: str
    content: bytes


@dataclass(frozen=True)
class Load:
    """What came of it: the times of the good answers, in s; how many others there were, and the first of those.

    `busy`: the share of its time that this process itself worked.
    """

    seconds: float
    times: Sequence[float]
    refused: int
    first_refused: str
    busy: float

    def sample(self) -> Sample:
        """Answers a second, and percentiles in ms.

        Raises `RuntimeError` where a request was refused, or the load was short of time itself.
        """
        if self.refused or not self.times:
            raise RuntimeError(f"{self.refused} requests were refused, the first with: {self.first_refused}")
        if self.busy > _TOO_BUSY:
            raise RuntimeError(
                f"the load itself was busy for {self.busy:.0%} of its time: the figure is not the server's"
            )
        extra = {f"p{share} ms": percentile(self.times, share / 100) * 1000 for share in (50, 99)}
        return Sample(len(self.times) / self.seconds, extra)


def request(method: str, url: str, path: str, token: str, body: Any = None) -> Request:
    """A request, for a connection that is kept open."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return Request(url, head.encode() + b"\r\n" + content)


class Generator:
    """The process that sends, started once and used for all rounds. A context manager."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> Self:
        self._pool.submit(gc.freeze).result()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()

    def run(self, plan: Plan) -> Load:
        """Send a plan's requests until its time is over and return what came of it."""
        return self._pool.submit(run, plan).result()


class Client:
    """One client: a kept connection to each of its servers, and the time from which the request under way counts."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.sockets = {url: connected(url) for url in {request.url for request in requests}}
        self._requests = [(self.sockets[request.url], request.content) for request in requests]
        self._next = 0
        self._received = b""
        self._waits_for = self._requests[0][0]
        self.since = 0.0

    def send(self, since: float) -> None:
        """Send the next request; it's small enough for the socket's buffer. `since`: when its time begins."""
        self.since = since
        self._waits_for, content = self._requests[self._next]
        self._waits_for.sendall(content)
        self._next = (self._next + 1) % len(self._requests)

    def answer(self) -> bytes | None:
        """A whole answer; None: there is more to come. Raises `ConnectionError` when it was closed."""
        received = self._waits_for.recv(262_144)
        if not received:
            raise ConnectionError("the server closed a connection")
        self._received = found = self._received + received
        head = found.find(_END_OF_HEAD)
        if head < 0:
            return None
        at = found.find(_LENGTH) + len(_LENGTH)
        if len(found) < head + len(_END_OF_HEAD) + int(found[at : found.index(b"\r", at)]):
            return None
        self._received = b""
        return found

    def close(self) -> None:
        """Close its connections."""
        for connection in self.sockets.values():
            connection.close()


def run(plan: Plan) -> Load:
    """What the generator's process does. Raises `ConnectionError` when the server closes a connection."""
    clients = [Client(requests) for requests in plan.clients]
    gc.disable()
    try:
        return _run(plan, clients)
    finally:
        gc.enable()
        for client in clients:
            client.close()


def connected(url: str) -> socket.socket:
    """A connection to a server, given its base URL."""
    target = urlsplit(url)
    assert target.hostname is not None
    assert target.port is not None
    found = socket.create_connection((target.hostname, target.port))
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


class _Open:
    """An open loop: what falls due at a constant rate is sent as soon as a connection is free."""

    def __init__(self, rate: float, started: float, clients: Sequence[Client]) -> None:
        self._rate = rate
        self._started = started
        self._free = list(clients)
        self._sent = 0

    def send_due(self, now: float) -> float:
        """Send what is due. Returns when to come again, if nothing is answered before."""
        due = int((now - self._started) * self._rate)
        for _ in range(min(due - self._sent, len(self._free))):
            self._sent += 1
            self._free.pop().send(self._started + self._sent / self._rate)
        return self._started + (self._sent + 1) / self._rate if self._free else float("inf")

    def answered(self, client: Client) -> None:
        """The connection is free again."""
        self._free.append(client)


def _run(plan: Plan, clients: list[Client]) -> Load:
    times: list[float] = []
    refused: list[bytes] = []
    now = started = time.perf_counter()
    counted_from, end = started + plan.warm, started + plan.warm + plan.seconds
    loop = None if plan.rate is None else _Open(plan.rate, started, clients)
    worked = time.process_time()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            for connection in client.sockets.values():
                selector.register(connection, selectors.EVENT_READ, client)
            if loop is None:
                client.send(now)
        while now < end:
            wake = end if loop is None else min(end, loop.send_due(now))
            for key, _ in selector.select(max(0.0, wake - now)):
                client = key.data
                answer = client.answer()
                if answer is None:
                    continue
                now = time.perf_counter()
                if answer[9:12] not in _GOOD:
                    refused.append(answer)
                elif counted_from <= now < end:
                    times.append(now - client.since)
                if loop is None:
                    client.send(now)
                else:
                    loop.answered(client)
            now = time.perf_counter()
    return Load(
        seconds=plan.seconds,
        times=times,
        refused=len(refused),
        first_refused=refused[0].decode(errors="replace") if refused else "",
        busy=(time.process_time() - worked) / (now - started),
    )

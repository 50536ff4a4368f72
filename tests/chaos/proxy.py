"""A TCP proxy on the loopback interface, between the services and broker or database: it cuts, slows and holds up.

A connection belongs to a process. Each process has a port of its own to the database; to the broker there is one port
for all, because the broker tells every client where to come: whose a connection is, is found out when it matters.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]
from baqylau_infra.ports import HOST

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""

CHUNK = 65536
SLOW_SECONDS = 0.1
"""What a slow connection adds to each piece, both ways."""
_LOOK_SECONDS = 0.05


class Part(StrEnum):
    """What lies behind."""

    BROKER = "broker"
    DATABASE = "database"


class Weather(StrEnum):
    """What becomes of a process's connections. `HELD`: open, and nothing arrives, as where a network is gone."""

    FAIR = "fair"
    CUT = "cut"
    SLOW = "slow"
    HELD = "held"


@dataclass(eq=False)
class _Link:
    part: Part
    owner: str | None
    client_port: int
    writers: tuple[asyncio.StreamWriter, ...]

    def abort(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Proxy:
    """Runs on a thread of its own. A context manager. `ports_of`: the local ports of a process's connections."""

    def __init__(self, ports_of: Callable[[str], Set[int]]) -> None:
        self._ports_of = ports_of
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._links: set[_Link] = set()
        self._weather: dict[tuple[Part, str], Weather] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for link in self._links:
            link.abort()
        await asyncio.sleep(_LOOK_SECONDS)

    def listen(self, part: Part, address: Callable[[], Address], owner: str | None = None) -> int:
        """Take connections at a free port, and answer it. `owner`: whose they all are."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                port: int = writer.get_extra_info("peername")[1]
                whose = owner or await self._sought(part, port)
                await self._serve(part, whose, port, address(), reader, writer)
            writer.transport.abort()

        async def start() -> int:
            server = await asyncio.start_server(handle, HOST, 0, backlog=512)
            self._servers.append(server)
            port: int = server.sockets[0].getsockname()[1]
            return port

        return asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)

    async def _sought(self, part: Part, port: int) -> str | None:
        """Whether it's a connection of one that has bad weather now."""
        for place, name in [key for key, weather in self._weather.items() if weather is not Weather.FAIR]:
            if place is part and port in await asyncio.to_thread(self._ports_of, name):
                return name
        return None

    def set(self, part: Part, owner: str, weather: Weather) -> None:
        """From now on. What was cut stays cut; what was held arrives."""
        ports = self._ports_of(owner)

        def change() -> None:
            self._weather[part, owner] = weather
            for link in [link for link in self._links if link.part is part]:
                if link.owner is None and link.client_port in ports:
                    link.owner = owner
                if weather is Weather.CUT and link.owner == owner:
                    link.abort()

        self._loop.call_soon_threadsafe(change)

    def _now(self, link: _Link) -> Weather:
        return self._weather.get((link.part, link.owner or ""), Weather.FAIR)

    async def _serve(
        self,
        part: Part,
        owner: str | None,
        port: int,
        address: Address,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if self._weather.get((part, owner or "")) is Weather.CUT:
            return
        if isinstance(address, str):
            there = await asyncio.open_unix_connection(address)
        else:
            there = await asyncio.open_connection(*address)
        link = _Link(part, owner, port, (writer, there[1]))
        self._links.add(link)
        for one in link.writers:
            sock = one.get_extra_info("socket")
            if sock.family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.gather(self._pump(link, reader, there[1]), self._pump(link, there[0], writer))
        finally:
            self._links.discard(link)
            link.abort()

    async def _pump(self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            while self._now(link) is Weather.HELD:
                await asyncio.sleep(_LOOK_SECONDS)
            if self._now(link) is Weather.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            writer.write(data)
            await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


def local_ports(pid: int) -> Set[int]:
    """The local ports of a process's connections; of one that is gone, none."""
    with suppress(psutil.Error):
        return {c.laddr.port for c in psutil.Process(pid).net_connections("tcp") if c.laddr}
    return set()

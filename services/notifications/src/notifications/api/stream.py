"""An inbox as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
from baqylau.eventstore.work import NotFound
from baqylau.platform.runtime import Runtime
from fastapi import Request

from notifications import application
from notifications.application import Reader

_STILL_HERE_SECONDS = 15.0
_BATCH = 100


def follow(request: Request, recipient: UUID, reader: Reader, after: int) -> AsyncIterator[bytes]:
    """The stream from `Last-Event-ID`, or else from behind `after`. Raises `NotFound` before the first byte."""
    resumed = request.headers.get("last-event-id", "")
    number = int(resumed) if resumed.isascii() and resumed.isdigit() and len(resumed) < 19 else after
    state = request.app.state
    application.newer(state.service, state.handling.regime, recipient, reader, number, 1)
    return _follow(request, state.runtime, recipient, reader, number)


async def _follow(
    request: Request, runtime: Runtime, recipient: UUID, reader: Reader, number: int
) -> AsyncIterator[bytes]:
    regime = request.app.state.handling.regime
    yield b": following\n\n"
    while not await request.is_disconnected() and not runtime.stopping.is_set():
        woken = runtime.commits.next()
        try:
            found = await asyncio.to_thread(
                application.newer, runtime.service, regime, recipient, reader, number, _BATCH
            )
        except (psycopg.Error, NotFound):  # away, or no longer this reader's to see: the caller may come again
            return
        for notice in found:
            number = notice.number
            yield b"id: %d\nevent: notice\ndata: %s\n\n" % (number, notice.model_dump_json().encode())
        if not found:
            try:
                await asyncio.wait_for(woken, _STILL_HERE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"

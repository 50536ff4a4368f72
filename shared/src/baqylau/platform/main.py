"""A service's process, from settings to exit."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from baqylau.eventstore.store import ForeignDatabase, out_of_reach
from baqylau.lines import Line
from baqylau.messaging.backoff import Backoff
from baqylau.observability.logs import configure_logs
from baqylau.platform.auth import require_own_token
from baqylau.platform.runtime import Runtime
from baqylau.platform.settings import ProcessSettings

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=ProcessSettings)

STOP_SECONDS = 3
"""How long open requests may take after SIGTERM; then they are ended. With what follows, a stop takes 10 s at most,
also where database and broker hang: the limits of consumer, writer, relay and pool add up to 6 s."""


def main(name: str, settings_of: type[S], create_app: Callable[[S], FastAPI]) -> None:
    """Serve until SIGTERM or SIGINT. Settings that are wrong are said in one sentence, with exit code 2.

    `settings_of`: `Settings`, or a class of the service's own that adds to it. While the database is away, it waits.
    """
    try:
        settings = settings_of()
        configure_logs(name, settings.line)
        if settings.line is not Line.GATE and settings.service_token_file is not None:
            require_own_token(settings.service_token_file, settings.line)
        listening = _bound(settings)
        app = _created(settings, create_app)
    except ValidationError as error:
        missing = ", ".join(f"BAQYLAU_{'_'.join(map(str, e['loc'])).upper()} ({e['type']})" for e in error.errors())
        sys.exit(_said(f"{name} can't start with these settings: {missing}."))
    except (ValueError, ForeignDatabase) as error:
        sys.exit(_said(f"{name} won't start: {error}."))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        limit_concurrency=2048,
        backlog=2048,
    )
    server = _Server(config, getattr(app.state, "runtime", None))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if not server.started:
        sys.exit(3)


def _bound(settings: ProcessSettings) -> socket.socket:
    """The process's own port; it listens once the app is there. Raises ValueError where another program has it."""
    found = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host, settings.port))
    except OSError as error:
        raise ValueError(
            f"{settings.host}:{settings.port} can't be had ({error.strerror}); is BAQYLAU_PORT another service's?"
        ) from error
    return found


def _created(settings: S, create_app: Callable[[S], FastAPI]) -> FastAPI:
    backoff = Backoff()
    while True:
        try:
            return create_app(settings)
        except Exception as error:
            if not out_of_reach(error):
                raise
            log.warning("database_out_of_reach", kind=type(error).__name__)
            backoff.wait(threading.Event())


class _Server(uvicorn.Server):
    """Tells the runtime of a stop before it waits for open requests: a stream would never end of itself."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime | None) -> None:
        super().__init__(config)
        self._runtime = runtime

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._runtime is not None:
            self._runtime.begin_stop()
            await asyncio.sleep(0)  # those who follow the log are woken
        await super().shutdown(sockets)


def _said(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2

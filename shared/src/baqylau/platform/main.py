"""A service's process, from settings to exit."""

import asyncio
import gc
import os
import signal
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
from baqylau.messaging.backoff import Backoff
from baqylau.observability.logs import configure_logs
from baqylau.platform import operations
from baqylau.platform.gatehouse import MAX_IN_HAND
from baqylau.platform.own_settings import require_own_database, require_own_settings
from baqylau.platform.runtime import Runtime
from baqylau.platform.settings import ProcessSettings

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=ProcessSettings)

SWITCH_SECONDS = 0.001
"""How long a thread may go on while another waits to; by default 5 ms. The writer waits so after each answer of the
database, and with it all whose commands it holds, while the event loop reads the next requests."""
GARBAGE = (20_000, 20, 50)
"""How many objects may come before the collector looks at them, and how often it looks further. By default, 700: some
ten times in each batch of commands. Of what requests leave behind, next to nothing is garbage to it."""
STOP_SECONDS = 3
"""How long open requests may take after SIGTERM; then they are ended. With what follows, a stop takes 10 s at most,
also where database and broker hang: the limits of consumer (or watcher), writer, relay and pool add up to 6 s."""


def main(name: str, settings_of: type[S], create_app: Callable[[S], FastAPI]) -> None:
    """Serve until SIGTERM or SIGINT; or, with an argument, `verify` or `rebuild` (`baqylau.platform.operations`).

    Settings that are wrong are said in one sentence, with exit code 2. `settings_of`: `Settings`, or a class of the
    service's own that adds to it. While the database is away, a service waits; `verify` and `rebuild` don't.
    """
    try:
        settings = settings_of()
        configure_logs(name, settings.line)
        set_interpreter()
        if len(sys.argv) > 1:
            sys.exit(_operate(sys.argv[1:], settings, create_app))
        require_own_settings(settings)
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
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        limit_concurrency=2 * MAX_IN_HAND,  # connections, also those at rest; `Gatehouse` says it in better words
        backlog=2048,
    )
    runtime: Runtime | None = getattr(app.state, "runtime", None)
    if runtime is not None and not runtime.service.store.has_own_read_models():
        sys.exit(_said(f"{name} won't start: its read models are of another release; run its `rebuild` first."))
    server = _Server(config, runtime)
    gc.collect()
    gc.freeze()  # what is here by now stays; to look at it again and again would hold up requests for 0.1 s each time
    signal.signal(signal.SIGTERM, _ended)  # the server raises it again once it has stopped
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if not server.started:
        sys.exit(3)


def set_interpreter() -> None:
    """The interpreter's settings for what is done here, by several threads and with many objects that soon go."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*GARBAGE)


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


def _operate(arguments: list[str], settings: S, create_app: Callable[[S], FastAPI]) -> int:
    if arguments not in (["verify"], ["rebuild"]):
        return _said("Say `verify` or `rebuild`, or nothing to serve.")
    try:
        runtime: Runtime = create_app(settings).state.runtime
    except Exception as error:
        if not out_of_reach(error):
            raise
        return _said(f"The database can't be reached ({type(error).__name__}).")
    return operations.run(runtime, arguments[0])


def _created(settings: S, create_app: Callable[[S], FastAPI]) -> FastAPI:
    backoff = Backoff()
    while True:
        try:
            return create_app(settings)
        except Exception as error:
            if not out_of_reach(error):
                raise
            require_own_database(settings)
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


def _ended(*_: object) -> None:
    """All has stopped but threads that wait for a server that hangs: the interpreter would wait for those."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _said(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2

"""A service's process, from settings to exit."""

import sys
from collections.abc import Callable
from typing import TypeVar

import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from baqylau.eventstore.store import ForeignDatabase
from baqylau.observability.logs import configure_logs
from baqylau.platform.settings import ProcessSettings

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=ProcessSettings)

STOP_SECONDS = 8
"""How long open requests may take after SIGTERM; then they are ended."""


def main(name: str, settings_of: type[S], create_app: Callable[[S], FastAPI]) -> None:
    """Serve until SIGTERM or SIGINT. Settings that are wrong are said in one sentence, with exit code 2.

    `settings_of`: `Settings`, or a class of the service's own that adds to it.
    """
    try:
        settings = settings_of()
        configure_logs(name, settings.line)
        app = create_app(settings)
    except ValidationError as error:
        missing = ", ".join(f"BAQYLAU_{'_'.join(map(str, e['loc'])).upper()} ({e['type']})" for e in error.errors())
        sys.exit(_said(f"{name} can't start with these settings: {missing}."))
    except (ValueError, ForeignDatabase) as error:
        sys.exit(_said(f"{name} won't start: {error}."))
    uvicorn.run(
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


def _said(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2

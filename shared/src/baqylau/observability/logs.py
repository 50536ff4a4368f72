"""Structured logs: one JSON object a line, with the correlation id of what is being done.

Bind ids and classifications only. No title, text, name or token is ever logged: there is no call here that takes one.
"""

import logging
import sys
from contextvars import ContextVar

import orjson
import structlog

correlation: ContextVar[str | None] = ContextVar("correlation", default=None)


def _with_correlation(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    found = correlation.get()
    if found is not None:
        event.setdefault("correlation_id", found)
    return event


def configure_logs(service: str, line: str) -> None:
    """Write JSON lines to standard output, those of libraries (from WARNING on) too."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _with_correlation,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, line=line)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_LibraryFormatter(service, line))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _LibraryFormatter(logging.Formatter):
    """A library's record without its arguments' values: the message template says what happened."""

    def __init__(self, service: str, line: str) -> None:
        super().__init__()
        self._bound = {"service": service, "line": line}

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(
            {
                "event": str(record.msg)[:300],
                "logger": record.name,
                "level": record.levelname.lower(),
                "error": record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None,
                **self._bound,
            }
        ).decode()

"""Structured logs: one JSON object a line, with the correlation id of what is being done.

Bind ids and classifications only. No title, text, name or token is ever logged: there is no call here that takes one.
"""

import logging
import sys
import threading
from contextvars import ContextVar
from types import TracebackType

import orjson
import structlog
from kafka.errors import Cancelled

correlation: ContextVar[str | None] = ContextVar("correlation", default=None)


def _with_correlation(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    found = correlation.get()
    if found is not None:
        event.setdefault("correlation_id", found)
    return event


def _without_values(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception's message may hold what was being written (PostgreSQL's do): only its kind and place are logged."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event.update(kind=type(error).__name__, place=place_of(error.__traceback__))
    return event


def place_of(trace: TracebackType | None) -> str | None:
    """File and line where an exception was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else None


def configure_logs(service: str, line: str) -> None:
    """Write JSON lines to standard output, those of libraries (from WARNING on) too, and of a thread that dies."""

    def bound(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        # Not by context variables: threads don't inherit them.
        return {"service": service, "line": line, **event}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            bound,
            _with_correlation,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_LibraryFormatter(service, line))
    handler.addFilter(lambda record: not isinstance(_error_of(record), Cancelled))  # a connection was closed
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)  # it warns of every slow loop
    logging.captureWarnings(capture=True)
    died = structlog.get_logger(__name__)

    def died_in_a_thread(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread else None
        died.error("thread_died", thread=name, kind=what.exc_type.__name__, place=place_of(what.exc_traceback))

    def died_outside(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
        died.error("process_died", kind=kind.__name__, place=place_of(trace))

    def could_not_be_raised(what: "sys.UnraisableHookArgs") -> None:
        died.error("unraisable", kind=what.exc_type.__name__, place=place_of(what.exc_traceback))

    threading.excepthook = died_in_a_thread
    sys.excepthook = died_outside
    sys.unraisablehook = could_not_be_raised


class _LibraryFormatter(logging.Formatter):
    """A library's record without its arguments' values: the first line of the template says what happened.

    Behind it, some (asyncio) write an exception with its message.
    """

    def __init__(self, service: str, line: str) -> None:
        super().__init__()
        self._bound = {"service": service, "line": line}

    def format(self, record: logging.LogRecord) -> str:
        error = _error_of(record)
        return orjson.dumps(
            {
                "event": (str(record.msg).splitlines() or [""])[0][:300],
                "logger": record.name,
                "level": record.levelname.lower(),
                "error": None if error is None else type(error).__name__,
                **self._bound,
            }
        ).decode()


def _error_of(record: logging.LogRecord) -> BaseException | None:
    """What it was logged for: the exception at hand, or the first one among its arguments."""
    if record.exc_info and record.exc_info[1] is not None:
        return record.exc_info[1]
    arguments = record.args if isinstance(record.args, tuple) else ()
    return next((argument for argument in arguments if isinstance(argument, BaseException)), None)

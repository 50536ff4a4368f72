"""Errors as RFC 9457 problem+json. The one place that knows which status a refusal has."""

from collections.abc import Sequence
from typing import Any, Literal

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from baqylau.eventstore.work import NotFound, VersionChanged
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.refusals import Ground, Refused

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "The request can't be read",
    401: "A valid token is needed",
    403: "This caller may not do this",
    404: "Not found",
    405: "This method isn't allowed here",
    406: "Not in a form that is asked for",
    409: "Refused by the law or by the present state",
    412: "The resource has changed",
    413: "The body is too large",
    415: "This kind of body isn't taken",
    422: "The body lacks or contradicts what is required",
    500: "A fault of this service",
    503: "Not now",
}


class Violation(BaseModel):
    """One ground. `citation`: the paragraph, null where it isn't the law that objects; `reason`: a code."""

    citation: str | None
    reason: str
    field: str | None


class Problem(BaseModel):
    """RFC 9457, with every ground."""

    type: str
    title: str
    status: int
    detail: str
    violations: list[Violation]


def problem(
    status: int, detail: str, grounds: Sequence[Ground] = (), headers: dict[str, str] | None = None
) -> Response:
    """Answer a problem."""
    body = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "violations": [{"citation": g.citation, "reason": g.reason, "field": g.field} for g in grounds],
    }
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def refusal(error: Refused) -> Response:
    """422 where the body itself is at fault, also if state or law object too; else 409."""
    status = 422 if any(ground.of_payload for ground in error.grounds) else 409
    reasons = ", ".join(
        f"{ground.reason} ({ground.citation})" if ground.citation else ground.reason for ground in error.grounds
    )
    return problem(status, f"Refused: {reasons}.", error.grounds)


def malformed(error: RequestValidationError) -> Response:
    """What the parser objects to, without repeating what was sent."""
    grounds = [
        Ground(None, str(found["type"]).replace("_", "-").replace(".", "-"), _field(found["loc"]), of_payload=True)
        for found in error.errors()
    ]
    return problem(422, "The request isn't of the form that the API describes.", grounds)


def _field(location: Sequence[int | str]) -> str | None:
    parts = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    return ".".join(parts) or None


Status = Literal[400, 401, 403, 404, 409, 412, 413, 422, 503]


def responses(*statuses: Status) -> dict[int | str, dict[str, Any]]:
    """The errors that a route declares in OpenAPI, besides those of every route (401, 403, 413, 422, 503)."""
    return {
        status: {"description": _TITLES[status], "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_REF}}}}
        for status in sorted({401, 403, 413, 422, 503, *statuses})
    }


PROBLEM_REF = "#/components/schemas/Problem"


def add_handlers(app: FastAPI) -> None:
    """Turn every error into a problem. An unforeseen one is logged by its kind and place, never with its values."""

    @app.exception_handler(Refused)
    async def _(_: Request, error: Refused) -> Response:
        return refusal(error)

    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        return malformed(error)

    @app.exception_handler(NotFound)
    async def _(_: Request, __: NotFound) -> Response:
        return problem(404, "There is no such resource, or it isn't yours to see.")

    @app.exception_handler(VersionChanged)
    async def _(_: Request, __: VersionChanged) -> Response:
        return problem(412, "The resource has another version than If-Match names. Read it again.")

    @app.exception_handler(Busy)
    async def _(_: Request, __: Busy) -> Response:
        return problem(503, "Too many commands wait. Nothing was recorded.", headers={"Retry-After": "1"})

    @app.exception_handler(OutOfReach)
    async def _(_: Request, __: OutOfReach) -> Response:
        return problem(
            503,
            "The database can't be reached. Send the same again, with the same Idempotency-Key.",
            headers={"Retry-After": "2"},
        )

    @app.exception_handler(HTTPException)
    async def _(_: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> Response:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else None
        route = request.scope.get("route")
        log.error("unforeseen", kind=type(error).__name__, place=place, route=getattr(route, "path", None))
        return problem(500, "The fault is logged under this request's correlation id.")

"""Errors as RFC 9457 problem+json. The one place that knows which status a refusal has."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Literal

import orjson
import psycopg
import structlog
from eventsourcing import persistence
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.work import NotFound, VersionChanged
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.observability.logs import place_of
from baqylau.refusals import Ground, Refused

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

MAX_FIELD = 200

_TITLES = {
    400: "The request can't be read",
    401: "A valid token is needed",
    403: "This caller may not do this",
    404: "Not found",
    405: "This method isn't allowed here",
    406: "Not in a form that is asked for",
    408: "The request didn't come in time",
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


def unreadable() -> Response:
    """A body that isn't JSON in UTF-8, or nests or counts too far to be read."""
    return problem(422, "The body can't be read.", [Ground(None, "body-unreadable", of_payload=True)])


def refusal(error: Refused) -> Response:
    """422 where the body itself is at fault, also if state or law object too; else 409."""
    status = 422 if any(ground.of_payload for ground in error.grounds) else 409
    reasons = ", ".join(
        f"{ground.reason} ({ground.citation})" if ground.citation else ground.reason for ground in error.grounds
    )
    return problem(status, f"Refused: {reasons}.", error.grounds)


_NOTED = "baqylau.noted"


def note(scope: MutableMapping[str, Any], grounds: Sequence[Ground]) -> None:
    """Keep grounds that were found before the route's own are known."""
    scope[_NOTED] = tuple(grounds)


def noted(scope: Mapping[str, Any]) -> tuple[Ground, ...]:
    """Grounds noted for this request: with any, no command may run."""
    found: tuple[Ground, ...] = scope.get(_NOTED, ())
    return found


def malformed(error: RequestValidationError, also: Sequence[Ground] = ()) -> Response:
    """What the parser objects to, without repeating what was sent."""
    grounds = [
        Ground(None, str(found["type"]).replace("_", "-").replace(".", "-"), _field(found["loc"]), of_payload=True)
        for found in error.errors()
    ]
    return problem(422, "The request isn't of the form that the API describes.", [*grounds, *also])


KIND = "kind:"
"""How the `Tag` of a union of bodies begins: it says which kind was judged, and isn't a field."""


def _field(location: Sequence[int | str]) -> str | None:
    """Dotted. A name that the caller made up is shown as far as it is text, and short."""
    parts = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    parts = [part for part in parts if not part.startswith(KIND)]
    return ".".join(parts).encode("utf-8", "replace").decode()[:MAX_FIELD] or None


Status = Literal[400, 401, 403, 404, 409, 412, 413, 422, 503]


def responses(*statuses: Status) -> dict[int | str, dict[str, Any]]:
    """The errors that a route declares in OpenAPI, besides those of every route (401, 403, 413, 422, 503)."""
    return {
        status: {"description": _TITLES[status], "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_REF}}}}
        for status in sorted({401, 403, 413, 422, 503, *statuses})
    }


PROBLEM_REF = "#/components/schemas/Problem"


def add_handlers(app: FastAPI) -> None:
    """Turn every error into a problem; those that nobody foresaw, `Gatehouse` does (`fault`)."""

    @app.exception_handler(Refused)
    async def _(request: Request, error: Refused) -> Response:
        return refusal(Refused(dict.fromkeys((*error.grounds, *noted(request.scope)))))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        return malformed(error, noted(request.scope))

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
        if error.status_code == 400:
            return unreadable()
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    app.add_exception_handler(psycopg.Error, _of_the_database)
    app.add_exception_handler(persistence.PersistenceError, _of_the_database)


async def _of_the_database(request: Request, error: Exception) -> Response:
    """A read that found the database away, or a value that it can't hold, such as a number beyond bigint."""
    if out_of_reach(error):
        return problem(503, "The database can't be reached.", headers={"Retry-After": "2"})
    if isinstance(error, psycopg.DataError):
        ground = Ground(None, "value-not-storable", of_payload=True)
        return problem(422, "A value of the request can't be stored or looked up.", [ground])
    return fault(error, request.scope)


def fault(error: Exception, scope: Mapping[str, Any]) -> Response:
    """An error that nobody foresaw: logged by its kind and place, never with its values."""
    route = getattr(scope.get("route"), "path", None)
    log.error("unforeseen", kind=type(error).__name__, place=place_of(error.__traceback__), route=route)
    return problem(500, "The fault is logged under this request's correlation id.")

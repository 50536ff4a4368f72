"""What the HTTP side of every service has: health, metrics, schemas, events, parked records, problems, correlation."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any

import orjson
import psycopg
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.types import ASGIApp, Receive, Scope, Send

from baqylau.contracts.base import contract_of, contracts_of
from baqylau.lines import Line, topic_of
from baqylau.messaging.envelope import Envelope
from baqylau.platform.asyncapi import asyncapi
from baqylau.platform.auth import Caller, Role, TokenVerifier, caller, require
from baqylau.platform.gatehouse import Gatehouse
from baqylau.platform.parked_records import router as _parked
from baqylau.platform.problems import Problem, add_handlers, responses
from baqylau.platform.runtime import Runtime
from baqylau.platform.short_way import ShortWay
from baqylau.refusals import Ground, Refused

_FOLLOW_SECONDS = 15.0


def create_app(runtime: Runtime, title: str, routers: Sequence[APIRouter], big_bodies: Sequence[str] = ()) -> FastAPI:
    """The service's app. It starts and stops the runtime with itself. `big_bodies`: route endings that take files."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runtime.start()
        yield
        await asyncio.to_thread(runtime.stop)

    app = _App(
        title=f"Baqylau {title}",
        version="1",
        description=f"Line: {runtime.settings.line}. Errors are RFC 9457, with every ground and its citation.",
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = runtime.settings
    app.state.service = runtime.service
    app.state.clock = runtime.clock
    app.state.runtime = runtime
    app.state.verifier = TokenVerifier(runtime.settings, runtime.audiences)
    for router in (_health, _described, *routers, _events, _parked):  # each is worked out when first gone through
        app.include_router(router)
    if runtime.settings.simulation and runtime.settings.line is not Line.GATE:
        app.include_router(_simulation)
    add_handlers(app)
    way = ShortWay(app.further, app, (_health, *routers, _parked), runtime.readers.run)
    app.entrance = Gatehouse(way, runtime.settings.max_body_bytes, tuple(big_bodies))
    _declare_problem(app)
    return app


class _App(FastAPI):
    """`entrance`: what every request comes to, before all that FastAPI puts around an app; `further` leads there."""

    entrance: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        await (self.entrance if scope["type"] == "http" else self.further)(scope, receive, send)

    async def further(self, scope: Scope, receive: Receive, send: Send) -> None:
        """FastAPI's own."""
        await super().__call__(scope, receive, send)


def _declare_problem(app: FastAPI) -> None:
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = generate()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            found = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(found.pop("$defs", {}))
            schemas["Problem"] = found
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


_operation = ThreadPoolExecutor(4, thread_name_prefix="operation")  # apart from all that may hang with the database
_health = APIRouter(tags=["operation"])


@_health.get("/health/live")
async def live(request: Request) -> dict[str, str]:
    """The process answers, and says which service of which line it is."""
    runtime: Runtime = request.app.state.runtime
    return {"status": "live", "service": runtime.name, "line": runtime.settings.line}


@_health.get("/health/ready", responses={503: {"description": "Not ready; `checks` says why", "model": None}})
async def ready(request: Request) -> Response:
    """Database, broker, writer, relay and consumer all work."""
    runtime: Runtime = request.app.state.runtime
    checks = await asyncio.get_running_loop().run_in_executor(_operation, runtime.checks)
    good = all(checks.values())
    body = orjson.dumps({"status": "ready" if good else "not ready", "checks": checks})
    return Response(body, 200 if good else 503, media_type="application/json")


@_health.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics() -> Response:
    """Prometheus metrics."""
    found = await asyncio.get_running_loop().run_in_executor(_operation, generate_latest)
    return Response(found, media_type=CONTENT_TYPE_LATEST)


_described = APIRouter(tags=["operation"])


@_described.get("/schemas/{name}.json", responses=responses(404))
def schema(name: str, request: Request) -> dict[str, Any]:
    """The JSON Schema of one public event, such as `/schemas/DocumentRegistered.v1.json`."""
    runtime: Runtime = request.app.state.runtime
    found = contract_of(f"baqylau.{runtime.name}.{name}")
    if found is None:
        raise HTTPException(404, "This service has no such event.")
    return found.json_schema()


@_described.get("/asyncapi.yaml", response_class=Response, responses={200: {"content": {"application/yaml": {}}}})
def asyncapi_yaml(request: Request) -> Response:
    """AsyncAPI 3: the topics of this service and the events on them."""
    runtime: Runtime = request.app.state.runtime
    document = asyncapi(runtime.name, runtime.topics, runtime.settings.own_url, contracts_of(runtime.name))
    return Response(document, media_type="application/yaml")


_events = APIRouter(tags=["events"])


async def _followed_topic(request: Request, who: Annotated[Caller, Depends(caller)]) -> str:
    """The topic that the token opens: its own line's. The gate serves each line's topic to that line's subscribers."""
    runtime: Runtime = request.app.state.runtime
    topic = topic_of(who.audience, runtime.name)
    if not who.may(Role.SUBSCRIBER, Role.AUDITOR) or topic not in runtime.topics:
        raise HTTPException(403, f"This needs one of the roles: {Role.SUBSCRIBER}, {Role.AUDITOR}.")
    return topic


Followed = Annotated[str, Depends(_followed_topic)]
Position = Annotated[int, Query(ge=0, le=2**62)]


@_events.get("/events", responses=responses())
def events(
    request: Request,
    topic: Followed,
    after: Position = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    partition: Annotated[int | None, Query(ge=0, le=1023)] = None,
) -> Response:
    """Public events behind a position, oldest first, as CloudEvents in JSON. `next`: the position to go on after."""
    runtime: Runtime = request.app.state.runtime
    found = runtime.service.store.public_events(topic, after, limit, partition)
    items = [runtime.envelope.item(record) for record in found]
    return Response(
        orjson.dumps({"items": items, "next": found[-1].position if found else None}), media_type="application/json"
    )


@_events.get("/events/stream", responses=responses())
async def stream(request: Request, topic: Followed, after: Position = 0) -> StreamingResponse:
    """The same as server-sent events: `id` is the position; `Last-Event-ID` resumes behind it."""
    resumed = request.headers.get("last-event-id", "")
    position = int(resumed) if resumed.isdigit() and len(resumed) < 19 else after
    return StreamingResponse(
        _follow(request, request.app.state.runtime, topic, position), media_type="text/event-stream"
    )


async def _follow(request: Request, runtime: Runtime, topic: str, position: int) -> AsyncIterator[bytes]:
    envelope: Envelope = runtime.envelope
    yield b": following\n\n"
    while not await request.is_disconnected() and not runtime.stopping.is_set():
        woken = runtime.commits.next()
        try:
            found = await asyncio.to_thread(runtime.service.store.public_events, topic, position, 100)
        except psycopg.Error:  # the caller comes again, with the `Last-Event-ID` that it has
            return
        for record in found:
            position = record.position
            data = orjson.dumps(envelope.item(record))
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (position, record.headers["type"].encode(), data)
        if not found:
            try:
                await asyncio.wait_for(woken, _FOLLOW_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"


_simulation = APIRouter(tags=["simulation"])


class SimulatedNow(BaseModel):
    """`now`: an instant with its offset, or null for the real time again."""

    model_config = ConfigDict(extra="forbid")

    now: AwareDatetime | None


@_simulation.put("/simulation/clock", responses=responses())
async def simulate(
    request: Request, body: SimulatedNow, _: Annotated[Caller, Depends(require(Role.OPERATOR))]
) -> dict[str, str]:
    """Set the domain's clock, forwards or back; it runs on from there. Tokens and recording times keep real time."""
    runtime: Runtime = request.app.state.runtime
    try:
        runtime.clock.simulate(body.now)
        now, today = runtime.clock.now(), runtime.clock.today()
    except OverflowError:
        runtime.clock.simulate(None)
        raise Refused([Ground(None, "clock-out-of-range", "now", of_payload=True)]) from None
    runtime.clock_moved.set()
    return {"now": now.isoformat(), "today": today.isoformat()}

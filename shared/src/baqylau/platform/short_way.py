"""The short way of good requests to their routes. What isn't plainly good goes FastAPI's own way and is answered there.

FastAPI looks through all routes at each request and works out what an endpoint's parameters need, behind eight layers
that each wrap the request. Which routes there are and what they need is known at the start: here it is worked out once,
and a body's JSON is read and judged in one pass. Documentation, and every answer to a request that isn't of the
described form, are FastAPI's; `shared/tests/test_short_way.py` holds both ways to the same bytes.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from starlette.types import ASGIApp, Message, Receive, Scope, Send

T = TypeVar("T")

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Where endpoints that aren't coroutines are called: off the event loop."""

_JSON = "application/json"


class _NotPlain(Exception):
    """This request, or this route, goes FastAPI's own way."""


@dataclass(slots=True)
class _Asked:
    """A request; its headers (of one that stands twice, the first); and the response whose headers may be set."""

    request: Request
    headers: Mapping[bytes, bytes]
    given: Response


Step = Callable[[_Asked], Any]
"""How one argument is had."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A function of ours and how each of its arguments is had; those of `awaited` are coroutines."""

    function: Callable[..., Any]
    steps: Mapping[str, Step]
    awaited: Mapping[str, "_Call"]

    async def arguments(self, asked: _Asked) -> dict[str, Any]:
        found = {name: step(asked) for name, step in self.steps.items()}
        for name, call in self.awaited.items():
            found[name] = await call.function(**await call.arguments(asked))
        return found


class _Way:
    """One route's. Raises `_NotPlain` where FastAPI alone knows how."""

    def __init__(self, route: APIRoute, run: Run) -> None:
        if route.dependencies or route.response_model_exclude_none or route.response_model_exclude_unset:
            raise _NotPlain
        if route.response_model is None and not _answers_itself(route.endpoint):
            raise _NotPlain  # known now: once it has been called, nobody may call it again
        self.route = route
        self._run = run
        self._call = _call(route.dependant, route)
        self._awaits = inspect.iscoroutinefunction(route.endpoint)
        self._dump = None if route.response_model is None else TypeAdapter(route.response_model).dump_json
        self._status = route.status_code or 200

    async def answer(self, request: Request) -> Response:
        """Raises `_NotPlain`, or what the endpoint and its dependencies raise."""
        given = Response()
        headers = dict(reversed(request.scope["headers"]))
        arguments = await self._call.arguments(_Asked(request, headers, given))
        if self._awaits:
            return self._answered(await self._call.function(**arguments), given)
        answered: Response = await self._run(lambda: self._answered(self._call.function(**arguments), given))
        return answered

    def _answered(self, result: Any, given: Response) -> Response:
        if self._dump is None or isinstance(result, Response):
            answered: Response = result
            return answered
        response = Response(self._dump(result, by_alias=True), self._status, media_type=_JSON)
        response.headers.raw.extend(header for header in given.headers.raw if header[0] != b"content-length")
        return response


class ShortWay:
    """Stands before an app and answers what it can; the app does the rest. `routers`: as they are looked through."""

    def __init__(self, app: ASGIApp, owner: FastAPI, routers: Sequence[APIRouter], run: Run) -> None:
        self._app = app
        self._owner = owner
        self._fixed: dict[tuple[str, str], _Way | None] = {}
        self._others: list[tuple[str, APIRoute, _Way | None]] = []
        for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
            way = _way(route, run)
            for method in route.methods or ():
                if route.param_convertors:
                    self._others.append((method, route, way))
                elif not any(m == method and r.path_regex.match(route.path) for m, r, _ in self._others):
                    self._fixed.setdefault((method, route.path), way)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way, parameters = self._find(scope["method"], scope["path"])
        if way is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = way.route
        request = Request({**scope, "app": self._owner, "path_params": parameters}, receive)
        try:
            response = await way.answer(request)
        except _NotPlain:
            await self._app(scope, _again(request), send)
            return
        except Exception as error:
            handler = self._handler(error)
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)

    def _find(self, method: str, path: str) -> tuple[_Way | None, Mapping[str, Any]]:
        if (method, path) in self._fixed:
            return self._fixed[method, path], {}
        for other, route, way in self._others:
            if other == method and (match := route.path_regex.match(path)) is not None:
                converted = route.param_convertors
                return way, {name: converted[name].convert(value) for name, value in match.groupdict().items()}
        return None, {}

    def _handler(self, error: Exception) -> Any:
        handlers = self._owner.exception_handlers
        return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)


def shown(value: Any) -> Response:
    """A read's answer of plain values, as the database gave them. The route's response model only describes it."""
    return Response(orjson.dumps(value), media_type=_JSON)


def _answers_itself(endpoint: Callable[..., Any]) -> bool:
    """Whether it says that it returns a response."""
    returned = get_type_hints(endpoint).get("return")
    return isinstance(returned, type) and issubclass(returned, Response)


def _way(route: APIRoute, run: Run) -> _Way | None:
    try:
        return _Way(route, run)
    except _NotPlain:
        return None


def _again(request: Request) -> Receive:
    """What was received, for who reads it anew."""
    body = getattr(request, "_body", None)
    if body is None:
        return request.receive
    handed = False

    async def receive() -> Message:
        nonlocal handed
        if handed:
            return await request.receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _call(dependant: Dependant, route: APIRoute | None = None) -> _Call:
    """`route`: of the endpoint itself, which alone has a body. Raises `_NotPlain`."""
    function = dependant.call
    if function is None or inspect.isgeneratorfunction(function) or len(dependant.body_params) > (route is not None):
        raise _NotPlain
    awaited = {}
    steps = _steps(dependant)
    for inner in dependant.dependencies:
        if inner.name is None:
            raise _NotPlain
        if type(inner.call) is HTTPBearer:
            steps[inner.name] = partial(_bearer, inner.call)
        elif _is_coroutine(inner.call):
            awaited[inner.name] = _call(inner)
        else:
            raise _NotPlain
    for field in dependant.body_params:
        hint = get_type_hints(function, include_extras=True)[field.name]
        awaited[field.name] = _call_of_body(TypeAdapter(hint), field)
    return _Call(function, steps, awaited)


def _is_coroutine(call: Any) -> bool:
    return inspect.iscoroutinefunction(call if inspect.isroutine(call) else type(call).__call__)


def _bearer(scheme: HTTPBearer, asked: _Asked) -> HTTPAuthorizationCredentials | None:
    """As FastAPI's own, where that would raise nothing."""
    named, _, credentials = asked.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if credentials and named.lower() == "bearer":
        return HTTPAuthorizationCredentials(scheme=named, credentials=credentials.strip())
    if scheme.auto_error:
        raise _NotPlain
    return None


def _steps(dependant: Dependant) -> dict[str, Step]:
    """How what can be had at once is had. Raises `_NotPlain`."""
    if dependant.cookie_params or dependant.websocket_param_name or dependant.background_tasks_param_name:
        raise _NotPlain
    steps: dict[str, Step] = {}
    for kind, fields in (
        (_of_path, dependant.path_params),
        (_of_query, dependant.query_params),
        (_of_header, dependant.header_params),
    ):
        for field in fields:
            if field.field_info.validation_alias not in (None, field.alias) or not _is_scalar(field.field_info):
                raise _NotPlain
            steps[field.name] = partial(kind, _Field(field))
    for name in (dependant.request_param_name, dependant.http_connection_param_name):
        if name is not None:
            steps[name] = _itself
    if dependant.response_param_name is not None:
        steps[dependant.response_param_name] = _response
    return steps


def _is_scalar(info: FieldInfo) -> bool:
    """One value, and not a list of them or a model of several parameters."""
    annotation = info.annotation
    named = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = [get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in named]
    return all(isinstance(kind, type) and not issubclass(kind, BaseModel | list | set | tuple) for kind in kinds)


class _Field:
    """A parameter: by what name it comes, and what it is where it doesn't come. `judge`: FastAPI's own."""

    def __init__(self, field: ModelField) -> None:
        self.alias = field.alias
        self.header = field.alias.replace("_", "-").lower().encode("latin-1")
        self.judge = field.validate
        self.needed = field.field_info.is_required()
        self.default = None if self.needed else field.get_default()

    def of(self, value: Any) -> Any:
        """The argument. `value` None: none came. Raises `_NotPlain`."""
        if value is None:
            if self.needed:
                raise _NotPlain
            return self.default
        found, errors = self.judge(value, {}, loc=())
        if errors:
            raise _NotPlain
        return found


def _call_of_body(adapter: TypeAdapter[Any], field: ModelField) -> _Call:
    if getattr(field.field_info, "embed", None) or getattr(field.field_info, "media_type", _JSON) != _JSON:
        raise _NotPlain

    async def body(asked: _Asked) -> Any:
        content = await asked.request.body()
        if not content and not field.field_info.is_required():
            return field.get_default()
        if asked.headers.get(b"content-type") != _JSON.encode():
            raise _NotPlain
        try:
            return adapter.validate_json(content)
        except ValidationError:
            raise _NotPlain from None

    return _Call(body, {"asked": lambda asked: asked}, {})


def _itself(asked: _Asked) -> Request:
    return asked.request


def _response(asked: _Asked) -> Response:
    return asked.given


def _of_path(field: _Field, asked: _Asked) -> Any:
    return field.of(asked.request.path_params[field.alias])


def _of_query(field: _Field, asked: _Asked) -> Any:
    request = asked.request
    return field.of(request.query_params.get(field.alias) if request.scope["query_string"] else None)


def _of_header(field: _Field, asked: _Asked) -> Any:
    value = asked.headers.get(field.header)
    return field.of(None if value is None else value.decode("latin-1"))

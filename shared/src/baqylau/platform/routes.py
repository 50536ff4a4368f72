"""Routes whose good requests take a short way. What isn't plainly good goes FastAPI's own way and is answered there.

FastAPI works out at each request what an endpoint's parameters need; that is known at the start. Here it is worked out
once, and the body's JSON is read and judged in one pass. Documentation, and every answer to a request that isn't of the
described form, are FastAPI's.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.params import Depends, Header, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import HTTPConnection

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Step = Callable[[Request], Awaitable[Any]]

_JSON = "application/json"


class _NotPlain(Exception):
    """This request, or this endpoint, goes FastAPI's own way."""


class ShortRoute(APIRoute):
    """For endpoints that are coroutines and answer with a `Response`. Others are as with `APIRoute`."""

    def get_route_handler(self) -> Handler:
        """The short way, and FastAPI's where that doesn't do."""
        full: Handler = super().get_route_handler()
        try:
            short = _steps(self.endpoint, self.path)
        except _NotPlain:
            return full
        endpoint = self.endpoint

        async def handler(request: Request) -> Response:
            try:
                arguments = await _arguments(short, request)
            except _NotPlain:
                return await full(request)
            answer: Response = await endpoint(**arguments)
            return answer

        return handler if get_type_hints(endpoint).get("return") is Response else full


async def _arguments(steps: Mapping[str, Step], request: Request) -> dict[str, Any]:
    return {name: await step(request) for name, step in steps.items()}


def _steps(call: Callable[..., Any], path: str = "") -> Mapping[str, Step]:
    """How each parameter is had from a request. Raises `_NotPlain`."""
    function = call if inspect.isroutine(call) else type(call).__call__
    if not inspect.iscoroutinefunction(function):
        raise _NotPlain
    hints = get_type_hints(function, include_extras=True)
    return {name: _step(name, hints[name], path) for name in inspect.signature(call).parameters}


def _step(name: str, hint: Any, path: str) -> Step:
    base, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if base in (Request, HTTPConnection):
        return _itself
    for note in notes:
        if isinstance(note, Depends) and note.dependency is not None and note.use_cache:
            return _of_dependency(note.dependency)
        if isinstance(note, Header):
            return _of_header(note.alias or name.replace("_", "-"), _adapter(base, note.metadata))
    alias = next((note.alias for note in notes if isinstance(note, Path) and note.alias), name)
    if f"{{{alias}}}" in path:
        return _of_path(alias, _adapter(base, [note for note in notes if not isinstance(note, Path)]))
    if isinstance(base, type) and issubclass(base, BaseModel) and not notes:
        return _of_body(base)
    raise _NotPlain


def _adapter(base: Any, notes: Sequence[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[base, *notes] if notes else base)


async def _itself(request: Request) -> Request:
    return request


def _of_dependency(dependency: Callable[..., Any]) -> Step:
    steps = _steps(dependency)

    async def step(request: Request) -> Any:
        return await dependency(**await _arguments(steps, request))

    return step


def _of_header(alias: str, adapter: TypeAdapter[Any]) -> Step:
    async def step(request: Request) -> Any:
        value = request.headers.get(alias)
        return None if value is None else _judged(adapter, value)

    return step


def _of_path(alias: str, adapter: TypeAdapter[Any]) -> Step:
    async def step(request: Request) -> Any:
        return _judged(adapter, request.path_params[alias])

    return step


def _of_body(model: type[BaseModel]) -> Step:
    async def step(request: Request) -> Any:
        if request.headers.get("content-type") != _JSON:
            raise _NotPlain
        try:
            return model.model_validate_json(await request.body())
        except ValidationError:
            raise _NotPlain from None

    return step


def _judged(adapter: TypeAdapter[Any], value: str) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise _NotPlain from None

"""The short way answers as FastAPI's own does: to what is good, and to all that isn't."""

import json
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import pytest
from baqylau.platform.routes import ShortRoute
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str | None, Header(max_length=5)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=10)


class Body(Part):
    day: date
    count: Annotated[int, Field(strict=True)] = 1
    share: float = 0.5
    sure: Annotated[bool, Field(strict=True)] = False
    parts: list[Part] = []


async def who(request: Request, credentials: Bearer, idempotency_key: Key = None) -> str:
    if credentials is None:
        raise HTTPException(401, "Who?")
    return f"{credentials.credentials} {idempotency_key} {request.method}"


async def endpoint(
    identity: Annotated[UUID, Path(alias="id")], number: int, body: Body, caller: Annotated[str, Depends(who)]
) -> Response:
    return Response(f"{identity} {number} {body!r} {caller}")


def client(route: type[APIRoute]) -> TestClient:
    app, router = FastAPI(), APIRouter(route_class=route)
    router.add_api_route("/things/{id}/{number}", endpoint, methods=["POST"])
    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


SHORT, FULL = client(ShortRoute), client(APIRoute)
PATH = "/things/6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a03/7"
GOOD = {"name": "А", "day": "2026-03-02", "parts": [{"name": "б"}]}
HEADERS = {"Authorization": "Bearer x", "Content-Type": "application/json"}


def same(path: str, content: bytes, headers: dict[str, str]) -> Response | Any:
    short, full = (one.post(path, content=content, headers=headers) for one in (SHORT, FULL))
    assert (short.status_code, short.content) == (full.status_code, full.content)
    return short


def test_what_is_good_goes_the_short_way_without_fastapis_own() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("fastapi.routing.solve_dependencies", None)
        alone = client(ShortRoute)
        assert alone.post(PATH, content=json.dumps(GOOD), headers=HEADERS).status_code == 200
    assert same(PATH, json.dumps(GOOD).encode(), HEADERS).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/things/none/7", HEADERS),
        (PATH + "x", HEADERS),
        (PATH, HEADERS | {"Authorization": ""}),
        (PATH, HEADERS | {"Authorization": "Basic x"}),
        (PATH, HEADERS | {"Idempotency-Key": "12345"}),
        (PATH, HEADERS | {"Idempotency-Key": "123456"}),
        (PATH, HEADERS | {"Content-Type": "text/plain"}),
        (PATH, HEADERS | {"Content-Type": "application/json; charset=utf-8"}),
        (PATH, HEADERS | {"Content-Type": "application/problem+json"}),
        (PATH, {"Authorization": "Bearer x"}),
    ],
)
def test_whatever_path_and_headers_are(path: str, headers: dict[str, str]) -> None:
    same(path, json.dumps(GOOD).encode(), headers)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"name": "\\ud800", "day": "2026-03-02"}',
        b'{"name": "a", "name": "b", "day": "2026-03-02"}',
        b'{"name": "a", "day": "2026-03-02", "share": NaN}',
        b'{"name": "a", "day": "2026-03-02", "share": 1e999}',
        b'{"name": "a", "day": "2026-03-02", "count": 1.0}',
        b'{"name": "a", "day": "2026-03-02", "count": 99999999999999999999999999}',
        b'{"name": "a", "day": "2026-03-02", "sure": 1}',
        b'{"name": "a", "day": 1}',
        b'{"name": "a", "day": "2026-03-02T00:00:00"}',
        b'{"name": "a", "day": "2026-03-02", "more": 1}',
        b'\xef\xbb\xbf{"name": "a", "day": "2026-03-02"}',
        json.dumps(GOOD).encode("utf-16"),
        b'{"name": "\xff", "day": "2026-03-02"}',
        b'{"name": "a", "day": "2026-03-02", "parts": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_whatever_the_body_is(content: bytes) -> None:
    same(PATH, content, HEADERS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-03-02", "2026-02-30"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "day", "x"]), inner),
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "day", "count", "share", "sure", "parts", "x"]), JSON))
def test_whatever_is_in_the_body(fields: dict[str, Any]) -> None:
    same(PATH, json.dumps({"name": "a", "day": "2026-03-02"} | fields).encode(), HEADERS)

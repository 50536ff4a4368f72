"""The short way answers as FastAPI's own does: to what is good, and to all that isn't."""

import json
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from baqylau.platform.short_way import ShortWay
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
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


router = APIRouter()


@router.post("/things/{id}/{number}")
async def endpoint(
    identity: Annotated[UUID, Path(alias="id")], number: int, body: Body, caller: Annotated[str, Depends(who)]
) -> Response:
    return Response(f"{identity} {number} {body!r} {caller}")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Thing(BaseModel):
    id: UUID
    colour: Colour | None
    said: dict[str, Any]
    as_: str = Field("x", serialization_alias="as")


@router.get("/things/{id}", response_model=Thing)
def thing(
    id: UUID,  # noqa: A002
    request: Request,
    response: Response,
    colour: Colour | None = None,
    since: Annotated[date | None, Query(alias="from")] = None,
    limit: Annotated[int, Query(ge=1, le=10)] = 5,
    needed: Annotated[str, Query(max_length=5)] = "",
) -> Thing:
    response.headers["ETag"] = f'"{limit}"'
    if limit == 7:
        raise HTTPException(409, "Seven.")
    return Thing(id=id, colour=colour, said={"since": since, "needed": needed, "asked": request.method})


@router.get("/either", response_model=Thing)
def either(plain: bool = False) -> Thing | Response:
    return Response("plain") if plain else Thing(id=UUID(int=0), colour=None, said={})


@router.put("/maybe", status_code=201, response_model=Part)
async def maybe(body: Part | None = None) -> Response:
    return Response((body or Part(name="none")).model_dump_json(), 201, media_type="application/json")


@router.post("/many", response_model=list[Part])
def many(body: Annotated[Part | list[Part], Field(description="One, or many")]) -> list[Part]:
    return body if isinstance(body, list) else [body]


async def at_once(call: Callable[[], Any]) -> Any:
    return call()


def app() -> FastAPI:
    made = FastAPI()
    made.include_router(router)
    return made


def client(made: FastAPI, *, short: bool) -> TestClient:
    stands = ShortWay(made, made, [router], at_once) if short else made
    return TestClient(stands, raise_server_exceptions=False)


SHORT, FULL = client(app(), short=True), client(app(), short=False)
PATH = "/things/6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a03/7"
THING = PATH.removesuffix("/7")
GOOD = {"name": "А", "day": "2026-03-02", "parts": [{"name": "б"}]}
HEADERS = {"Authorization": "Bearer x", "Content-Type": "application/json"}


def same(path: str, content: bytes, headers: dict[str, str], method: str = "POST") -> Any:
    short, full = (one.request(method, path, content=content, headers=headers) for one in (SHORT, FULL))
    assert (short.status_code, short.content) == (full.status_code, full.content)
    assert {name: short.headers.get(name) for name in full.headers} == dict(full.headers)
    return short


def test_what_is_good_goes_the_short_way_without_fastapis_own() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("fastapi.routing.solve_dependencies", None)
        alone = client(app(), short=True)
        assert alone.post(PATH, content=json.dumps(GOOD), headers=HEADERS).status_code == 200
        assert alone.get(THING + "?from=2026-03-02&colour=red").json()["colour"] == "red"
        assert alone.get("/either").status_code == 200
        assert alone.put("/maybe").json() == {"name": "none"}
        assert alone.post("/many", content=b'[{"name": "a"}]', headers=HEADERS).json() == [{"name": "a"}]
    assert same(PATH, json.dumps(GOOD).encode(), HEADERS).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?colour=red",
        "?colour=green",
        "?colour=",
        "?colour=red&colour=blue",
        "?from=2026-02-30",
        "?from=2026-02-28&limit=10",
        "?limit=11",
        "?limit=1.0",
        "?limit=7",
        "?limit=x&from=y&colour=z",
        "?needed=%D0%B0%00",
        "?needed=123456",
        "?since=2026-02-28&unknown=1",
        "?limit=%FF",
        "?;&=&",
    ],
)
def test_whatever_is_asked(query: str) -> None:
    same(THING + query, b"", {}, "GET")
    same("/things/none" + query, b"", {}, "GET")


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/either", b""),
        ("GET", "/either?plain=1", b""),
        ("GET", "/either?plain=perhaps", b""),
        ("POST", "/either", b""),
        ("HEAD", "/either", b""),
        ("OPTIONS", "/either", b""),
        ("GET", "/either/", b""),
        ("GET", "//either", b""),
        ("GET", "/none", b""),
        ("GET", "/things/a%2Fb", b""),
        ("GET", THING.upper(), b""),
        ("PUT", "/maybe", b""),
        ("PUT", "/maybe", b"null"),
        ("PUT", "/maybe", b"{}"),
        ("PUT", "/maybe", b'{"name": "a"}'),
        ("POST", "/many", b""),
        ("POST", "/many", b"[]"),
        ("POST", "/many", b'{"name": "a"}'),
        ("POST", "/many", b'[{"name": "a"}, {}]'),
        ("POST", "/many", b"7"),
    ],
)
def test_whatever_the_route_is(method: str, path: str, content: bytes) -> None:
    same(path, content, HEADERS, method)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/things/none/7", HEADERS),
        (PATH + "x", HEADERS),
        (PATH, HEADERS | {"Authorization": ""}),
        (PATH, HEADERS | {"Authorization": "Basic x"}),
        (PATH, HEADERS | {"Authorization": "bEARER  x y "}),
        (PATH, HEADERS | {"Authorization": "Bearer"}),
        (PATH, HEADERS | {"Authorization": "Bearer "}),
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

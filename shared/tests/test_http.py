"""What every request meets before and behind a route, on a small app."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import orjson
import psycopg
import pytest
from baqylau.eventstore.work import NotFound, VersionChanged
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.observability.logs import correlation
from baqylau.platform import gatehouse
from baqylau.platform.commands import fingerprint_of
from baqylau.platform.gatehouse import Gatehouse
from baqylau.platform.problems import add_handlers, noted
from baqylau.refusals import Ground, Refused, refuse_if
from fastapi import Body, FastAPI, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic import BaseModel, ConfigDict

LAW = Ground("RK-703:103-4", "decider-not-competent", "decided_by")
LACK = Ground("RK-703:103-3", "new-deadline-missing", "new_deadline", of_payload=True)


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str
    more: dict[str, Any] | None = None


RAISED: dict[str, Exception] = {
    "law": Refused([LAW]),
    "lack": Refused([LACK]),
    "both": Refused([LAW, LACK]),
    "not-found": NotFound(),
    "changed": VersionChanged(),
    "busy": Busy(),
    "out-of-reach": OutOfReach(),
    "database-away": psycopg.OperationalError("secret words"),
    "idle-session": psycopg.errors.IdleInTransactionSessionTimeout("secret words"),
    "value": psycopg.DataError("secret words"),
    "too-large-for-an-index": psycopg.errors.ProgramLimitExceeded("secret words"),
    "bug": KeyError("secret words"),
}


def app() -> FastAPI:
    made = FastAPI(redirect_slashes=False)

    @made.get("/raise/{name}")
    async def raises(name: str) -> None:
        raise RAISED[name]

    @made.post("/notes")
    async def note(request: Request, body: Annotated[Note, Body()]) -> dict[str, Any]:
        refuse_if(noted(request.scope))
        body.text.encode()
        return {"correlation": correlation.get()}

    @made.get("/broken-off")
    async def broken_off() -> None:
        raise RuntimeError("secret words")

    add_handlers(made)
    made.add_middleware(Gatehouse, limit=1000, big_bodies=("/content",))
    return made


def ask(method: str, path: str, **request: Any) -> httpx.Response:
    """One request of a client to a new app, by ASGI."""

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://x") as client:
            return await client.request(method, path, **request)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("name", "status"),
    {
        "law": 409,
        "lack": 422,
        "both": 422,
        "not-found": 404,
        "changed": 412,
        "busy": 503,
        "out-of-reach": 503,
        "database-away": 503,
        "idle-session": 503,
        "value": 422,
        "too-large-for-an-index": 500,
        "bug": 500,
    }.items(),
)
def test_each_error_has_its_status_and_no_content(name: str, status: int) -> None:
    answer = ask("GET", f"/raise/{name}")

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"]
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


def test_a_refusal_lists_every_ground_with_its_citation() -> None:
    assert ask("GET", "/raise/both").json()["violations"] == [
        {"citation": "RK-703:103-4", "reason": "decider-not-competent", "field": "decided_by"},
        {"citation": "RK-703:103-3", "reason": "new-deadline-missing", "field": "new_deadline"},
    ]


@pytest.mark.parametrize(
    ("given_id", "kept"), [("a-1:b.c_D", True), ("x" * 101, False), ("a b", False), ("<script>", False), ("", False)]
)
def test_a_correlation_id_is_kept_where_it_is_harmless(given_id: str, kept: bool) -> None:
    answer = ask("POST", "/notes", json={"text": "t"}, headers={"x-correlation-id": given_id})

    assert (answer.headers["x-correlation-id"] == given_id) is kept
    assert answer.json()["correlation"] == answer.headers["x-correlation-id"]


async def _chunks(size: int) -> Any:
    for _ in range(size):
        yield b"x"


@pytest.mark.parametrize("content", [b"x" * 1001, "chunks"])
def test_a_body_over_the_limit_is_refused_however_it_comes(content: Any) -> None:
    answer = ask("POST", "/notes", content=_chunks(1001) if content == "chunks" else content)

    assert answer.status_code == 413


def test_a_body_at_the_limit_is_read() -> None:
    body = orjson.dumps({"text": "x" * 989})
    assert len(body) == 1000

    assert ask("POST", "/notes", content=body, headers={"content-type": "application/json"}).status_code == 200


def test_a_nul_is_named_with_all_other_grounds() -> None:
    answer = ask("POST", "/notes", json={"text": "a\0", "more": {"x": ["ok", "\0"]}, "unknown": 1})

    found = {(violation["reason"], violation["field"]) for violation in answer.json()["violations"]}
    assert answer.status_code == 422
    assert found == {
        ("character-not-allowed", "text"),
        ("character-not-allowed", "more.x.1"),
        ("extra-forbidden", "unknown"),
    }


def test_letters_that_only_look_like_an_escape_are_text() -> None:
    assert ask("POST", "/notes", json={"text": "\\u0000 and \\ud800"}).status_code == 200
    assert ask("POST", "/notes", json={"text": "🏛"}).status_code == 200
    assert ask("POST", "/notes", content=b'{"text": "\\ud83c\\udfdb"}', headers={"content-type": "application/json"})


async def _at_once(count: int, path: str, **request: Any) -> list[httpx.Response]:
    """Requests of clients that are all in hand before the first is answered."""
    going_on, made = asyncio.Event(), app()

    @made.api_route("/waits{end:path}", methods=["GET", "POST"])
    async def waits(end: str) -> str:
        await going_on.wait()
        return end

    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://x") as client:
        asked = [asyncio.create_task(client.request("POST", path, **request)) for _ in range(count)]
        done, _ = await asyncio.wait(asked, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert all(task.result().status_code == 503 for task in done)
        going_on.set()
        answers = await asyncio.gather(*asked)
        assert (await client.request("POST", path, **request)).status_code == 200, "it has recovered"
    return answers


@pytest.mark.parametrize(
    ("bound", "value", "path", "content"),
    [
        ("MAX_IN_HAND", 3, "/waits", b""),
        ("MAX_STREAMS", 3, "/waits/stream", b""),
        ("MAX_HELD_BYTES", 1500, "/waits", b"x" * 500),
        ("MAX_FILES", 3, "/waits/content", b""),
    ],
)
def test_what_is_above_a_bound_is_answered_503_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, bound: str, value: int, path: str, content: bytes
) -> None:
    monkeypatch.setattr(gatehouse, bound, value)

    answers = asyncio.run(_at_once(5, path, content=content))

    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) == 2
    assert sum(answer.status_code == 200 for answer in answers) == 3
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in refused)
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)


def test_a_body_that_does_not_come_holds_its_place_for_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatehouse, "RECEIVE_SECONDS", 0.05)

    async def half_of_it() -> AsyncIterator[bytes]:
        yield b'{"text": '
        await asyncio.Event().wait()

    answer = ask("POST", "/notes", content=half_of_it())

    assert answer.status_code == 408
    assert answer.headers["content-type"] == "application/problem+json"


json_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | json_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_text, inner, max_size=3),
    max_leaves=8,
)


def _as_json(value: object) -> bytes:
    return json.dumps(value).encode()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60) | anything.map(_as_json) | json_text.map(lambda t: _as_json({"text": t})))
def test_whatever_is_sent_is_answered_and_never_a_fault(content: bytes) -> None:
    answer = ask("POST", "/notes", content=content, headers={"content-type": "application/json"})

    assert answer.status_code in {200, 422}
    assert orjson.loads(answer.content)


def test_metrics_name_no_path_or_method_that_a_caller_made_up() -> None:
    ask("BREW", "/made/up")
    ask("GET", "/made/up/too")

    labels = {
        (sample.labels["method"], sample.labels["route"])
        for metric in REGISTRY.collect()
        if metric.name == "baqylau_http_request_seconds"
        for sample in metric.samples
    }
    assert ("other", "unknown") in labels
    assert ("GET", "unknown") in labels
    assert not [label for label in labels if "made" in str(label) or "BREW" in str(label)]


def test_unknown_paths_and_methods_are_problems() -> None:
    for method, path, status in (("GET", "/no", 404), ("GET", "/notes", 405), ("OPTIONS", "/notes", 405)):
        answer = ask(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert ask("GET", "/notes").headers["allow"] == "POST"


def test_one_idempotency_key_stands_for_one_method_path_and_body() -> None:
    same = fingerprint_of("POST", "/a", b"{}")
    others = {
        fingerprint_of("PUT", "/a", b"{}"),
        fingerprint_of("POST", "/b", b"{}"),
        fingerprint_of("POST", "/a", b""),
    }

    assert fingerprint_of("POST", "/a", b"{}") == same
    assert len(others | {same}) == 4

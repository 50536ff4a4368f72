"""How a route runs a command: once per `Idempotency-Key`, guarded by `If-Match`, answered after the commit."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import uuid4

from fastapi import Header, Request, Response
from pydantic import BaseModel

from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.answers import ASK, Answered
from baqylau.eventstore.transaction import Question
from baqylau.eventstore.work import Work
from baqylau.eventstore.writer import Writer
from baqylau.observability.logs import correlation
from baqylau.platform.auth import Bearer, Caller, Role, permitted
from baqylau.platform.problems import noted
from baqylau.refusals import Ground, Refused, refuse_if

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Answer(BaseModel):
    """What a command answers. `version`: that of the resource it changed, shown as the ETag too."""

    version: int | None = None


Decide = Callable[[Work, Cause], BaseModel]


class Commands:
    """Runs commands of one request on the service's writer."""

    def __init__(self, request: Request, who: Caller, key: str | None, if_match: int | None) -> None:
        self.caller = who
        self._request = request
        self._key = key
        self._if_match = if_match

    async def run(self, decide: Decide, status: int = 200, ahead: Sequence[Question] = ()) -> Response:
        """Run one command in a transaction and answer what it returned.

        The same key with the same request answers again what was answered, without a second effect; with another
        request it is refused. A refusal isn't kept: nothing was recorded, and the same key may try again.
        `ahead`: as `Writer.submit`.
        """
        fingerprint = b"" if self._key is None else await self._fingerprint()
        # Here, not in the task: the writer's thread knows nothing of this request.
        followed = correlation.get() or str(uuid4())

        def task(work: Work) -> Response:
            if self._key is not None:
                earlier = self._earlier(work, self._key, fingerprint)
                if earlier is not None:
                    return earlier
            work.if_match = self._if_match
            token = correlation.set(followed)
            try:
                result = decide(work, self.cause())
                refuse_if(noted(self._request.scope))  # here, so that the domain's own grounds are told with them
            finally:
                correlation.reset(token)
                work.if_match = None
            version: int | None = getattr(result, "version", None)
            content = result.__pydantic_serializer__.to_json(result)
            if self._key is not None:
                work.answers.append(Answered(self.caller.subject, self._key, fingerprint, status, version, content))
            return _answer(status, version, content)

        writer: Writer = self._request.app.state.service.writer
        if self._key is not None:
            ahead = [(ASK, (self.caller.subject, self._key)), *ahead]
        return await writer.ask(task, ahead)

    async def _fingerprint(self) -> bytes:
        return fingerprint_of(self._request.method, self._request.scope["path"], await self._request.body())

    def cause(self) -> Cause:
        """Who does this, now, for which request."""
        return Cause(
            actor=self.caller.subject,
            recorded_at=self._request.app.state.clock.recorded_at(),
            correlation_id=correlation.get() or str(uuid4()),
            traceparent=traceparent_of(self._request),
        )

    def _earlier(self, work: Work, key: str, fingerprint: bytes) -> Response | None:
        earlier = work.answered(self.caller.subject, key)
        if earlier is None:
            return None
        if bytes(earlier.fingerprint) != fingerprint:
            raise Refused([Ground(None, "idempotency-key-reused", "Idempotency-Key", of_payload=True)])
        return _answer(earlier.status, earlier.version, bytes(earlier.body))


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests of one `Idempotency-Key` the same request."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).digest()


def traceparent_of(request: Request) -> str | None:
    """The caller's `traceparent`, where it is one (W3C Trace Context, 3.2): it goes into events and on topics."""
    found = request.headers.get("traceparent", "")
    return found if _TRACEPARENT.fullmatch(found) else None


def _answer(status: int, version: int | None, content: bytes) -> Response:
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return Response(content, status, headers, "application/json")


def commands(*roles: Role) -> Callable[..., Awaitable[Commands]]:
    """A dependency: commands for callers with one of these roles."""

    async def made(
        request: Request,
        credentials: Bearer,
        idempotency_key: Annotated[str | None, Header(max_length=200, min_length=1)] = None,
        if_match: Annotated[str | None, Header(description="The version, as shown in ETag.")] = None,
    ) -> Commands:
        who = await permitted(request, credentials, roles)
        return Commands(request, who, idempotency_key, _version(if_match))

    return made


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*(?:(?:W/)?"([0-9]{1,18})"|([0-9]{1,18}))\s*', if_match)
    if found is None:
        raise Refused([Ground(None, "if-match-malformed", "If-Match", of_payload=True)])
    return int(found[1] or found[2])

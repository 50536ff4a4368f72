"""Who calls, and what they may. Tokens are JWTs of one audience; a token of one line opens nothing on another."""

import threading
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import jwt
import orjson
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from baqylau.http_client import HttpClient, OutOfReach
from baqylau.lines import Line
from baqylau.platform.settings import Settings

_ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256", "PS256"]

KEYS_GOOD_SECONDS = 300.0
"""After so long, keys are read again: one that the issuer has withdrawn signs nothing any more."""
ISSUER_SECONDS = 3.0
KEYS_PAUSE_SECONDS = 10.0
"""An issuer elsewhere is asked at most so often, whatever tokens are sent here."""
KEPT_TOKENS = 4096
_MAX_SUBJECT = 200


class Role(StrEnum):
    """What a token's `roles` may name."""

    GATE_OFFICER = "gate-officer"
    REGISTRAR = "registrar"
    CONTROLLER = "controller"
    EXECUTOR = "executor"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a valid token speaks for. `units` and `organization` bound what registrars and executors may touch."""

    subject: str
    audience: Line
    roles: frozenset[Role]
    organization: str | None
    units: frozenset[UUID]

    def may(self, *roles: Role) -> bool:
        """Whether the caller has one of the roles."""
        return not self.roles.isdisjoint(roles)


class InvalidToken(Exception):
    """Not a token that is valid here. The message says why, without the token."""


def require_own_token(folder: Path, line: Line) -> None:
    """Raises ValueError where the folder of a line's process holds no token of that line: it is another line's."""
    try:
        claimed = jwt.decode((folder / line.value).read_text().strip(), options={"verify_signature": False}).get("aud")
    except (OSError, ValueError, jwt.PyJWTError):
        claimed = None
    if claimed not in (line.value, [line.value]):
        raise ValueError(f"BAQYLAU_SERVICE_TOKEN_FILE holds no token of the line {line}: is it another line's folder?")


class TokenVerifier:
    """Verifies tokens against a local key set or one found by OIDC discovery.

    A key of the local set may carry `aud`: then it signs for that audience alone.
    """

    def __init__(self, settings: Settings, audiences: frozenset[Line]) -> None:
        if settings.jwks_file is None and settings.oidc_issuer is None:
            raise ValueError("Set BAQYLAU_OIDC_ISSUER or BAQYLAU_JWKS_FILE: without keys nobody could call")
        self._settings = settings
        self._audiences = audiences
        self._lock = threading.Lock()
        self._keys: dict[str, dict[str, Any]] = {}
        self._asked = float("-inf")
        self._loaded = float("-inf")
        self._verified: dict[str, tuple[Caller, int]] = {}

    def known(self, token: str) -> Caller | None:
        """The caller, where this very token was verified with the keys of now and hasn't ended; no I/O."""
        found = self._verified.get(token)
        if found is None or time.time() >= found[1] or time.monotonic() - self._loaded > KEYS_GOOD_SECONDS:
            return None
        return found[0]

    def verify(self, token: str) -> Caller:
        """The caller. Reads the keys where they aren't known, or not any more. Raises `InvalidToken`."""
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
            key = self._key(kid)
            claims = jwt.decode(
                token,
                jwt.PyJWK(key),
                algorithms=_ALGORITHMS,
                audience=[audience.value for audience in self._audiences],
                issuer=self._settings.oidc_issuer,
                options={"require": ["exp", "aud", "sub"]},
            )
            audience = self._audience(claims["aud"])
            if key.get("aud", audience.value) != audience.value:
                raise InvalidToken("the key doesn't sign for this audience")
            organization = claims.get("organization")
            subject = claims["sub"]
            if not isinstance(organization, str | None) or len(subject) > _MAX_SUBJECT or "\0" in subject:
                raise InvalidToken("claims of a kind that isn't known here")
            known = set(Role)
            verified = Caller(
                subject=subject,
                audience=audience,
                # An issuer of many systems names roles of theirs too; here they open nothing.
                roles=frozenset(Role(role) for role in claims.get("roles", ()) if role in known),
                organization=organization,
                units=frozenset(UUID(unit) for unit in claims.get("units", ())),
            )
            self._keep(token, verified, int(claims["exp"]), key)
            return verified
        except InvalidToken:
            raise
        except jwt.PyJWTError as error:
            raise InvalidToken(type(error).__name__) from None
        except (ValueError, TypeError, AttributeError, KeyError):
            raise InvalidToken("claims of a kind that isn't known here") from None

    def _keep(self, token: str, verified: Caller, ends: int, key: dict[str, Any]) -> None:
        with self._lock:
            if key is not self._keys.get(str(key.get("kid", ""))):
                return  # the keys were read again meanwhile
            if len(self._verified) >= KEPT_TOKENS:
                self._verified.clear()
            self._verified[token] = (verified, ends)

    def _audience(self, claimed: str | list[str]) -> Line:
        """The one line that the token is for. A token for two would open one with the other's rights."""
        named = {claimed} if isinstance(claimed, str) else set(claimed)
        lines = [line for line in Line if line.value in named]
        if len(lines) != 1 or lines[0] not in self._audiences:
            raise InvalidToken("its audience isn't this line alone")
        return lines[0]

    def _key(self, kid: str) -> dict[str, Any]:
        found = self._keys.get(kid)
        if found is None or time.monotonic() - self._loaded > KEYS_GOOD_SECONDS:
            self._refresh(known=found is not None)
            found = self._keys.get(kid)
        if found is None:
            raise InvalidToken("signed by a key that isn't known here")
        return found

    def _refresh(self, *, known: bool) -> None:
        """Read the keys again. An issuer that is away is forgiven where the key was known: it is asked again soon."""
        with self._lock:
            now = time.monotonic()
            if self._settings.jwks_file is None and now - self._asked < KEYS_PAUSE_SECONDS:
                if self._loaded == float("-inf"):
                    raise _no_keys()
                return
            self._asked = now
            try:
                keys = self._load()
            except (OutOfReach, OSError, LookupError, ValueError, TypeError) as error:
                if known:
                    return
                raise _no_keys() from error
            self._keys = {str(key.get("kid", "")): key for key in keys}
            self._verified = {}
            self._loaded = now

    def _load(self) -> list[dict[str, Any]]:
        if self._settings.jwks_file is not None:
            return [dict(key) for key in orjson.loads(self._settings.jwks_file.read_bytes())["keys"]]
        with closing(HttpClient(ISSUER_SECONDS)) as client:
            found = client.get_json(f"{self._settings.oidc_issuer}/.well-known/openid-configuration")
            return [dict(key) for key in client.get_json(found["jwks_uri"])["keys"]]


def _no_keys() -> HTTPException:
    return HTTPException(503, "The keys of the issuer of tokens can't be read.", {"Retry-After": "5"})


Bearer = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="A JWT whose `aud` is this line.")),
]


async def caller(request: Request, credentials: Bearer) -> Caller:
    """The caller of this request; 401 where there is no valid token."""
    if credentials is None:
        raise HTTPException(401, "Send a token: Authorization: Bearer <JWT>.", {"WWW-Authenticate": "Bearer"})
    verifier: TokenVerifier = request.app.state.verifier
    token = credentials.credentials
    try:
        known = verifier.known(token)
        return known if known is not None else await run_in_threadpool(verifier.verify, token)
    except InvalidToken as error:
        raise HTTPException(
            401, f"The token isn't valid here: {error}.", {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        ) from None


async def permitted(request: Request, credentials: Bearer, roles: Collection[Role]) -> Caller:
    """A caller with one of these roles and a token of this very line; else 401 or 403."""
    who = await caller(request, credentials)
    if not who.may(*roles):
        raise HTTPException(403, f"This needs one of the roles: {', '.join(roles)}.")
    if who.audience is not request.app.state.settings.line:
        raise HTTPException(403, "The token is of another line.")
    return who


def require(*roles: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency: a caller who is `permitted`."""

    async def required(request: Request, credentials: Bearer) -> Caller:
        return await permitted(request, credentials, roles)

    return required

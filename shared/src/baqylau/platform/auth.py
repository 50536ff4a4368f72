"""Who calls, and what they may. Tokens are JWTs of one audience; a token of one line opens nothing on another."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import httpx
import jwt
import orjson
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from baqylau.lines import Line
from baqylau.platform.settings import Settings

_ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256", "PS256"]


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

    def verify(self, token: str) -> Caller:
        """The caller. Raises `InvalidToken`."""
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
            audience = Line(claims["aud"])
            if key.get("aud", audience.value) != audience.value:
                raise InvalidToken("the key doesn't sign for this audience")
            return Caller(
                subject=str(claims["sub"]),
                audience=audience,
                roles=frozenset(Role(role) for role in claims.get("roles", ())),
                organization=claims.get("organization"),
                units=frozenset(UUID(unit) for unit in claims.get("units", ())),
            )
        except InvalidToken:
            raise
        except jwt.PyJWTError as error:
            raise InvalidToken(type(error).__name__) from None
        except (ValueError, TypeError, AttributeError, KeyError):
            raise InvalidToken("claims of a kind that isn't known here") from None

    def _key(self, kid: str) -> dict[str, Any]:
        found = self._keys.get(kid)
        if found is None:
            with self._lock:
                self._keys = {str(key.get("kid", "")): key for key in self._load()}
            found = self._keys.get(kid)
        if found is None:
            raise InvalidToken("signed by a key that isn't known here")
        return found

    def _load(self) -> list[dict[str, Any]]:
        if self._settings.jwks_file is not None:
            return list(orjson.loads(self._settings.jwks_file.read_bytes())["keys"])
        try:
            discovery = httpx.get(f"{self._settings.oidc_issuer}/.well-known/openid-configuration", timeout=5)
            return list(httpx.get(discovery.raise_for_status().json()["jwks_uri"], timeout=5).json()["keys"])
        except httpx.HTTPError as error:
            raise HTTPException(503, "The issuer of tokens can't be reached.", {"Retry-After": "5"}) from error


_bearer = HTTPBearer(auto_error=False, description="A JWT whose `aud` is this line.")


def caller(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
    """The caller of this request; 401 where there is no valid token."""
    if credentials is None:
        raise HTTPException(401, "Send a token: Authorization: Bearer <JWT>.", {"WWW-Authenticate": "Bearer"})
    verifier: TokenVerifier = request.app.state.verifier
    try:
        return verifier.verify(credentials.credentials)
    except InvalidToken as error:
        raise HTTPException(
            401, f"The token isn't valid here: {error}.", {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        ) from None


def require(*roles: Role) -> Callable[..., Caller]:
    """A dependency: a caller with one of these roles and a token of this very line; else 403."""

    def permitted(request: Request, who: Annotated[Caller, Depends(caller)]) -> Caller:
        if not who.may(*roles):
            raise HTTPException(403, f"This needs one of the roles: {', '.join(roles)}.")
        if who.audience is not request.app.state.settings.line:
            raise HTTPException(403, "The token is of another line.")
        return who

    return permitted

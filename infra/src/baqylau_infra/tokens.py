"""A local issuer of tokens: one ES256 key for each audience, made on the first start, and JWTs signed by them.

For one machine, a training room and tests. A ministry sets `BAQYLAU_OIDC_ISSUER` instead.
"""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import jwt
from baqylau.lines import Line
from baqylau.platform.auth import Role
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from baqylau_infra import Problem

ISSUER = "baqylau-local"
Name = TypeVar("Name", Line, Role)
LIFETIME = 12 * 60 * 60
"""Seconds that a token is good for."""


class Keys:
    """The private keys in a folder, mode 0600, made where missing; and `jwks.json`, their public halves."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.jwks_file = folder / "jwks.json"
        self._private = {line: _load_or_make(folder / f"{line}.pem") for line in Line}
        public = [_public(line, key) for line, key in self._private.items()]
        write_whole(self.jwks_file, json.dumps({"keys": public}, indent=2), 0o644)

    def token(
        self,
        roles: Iterable[str],
        line: str,
        *,
        organization: str | None = None,
        units: Iterable[str] = (),
        subject: str | None = None,
    ) -> str:
        """A JWT of the audience `line`, good for `LIFETIME`. Raises `Problem` for an unknown role, line or unit id."""
        audience = _one_of(Line, line, "line")
        known_roles = [_one_of(Role, role, "role") for role in roles]
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": subject or "@".join(filter(None, ["+".join(known_roles), organization])),
            "roles": known_roles,
            "organization": organization,
            "units": [_unit(unit) for unit in units],
            "iat": now,
            "exp": now + LIFETIME,
        }
        key = self._private[audience]
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": _public(audience, key)["kid"]})


def write_whole(path: Path, text: str, mode: int) -> None:
    """Writes a file so that a reader sees the old text or the new one, never a part."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    partial.replace(path)


def _load_or_make(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        made = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        write_whole(made, pem.decode(), 0o600)
        with suppress(FileExistsError):  # made by another process meanwhile: that one counts
            os.link(made, path)
        made.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Problem(f"{path} isn't a key on an elliptic curve: remove it, and a new one is made.")
    return key


def _public(line: Line, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """The JWK of the public half; its `aud` names the audience that it may sign for."""
    bare = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    kid = hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).hexdigest()[:16]
    return {**bare, "kid": kid, "alg": "ES256", "use": "sig", "aud": line}


def _one_of(names: type[Name], value: str, what: str) -> Name:
    try:
        return names(value)
    except ValueError:
        raise Problem(f"There is no {what} {value!r}: it is one of {', '.join(names)}.") from None


def _unit(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise Problem(f"{value!r} isn't the id of a unit: ids are UUIDs, as the gate's answers show them.") from None

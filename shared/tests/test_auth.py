"""Whose token opens what: signed with real keys, in every wrong way that a token can be wrong."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from baqylau.lines import Line
from baqylau.platform import auth
from baqylau.platform.auth import InvalidToken, Role, TokenVerifier
from baqylau.platform.settings import Settings
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import HTTPException
from jwt.algorithms import ECAlgorithm

OPEN = Line.NON_CONFIDENTIAL


class Issuer:
    """Keys in a file; `sign` makes a token, good in every way but for what is given."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "jwks.json"
        self.keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("open", "confidential", "unknown")}
        self.publish("open", "confidential")

    def publish(self, *names: str) -> None:
        audience = {"open": OPEN.value, "confidential": "confidential"}
        found = [
            {**ECAlgorithm.to_jwk(self.keys[name].public_key(), as_dict=True), "kid": name, "alg": "ES256"}
            | ({"aud": audience[name]} if name in audience else {})
            for name in names
        ]
        self.file.write_text(json.dumps({"keys": found}))

    def sign(self, key: str = "open", kid: str | None = None, **claims: Any) -> str:
        full = {"sub": "someone", "aud": OPEN.value, "exp": time.time() + 60, "roles": ["registrar"], **claims}
        kept = {name: value for name, value in full.items() if value is not None}
        return jwt.encode(kept, self.keys[key], algorithm="ES256", headers={"kid": kid or key})


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


def verifier(**settings: object) -> TokenVerifier:
    some = dict.fromkeys(("kafka_bootstrap", "postgres_host", "postgres_user", "postgres_password"), "x")
    made = Settings.model_validate({"line": OPEN, "port": 1, "postgres_dbname": "x", **some, **settings})
    return TokenVerifier(made, frozenset({OPEN}))


def test_a_token_of_this_line_names_its_caller(issuer: Issuer) -> None:
    unit = "11111111-2222-3333-4444-555555555555"

    who = verifier(jwks_file=issuer.file).verify(issuer.sign(organization="MIN-A", units=[unit]))

    assert (who.subject, who.audience, who.organization) == ("someone", OPEN, "MIN-A")
    assert who.roles == {Role.REGISTRAR}
    assert [str(found) for found in who.units] == [unit]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "confidential"},
        {"aud": "gate"},
        {"aud": [OPEN.value, "confidential"]},
        {"aud": "elsewhere"},
        {"aud": None},
        {"exp": 1.0},
        {"exp": None},
        {"sub": None},
        {"sub": "s" * 201},
        {"sub": "a\0b"},
        {"key": "confidential"},
        {"key": "unknown"},
        {"key": "unknown", "kid": "open"},
        {"units": ["not-an-id"]},
        {"units": 5},
        {"roles": 5},
        {"organization": ["MIN-A"]},
        {"nbf": 4e9},
    ],
    ids=str,
)
def test_any_other_token_opens_nothing(issuer: Issuer, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verifier(jwks_file=issuer.file).verify(issuer.sign(**claims))


def test_a_token_signed_for_no_one_or_with_a_public_key_as_secret_opens_nothing(issuer: Issuer) -> None:
    claims = {"sub": "x", "aud": OPEN.value, "exp": time.time() + 60}

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    unsigned = f"{part({'alg': 'none', 'kid': 'open'})}.{part(claims)}."
    signed = f"{part({'alg': 'HS256', 'kid': 'open'})}.{part(claims)}"
    digest = hmac.digest(issuer.file.read_bytes(), signed.encode(), "sha256")
    secret = f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    for token in (unsigned, secret, "", "a.b.c", "\udfff"):
        with pytest.raises(InvalidToken):
            verifier(jwks_file=issuer.file).verify(token)


def test_roles_of_other_systems_open_nothing_and_spoil_nothing(issuer: Issuer) -> None:
    who = verifier(jwks_file=issuer.file).verify(issuer.sign(roles=["offline_access", "auditor"]))

    assert who.roles == {Role.AUDITOR}


def test_an_audience_among_others_that_are_no_lines_will_do(issuer: Issuer) -> None:
    assert verifier(jwks_file=issuer.file).verify(issuer.sign(aud=["account", OPEN.value])).audience is OPEN


def test_a_new_key_is_found_at_once_and_a_withdrawn_one_ends(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = verifier(jwks_file=issuer.file).verify
    verify(issuer.sign())

    issuer.keys["later"] = ec.generate_private_key(ec.SECP256R1())
    issuer.publish("later")
    verify(issuer.sign("later"))
    monkeypatch.setattr(auth, "KEYS_GOOD_SECONDS", -1.0)

    with pytest.raises(InvalidToken):
        verify(issuer.sign())


def test_a_token_is_known_again_until_it_ends_or_its_key_is_withdrawn(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifying, token = verifier(jwks_file=issuer.file), issuer.sign(exp=time.time() + 60)
    assert verifying.known(token) is None
    verified, after = verifying.verify(token), time.time() + 61
    assert verifying.known(token) == verified
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: after)
        assert verifying.known(token) is None, "it has ended"

    issuer.keys["later"] = ec.generate_private_key(ec.SECP256R1())
    issuer.publish("later")
    verifying.verify(issuer.sign("later"))

    assert verifying.known(token) is None, "its key is withdrawn"


def test_without_its_key_set_a_service_says_that_it_cant_tell(issuer: Issuer, tmp_path: Path) -> None:
    with pytest.raises(HTTPException) as raised:
        verifier(jwks_file=tmp_path / "none.json").verify(issuer.sign())

    assert raised.value.status_code == 503


@pytest.fixture
def oidc(issuer: Issuer) -> Iterator[tuple[str, list[str]]]:
    """A real issuer over HTTP, and what it was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            found: Any = (
                {"jwks_uri": f"{url}/keys"} if "well-known" in self.path else json.loads(issuer.file.read_text())
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url, asked
    server.shutdown()


def test_keys_are_found_by_discovery_and_a_flood_of_odd_tokens_asks_the_issuer_no_more(
    issuer: Issuer, oidc: tuple[str, list[str]]
) -> None:
    url, asked = oidc
    verify = verifier(oidc_issuer=url).verify

    assert verify(issuer.sign(iss=url)).subject == "someone"
    for number in range(50):
        with pytest.raises(InvalidToken):
            verify(issuer.sign(iss=url, kid=f"made-up-{number}"))

    assert asked == ["/.well-known/openid-configuration", "/keys"]
    with pytest.raises(InvalidToken):
        verify(issuer.sign(iss="http://elsewhere"))

import json
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from baqylau_infra import Problem
from baqylau_infra.tokens import Keys

UNIT = "0f2f2c1e-6c1f-4d0e-9a35-3b7f0d5a4b11"


def key_of(keys: Keys, audience: str) -> dict[str, Any]:
    return next(key for key in json.loads(keys.jwks_file.read_text())["keys"] if key["aud"] == audience)


def test_a_token_verifies_against_the_published_key_of_its_audience(tmp_path: Path) -> None:
    keys = Keys(tmp_path)

    token = keys.token(["executor"], "confidential", organization="MIN-A", units=[UNIT])

    key = key_of(keys, "confidential")
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["ES256"], audience="confidential", issuer="baqylau-local")
    assert (claims["roles"], claims["organization"], claims["units"]) == (["executor"], "MIN-A", [UNIT])
    assert claims["exp"] - claims["iat"] == 12 * 60 * 60


def test_a_key_of_another_audience_does_not_verify_it(tmp_path: Path) -> None:
    keys = Keys(tmp_path)

    token = keys.token(["executor"], "confidential")

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, jwt.PyJWK(key_of(keys, "non-confidential")), algorithms=["ES256"], audience=["confidential"])


def test_keys_stay_the_same_from_start_to_start_and_are_the_owners_alone(tmp_path: Path) -> None:
    token = Keys(tmp_path).token(["gate-officer"], "gate")

    again = Keys(tmp_path)

    jwt.decode(token, jwt.PyJWK(key_of(again, "gate")), algorithms=["ES256"], audience="gate")
    private = list(tmp_path.glob("*.pem"))
    assert len(private) == 3
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    assert '"d"' not in again.jwks_file.read_text()


@pytest.mark.parametrize(
    ("roles", "line", "units", "said"),
    [
        (["boss"], "gate", [], "There is no role 'boss': it is one of gate-officer, registrar"),
        (["auditor"], "open", [], "There is no line 'open': it is one of gate, non-confidential, confidential."),
        (["registrar"], "confidential", ["unit-7"], "'unit-7' isn't the id of a unit"),
    ],
)
def test_what_is_unknown_is_refused_in_one_sentence(
    tmp_path: Path, roles: list[str], line: str, units: list[str], said: str
) -> None:
    with pytest.raises(Problem, match=said):
        Keys(tmp_path).token(roles, line, units=units)

"""What was answered to an `Idempotency-Key`, kept in the transaction of what the command changed."""

from typing import LiteralString, NamedTuple

TABLE: LiteralString = """
CREATE TABLE IF NOT EXISTS idempotency_keys (
    caller text NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL, status smallint NOT NULL,
    version bigint, body bytea NOT NULL, answered_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (caller, key));
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (answered_at);
"""


class Answered(NamedTuple):
    """`fingerprint`: of the request. `version`: of the resource, where the answer showed one."""

    caller: str
    key: str
    fingerprint: bytes
    status: int
    version: int | None
    body: bytes


ASK: LiteralString = (
    "SELECT caller, key, fingerprint, status, version, body FROM idempotency_keys WHERE caller = %s AND key = %s"
)
KEEP: LiteralString = (
    "INSERT INTO idempotency_keys (caller, key, fingerprint, status, version, body) SELECT * FROM "
    "unnest(%b::text[], %b::text[], %b::bytea[], %b::smallint[], %b::bigint[], %b::bytea[])"
)
FORGOTTEN_AT_ONCE = 10_000
"""So many that nobody waits for it."""
FORGET: LiteralString = (
    "DELETE FROM idempotency_keys WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys "
    f"WHERE answered_at < now() - interval '7 days' ORDER BY answered_at LIMIT {FORGOTTEN_AT_ONCE}) RETURNING 1"
)
"""Some of those older than a week."""

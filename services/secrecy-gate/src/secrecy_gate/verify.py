"""Check an exported proof anywhere, without the gate: `python -m secrecy_gate.verify proof.ndjson [noted digest]`.

The export (`GET /proof/log`) holds the whole log, an event a line: position, id, version, topic, state, digest. The
check links the hash chain anew and folds the events anew, so that it trusts neither its decisions nor its answer.
A digest that was noted at any time before must be that of one of its positions: up to there, nothing was changed since.
It exits with 0 where the log is whole and proves segregation, 1 where it does not, 2 for a file that is not one.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
from eventsourcing.persistence import StoredEvent

from secrecy_gate.proved_log import ProvedLog


@dataclass(frozen=True, slots=True)
class Verified:
    """What the check found. `failures`: one sentence each; none: the log is whole and proves segregation.

    `noted_at`: the position of the digest that was noted before; None: it is nowhere, or none was named.
    """

    events: int
    trees: int
    digest: str
    failures: tuple[str, ...]
    noted_at: int | None


def export_line(position: int, event: StoredEvent, digest: bytes) -> bytes:
    """One line of the export."""
    return orjson.dumps(
        {
            "position": position,
            "id": event.originator_id,
            "version": event.originator_version,
            "topic": event.topic,
            "state": event.state.decode(),
            "digest": digest.hex(),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def verify(lines: Iterable[bytes], noted: str | None = None) -> Verified:
    """Check an export. `noted`: a digest that `GET /proof` showed at some time, in hex.

    Raises `ValueError`, `KeyError` or `TypeError` for a line that isn't of the export, or where there is none.
    """
    log, noted_at = ProvedLog(), None
    for line in lines:
        row = orjson.loads(line)
        event = StoredEvent(UUID(str(row["id"])), int(row["version"]), str(row["topic"]), str(row["state"]).encode())
        log.follow(int(row["position"]), event, bytes.fromhex(str(row["digest"])))
        if noted is not None and log.digest.hex() == noted.lower():
            noted_at = int(row["position"])
    if not log.events:
        raise ValueError("an export has an event at least")
    failures = [
        f"{found.reason}{f' ({found.citation})' if found.citation else ''}: "
        f"{found.subject} at position {found.shown_by.position}"
        for found in log.proof.failures
    ]
    if noted is not None and noted_at is None:
        failures.append("the digest that was noted is that of no position: the log was changed or cut, or is another")
    return Verified(log.events, len(log.proof.trees), log.digest.hex(), tuple(failures), noted_at)


def main() -> int:
    """The command."""
    if len(sys.argv) not in (2, 3):
        sys.stderr.write("usage: python -m secrecy_gate.verify <export> [<noted digest>]\n")
        return 2
    try:
        with Path(sys.argv[1]).open("rb") as export:
            found = verify(export, sys.argv[2] if len(sys.argv) == 3 else None)
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        sys.stderr.write(f"{sys.argv[1]} can't be read as an export of /proof/log: {type(error).__name__}\n")
        return 2
    for failure in found.failures:
        sys.stdout.write(f"FAILS  {failure}\n")
    verdict = "FAILS" if found.failures else "HOLDS"
    end = f"as noted up to position {found.noted_at}" if found.noted_at else "not held against a digest noted before"
    sys.stdout.write(f"{verdict}  {found.events} events, {found.trees} unit trees, digest {found.digest}, {end}\n")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())

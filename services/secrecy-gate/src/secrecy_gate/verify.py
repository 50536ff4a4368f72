"""Check an exported proof anywhere, without the gate: `python -m secrecy_gate.verify proof.ndjson [expected digest]`.

The export (`GET /proof/log`) holds the whole log, an event a line: position, id, version, topic, state, digest. The
check links the hash chain anew and folds the events anew, so that it trusts neither its decisions nor its answer.
It exits with 0 where the log is whole and proves segregation, 1 where it does not, 2 for a file that is not one.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.mapper import PydanticMapper
from eventsourcing.persistence import JSONTranscoder, StoredEvent

from secrecy_gate.domain import breach, employee, organization
from secrecy_gate.domain.proof import Proof

KNOWN = (organization, employee, breach)
"""Imported, so that their events can be read by their stored names."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the check found. `failures`: one sentence each; none: the log is whole and proves segregation."""

    events: int
    trees: int
    digest: str
    failures: tuple[str, ...]


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


def verify(lines: Iterable[bytes], expected: str | None = None) -> Verified:
    """Check an export. `expected`: the digest that `GET /proof` showed, where it is known.

    Raises `ValueError` or `KeyError` for a line that isn't of the export.
    """
    mapper, proof, digest, count = PydanticMapper(JSONTranscoder()), Proof(), GENESIS, 0
    failures: list[str] = []
    position = 0
    for line in lines:
        row = orjson.loads(line)
        event = StoredEvent(UUID(row["id"]), int(row["version"]), str(row["topic"]), str(row["state"]).encode())
        if int(row["position"]) <= position:
            failures.append(f"position {row['position']} comes after {position}")
        position = int(row["position"])
        digest = link(digest, position, event)
        if digest.hex() != row["digest"]:
            failures.append(f"the chain breaks at position {position}: the log was changed there, or before it")
            break
        domain_event: DomainEvent = mapper.to_domain_event(event)
        proof.follow(position, domain_event)
        count += 1
    if expected is not None and not failures and digest.hex() != expected.lower():
        failures.append("the log ends in another digest than expected: it was cut, or is another one")
    failures += [
        f"{found.reason} ({found.citation}): {found.subject} at position {found.shown_by.position}"
        for found in proof.breaches
    ]
    return Verified(count, len(proof.trees), digest.hex(), tuple(failures))


def main() -> int:
    """The command."""
    if len(sys.argv) not in (2, 3):
        sys.stderr.write("usage: python -m secrecy_gate.verify <export> [<expected digest>]\n")
        return 2
    try:
        with Path(sys.argv[1]).open("rb") as export:
            found = verify(export, sys.argv[2] if len(sys.argv) == 3 else None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"{sys.argv[1]} can't be read as an export of /proof/log: {type(error).__name__}\n")
        return 2
    for failure in found.failures:
        sys.stdout.write(f"FAILS  {failure}\n")
    verdict = "FAILS" if found.failures else "HOLDS"
    sys.stdout.write(f"{verdict}  {found.events} events, {found.trees} unit trees, digest {found.digest}\n")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())

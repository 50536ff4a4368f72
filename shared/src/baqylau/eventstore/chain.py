"""The hash chain over a service's log: each event's digest takes in the one before, so nothing can be changed, left out
or slipped in behind without every later digest showing it.
"""

import hashlib
from uuid import UUID

from eventsourcing.persistence import StoredEvent

GENESIS = bytes(32)
"""The digest before the first event."""


def link(previous: bytes, position: int, event: StoredEvent) -> bytes:
    """SHA-256 of the digest before, then position, aggregate id, version, length and name of the topic, and the state.

    Numbers are 8 bytes, big-endian; the id is its 16 bytes; the topic is UTF-8 behind its length in 4 bytes.
    """
    assert isinstance(event.originator_id, UUID)
    topic = event.topic.encode()
    hashed = hashlib.sha256(previous)
    hashed.update(position.to_bytes(8, "big") + event.originator_id.bytes)
    hashed.update(event.originator_version.to_bytes(8, "big") + len(topic).to_bytes(4, "big") + topic)
    hashed.update(event.state)
    return hashed.digest()

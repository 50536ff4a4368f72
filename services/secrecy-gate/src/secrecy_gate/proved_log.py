"""The gate's log as it lies in the store, linked anew and folded: what `GET /proof` and the offline check both do."""

from collections import Counter
from uuid import UUID

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.mapper import PydanticMapper
from eventsourcing.persistence import JSONTranscoder, MapperDeserialisationError, StoredEvent

from secrecy_gate.domain.breach import Breach
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization
from secrecy_gate.domain.proof import Evidence, Proof

KNOWN = frozenset(
    member.TOPIC
    for aggregate in (Organization, Employee, Breach)
    for member in vars(aggregate).values()
    if isinstance(member, type) and issubclass(member, DomainEvent)
)
"""Stored names of the gate's events. Another name isn't looked up: it could name any module of the machine."""


class ProvedLog:
    """Follows the log with its hash chain. `digest`: the chain's, at the proof's position. `events`: how many."""

    def __init__(self) -> None:
        self.proof = Proof()
        self.digest = GENESIS
        self.events = 0
        self._versions: Counter[UUID] = Counter()
        self._mapper = PydanticMapper(JSONTranscoder())

    def follow(self, position: int, stored: StoredEvent, digest: bytes) -> None:
        """Take in the next event, with the digest that is kept of it (empty: none). What is wrong, the proof says."""
        assert isinstance(stored.originator_id, UUID)
        unread = Evidence(position, f"{stored.originator_id}:{stored.originator_version}", None)
        if position != self.proof.position + 1:
            self.proof.distrust("position-missing-or-out-of-order", stored.originator_id, unread)
        if stored.originator_version != self._versions[stored.originator_id] + 1:
            self.proof.distrust("version-missing-or-out-of-order", stored.originator_id, unread)
        self._versions[stored.originator_id] = stored.originator_version
        linked = link(self.digest, position, stored)
        if linked != digest:
            self.proof.distrust("hash-chain-broken", stored.originator_id, unread)
        self.digest = digest or linked  # so that one break is one failure
        self.events += 1
        event = self._read(stored)
        if event is None:
            self.proof.distrust("event-unreadable", stored.originator_id, unread)
            self.proof.position = position
        else:
            self.proof.follow(position, event)

    def _read(self, stored: StoredEvent) -> DomainEvent | None:
        if stored.topic not in KNOWN:
            return None
        try:
            event: DomainEvent = self._mapper.to_domain_event(stored)
        except (MapperDeserialisationError, ValueError, TypeError, AttributeError):
            return None
        return event

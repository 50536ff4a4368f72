"""What became of the records of one key that could not be handled, in the service's own log; for nobody else.

Ids, positions and codes: nothing of what a record says. Its key isn't in them either, it may hold anything; the
aggregate's id is made of it, so who knows the key finds its history.
"""

from collections.abc import Collection
from uuid import UUID, uuid5

from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent

_NAMESPACE = UUID("5b0c1f6e-3c0f-5a53-9d52-6a2f6f0c7f10")

BEHIND = "behind-a-parked-record"
"""The reason of a record that nothing is wrong with, but that an earlier one of its key waits."""


class ParkedKey(Aggregate):
    """The parked records of a key, of every upstream partition."""

    discarded: set[tuple[str, int]]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.discarded = set()

    class RecordParked(DomainEvent):
        """`reason`: codes. `type`: as the record's header has it, of a stranger's record whatever stood there."""

        upstream: str
        position: int
        type: str | None = None
        reason: str

    class ParkedRecordsRetried(DomainEvent):
        """`positions`: those that took effect now. `reason`: why the next still can't; None: none is left."""

        upstream: str
        positions: tuple[int, ...]
        reason: str | None = None

    class ParkedRecordsDiscarded(DomainEvent):
        """They never take effect. `reason`: in the words of who decided it."""

        upstream: str
        positions: tuple[int, ...]
        reason: str

        def apply(self, parked: "ParkedKey") -> None:
            parked.discarded |= {(self.upstream, position) for position in self.positions}

    def park(self, upstream: str, position: int, event_type: str | None, reason: str, cause: Cause) -> None:
        """A record waits."""
        named = event_type[:200] if event_type else None
        self.trigger(self.RecordParked, cause, upstream=upstream, position=position, type=named, reason=reason)

    def retried(self, upstream: str, positions: Collection[int], reason: str | None, cause: Cause) -> None:
        """They were played again."""
        self.trigger(self.ParkedRecordsRetried, cause, upstream=upstream, positions=tuple(positions), reason=reason)

    def discard(self, upstream: str, positions: Collection[int], reason: str, cause: Cause) -> None:
        """They are given up."""
        self.trigger(self.ParkedRecordsDiscarded, cause, upstream=upstream, positions=tuple(positions), reason=reason)


def parked_id(key: str) -> UUID:
    """The id of a key's aggregate."""
    return uuid5(_NAMESPACE, key)

"""What an aggregate and its events are made of.

A command decides and triggers events; an event only changes state, because it runs again at every replay. The classes
follow the protocols of `eventsourcing` (its mutable-aggregate and event protocols), so that its repository, mapper and
recorder work on them; they leave out its metaclasses, which redefine event classes and know dataclasses only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import OriginatorIDError, OriginatorVersionError
from eventsourcing.utils import register_topic
from pydantic import BaseModel, ConfigDict


class Cause(BaseModel):
    """Who acted, when it was recorded (UTC, the real clock) and what it follows from.

    `actor`: the token's subject, or the service's own name. `correlation_id` is kept along a whole chain of events,
    `causation_id` is the id of the event before, `traceparent` is W3C Trace Context.
    """

    model_config = ConfigDict(frozen=True)

    actor: str
    recorded_at: datetime
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


class DomainEvent(BaseModel):
    """A fact, as stored. `class_version` rises with its shape; `upcast_v1_v2(state)` brings an old one up."""

    model_config = ConfigDict(frozen=True)

    TOPIC: ClassVar[str]
    aggregate_type: ClassVar["type[Aggregate]"]
    class_version: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    cause: Cause

    def apply(self, aggregate: Any) -> None:
        """Change the aggregate's state. No decision is made here."""

    def mutate(self, aggregate: "Aggregate | None") -> "Aggregate":
        """Bring the aggregate to this event's version (called by the repository at replay, and by `trigger`)."""
        if aggregate is None:
            aggregate = self.aggregate_type(self.originator_id)
        if self.originator_id != aggregate.id:
            raise OriginatorIDError(self.originator_id, aggregate.id)
        if self.originator_version != aggregate.version + 1:
            raise OriginatorVersionError(self.originator_version, aggregate.version + 1)
        self.apply(aggregate)
        aggregate.version = self.originator_version
        return aggregate


class Aggregate:
    """The unit of consistency. Its event classes stand inside it; they are stored as `<service>:<EventName>`.

    `counts_only`: its state is its version and nothing else, so that its last event is all that loading it reads.

    The stored name holds no module path, so that moving a class breaks no history.
    """

    counts_only: ClassVar[bool] = False

    def __init__(self, id: UUID) -> None:  # noqa: A002
        self.id = id
        self.version = 0
        self._pending: list[DomainEvent] = []

    def __init_subclass__(cls) -> None:
        package = cls.__module__.partition(".")[0]
        for name, event in cls.event_classes().items():
            event.TOPIC = f"{package}:{name}"
            event.aggregate_type = cls
            register_topic(event.TOPIC, event)

    @classmethod
    def event_classes(cls) -> dict[str, type[DomainEvent]]:
        """Those that stand inside this very class, by their names."""
        return {
            name: member
            for name, member in vars(cls).items()
            if isinstance(member, type) and issubclass(member, DomainEvent)
        }

    def trigger(self, event: type[DomainEvent], cause: Cause, **fields: Any) -> None:
        """Make the next event and apply it. It is stored when the work it belongs to is committed."""
        made = event(originator_id=self.id, originator_version=self.version + 1, cause=cause, **fields)
        self._pending.append(made)  # first: an aggregate that failed halfway is known by it, and forgotten
        made.mutate(self)

    @property
    def pending(self) -> Sequence[DomainEvent]:
        """Events triggered and not yet collected."""
        return self._pending

    def collect_events(self) -> Sequence[DomainEvent]:
        """Hand over the pending events, once."""
        collected, self._pending = self._pending, []
        return collected

    @classmethod
    def replay(cls, events: Sequence[DomainEvent], begun: "Aggregate | None" = None) -> Self | None:
        """The aggregate that the events lead to, or None where there are none. `begun`: what they go on from."""
        aggregate = begun
        if cls.counts_only and events:
            aggregate = events[0].aggregate_type(events[0].originator_id)
            aggregate.version = events[0].originator_version - 1
        for event in events:
            aggregate = event.mutate(aggregate)
        if aggregate is not None and not isinstance(aggregate, cls):
            raise TypeError(f"{aggregate.id} is a {type(aggregate).__name__}, not a {cls.__name__}")
        return aggregate

"""A service's application: its event store, its one writer, and what it publishes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString, Protocol
from uuid import UUID

from eventsourcing.application import ProcessingEvent
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import StoredEvent
from eventsourcing.projection import EventSourcedProjection

from baqylau.eventstore import snapshots
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.mapper import PydanticMapper
from baqylau.eventstore.store import Publish, Store
from baqylau.eventstore.transaction import Rows, Statement
from baqylau.eventstore.writer import Writer
from baqylau.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Tables that follow the service's own events in the same transaction. `changes`: a pure function of an event.

    `of_log`: the log alone makes them, so they can be made again. Else they hold what no event does, too.
    """

    tables: LiteralString
    changes: Callable[[DomainEvent], Sequence[Statement]]
    of_log: bool = True


Read = Callable[[LiteralString], Rows]
"""Rows of the service's tables, as they are at one moment."""


class Check(Protocol):
    """What a service's log must hold besides (`baqylau.eventstore.verification`); one is made for each verification."""

    def follow(self, event: DomainEvent) -> Iterator[str]:
        """Take in the next event of the log; says what is wrong with it, in a code."""

    def end(self, read: Read) -> Iterator[str]:
        """What is wrong with the log as a whole, and with what follows from it alone."""


class Service(EventSourcedProjection[UUID]):
    """One service on one line. Everything that writes goes through `writer`; reading goes through `store.read`.

    `tables`: those besides, that the service's own events don't change: copies of what others have told, leases.
    `checks`: what a verification asks of this service's log alone.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        publish: Publish,
        read_models: Sequence[ReadModel],
        tables: Sequence[LiteralString] = (),
        checks: Sequence[Callable[[], Check]] = (),
    ) -> None:
        snapshots.prepare()
        self._read_models = tuple(read_models)
        self.of_log = tuple(model for model in read_models if model.of_log)
        self.checks = tuple(checks)
        super().__init__(settings.eventsourcing_env())
        assert isinstance(self.recorder, Store)
        assert isinstance(self.mapper, PydanticMapper)
        self.store = self.recorder
        self.store.prepare(
            name,
            settings.line,
            settings.partitions,
            publish,
            [model.tables for model in self.of_log],
            [*(model.tables for model in read_models if not model.of_log), *tables],
        )
        self.writer = Writer(self.store, self.mapper, self.project)

    name = "stored"

    def project(self, event: DomainEvent) -> Sequence[Statement]:
        """How the read models follow an event."""
        return [statement for model in self._read_models for statement in model.changes(event)]

    def history(self, id: UUID, after: int = 0, limit: int | None = None) -> list[DomainEvent]:  # noqa: A002
        """The stored events of an aggregate behind a version, oldest first."""
        selected = self.store.select_events(id, gt=after, limit=limit)
        return [self.decoded(stored) for stored in selected]

    def decoded(self, stored: StoredEvent) -> DomainEvent:
        """A stored event as a domain event, in today's shape."""
        event: DomainEvent = self.mapper.to_domain_event(stored)  # type: ignore[assignment]
        return event

    def close(self) -> None:
        """Close its sessions. Nothing may be written any more."""
        super().close()
        self.store.close_writing()

    def policy(
        self, domain_event: DomainEventProtocol[UUID], processing_event: ProcessingEvent[UUID]
    ) -> None:  # pragma: no cover
        """Not used: records of other services come through `baqylau.messaging.intake`, in batches."""
        raise NotImplementedError

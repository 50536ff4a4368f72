"""Between domain events and stored events: plain JSON, by pydantic, with upcasting."""

from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent
from eventsourcing.utils import resolve_topic
from pydantic import ValidationError

from baqylau.eventstore.aggregate import DomainEvent

_IDENTITY = {"originator_id", "originator_version"}


class PydanticMapper(Mapper[UUID]):
    """Stores an event's fields as JSON; the identity stands in the row's own columns.

    An event class whose shape changed raises its `class_version` and says in `upcast_v<n>_v<n+1>(state)` how an older
    state becomes a newer one. Raises `MapperDeserialisationError` (without the content) for a state it can't read.
    """

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Encode an event. Fields that are None are left out."""
        event: DomainEvent = domain_event
        state = event.__pydantic_serializer__.to_json(event, exclude=_IDENTITY, exclude_none=True)
        if event.class_version > 1:
            state = b'{"class_version":%d,' % event.class_version + state[1:]
        return StoredEvent(event.originator_id, event.originator_version, event.TOPIC, state)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Decode an event, upcasting it to today's shape."""
        cls: type[DomainEvent] = resolve_topic(stored_event.topic)
        state = orjson.loads(stored_event.state)
        stored_version = state.pop("class_version", 1)
        for version in range(stored_version, cls.class_version):
            getattr(cls, f"upcast_v{version}_v{version + 1}")(state)
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        try:
            return cls.model_validate(state)
        except ValidationError as error:
            kinds = sorted({str(problem["type"]) for problem in error.errors(include_input=False)})
            raise MapperDeserialisationError(
                f"{stored_event.topic} {stored_event.originator_id}/{stored_event.originator_version}: {kinds}"
            ) from None

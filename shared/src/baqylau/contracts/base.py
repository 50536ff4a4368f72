"""What every public event shares: its name on the wire, its JSON and its JSON Schema (design: "Events on the wire").

A public event is thin: identities, codes, dates, kinds and outcomes, never a title, a text or a person's name. Dates
are days in Asia/Almaty, instants end in ``_at`` and are UTC, ids are UUIDs, organizations and areas are known by code,
and officials by the id of their post. A contract changes only by an optional field more, or by a new version beside it.
"""

from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import GenerateJsonSchema


class Value(BaseModel):
    """Part of a public event. Immutable; a field that this version doesn't know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PublicEvent(Value):
    """A fact that a service tells the others, as the JSON value of one CloudEvent.

    Parse with ``model_validate_json``, which raises ``pydantic.ValidationError`` for what isn't this event.
    """

    service: ClassVar[str]
    version: ClassVar[int] = 1
    concerns_units: ClassVar[bool] = True
    """Whether its record must name units (`unitids`), which is what the audit looks at."""

    @classmethod
    def event_type(cls) -> str:
        """The CloudEvents ``type``, such as ``baqylau.control.DeadlineMissed.v1``."""
        return f"baqylau.{cls.service}.{cls.__name__}.v{cls.version}"

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the JSON value, as served at ``/schemas/<Event>.v<version>.json``."""
        schema = cls.model_json_schema(schema_generator=_Untitled)
        return {"$schema": GenerateJsonSchema.schema_dialect} | schema | {"title": cls.event_type()}

    def to_json(self) -> bytes:
        """The JSON value in UTF-8. A field without a value is left out, never written as null."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


class _Untitled(GenerateJsonSchema):
    """Field titles only repeat the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


E = TypeVar("E", bound=PublicEvent)

_contracts: dict[str, type[PublicEvent]] = {}


def contract(event: type[E]) -> type[E]:
    """Class decorator: an event on the wire, not a base of some. Raises ValueError where its type is taken already."""
    if _contracts.setdefault(event.event_type(), event) is not event:
        raise ValueError(f"{event.event_type()} is defined twice")
    return event


def contract_of(event_type: str) -> type[PublicEvent] | None:
    """The event of this CloudEvents ``type``; None for a type not known here, which a consumer passes over."""
    return _contracts.get(event_type)


def contracts_of(service: str) -> tuple[type[PublicEvent], ...]:
    """The events that this service emits, in the order of their definition; empty for an unknown service."""
    return tuple(event for event in _contracts.values() if event.service == service)

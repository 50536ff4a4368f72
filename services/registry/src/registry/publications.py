"""What the registry says in public: the one place where its events become contracts. No title, no name, no reason."""

from collections.abc import Callable
from typing import TypeVar

from baqylau.contracts import registry as public
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.lines import Line
from baqylau.messaging.envelope import Publication

from registry.domain import judgement
from registry.domain.document import Document


def publisher(line: Line) -> Callable[[DomainEvent], Publication | None]:
    """The public event of a domain event, for this line alone."""

    def publish(event: DomainEvent) -> Publication | None:
        match event:
            case Document.DocumentRegistered():
                found: public.DocumentEvent = _as(
                    public.DocumentRegistered, vars(event.requisites) | vars(event), citations=judgement.CITATIONS
                )
            case Document.DocumentCorrected():
                found = _as(public.DocumentCorrected, vars(event))
            case Document.DocumentWithdrawn():
                found = _as(public.DocumentWithdrawn, vars(event))
            case _:
                return None
        return Publication(found, (line,), (found.unit_id,))

    return publish


E = TypeVar("E", bound=public.DocumentEvent)


def _as(contract: type[E], fields: dict[str, object], **more: object) -> E:
    """The contract takes the fields that it knows, and ignores the rest: nothing becomes public by being stored."""
    return contract.model_validate(fields | more | {"document_id": fields["originator_id"]})

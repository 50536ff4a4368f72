"""The registration journal of a unit and year: it gives the numbers, one after the other, without gaps."""

from functools import lru_cache
from uuid import UUID, uuid5

from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.segregation import PermittedUnit

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a03")


class Journal(Aggregate):
    """Its version is the last number given: an entry is one event, stored with the document that it numbers or not at
    all. A withdrawn document keeps its number.
    """

    counts_only = True

    @staticmethod
    @lru_cache(maxsize=4096)
    def id_for(unit_id: UUID, year: int) -> UUID:
        """The same unit and year, the same journal."""
        return uuid5(_NAMESPACE, f"journal:{unit_id}:{year}")

    class NumberGiven(DomainEvent):
        unit_id: UUID
        year: int
        number: int
        document_id: UUID

    def enter(self, unit: PermittedUnit, year: int, document_id: UUID, cause: Cause) -> int:
        """Enter a document and answer its number, from 1 on."""
        number = self.version + 1
        self.trigger(self.NumberGiven, cause, unit_id=unit.id, year=year, number=number, document_id=document_id)
        return number

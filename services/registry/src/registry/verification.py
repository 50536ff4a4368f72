"""What a verification asks of a registry: numbers 1 to n, each given once, to one document; and whole contents."""

from collections.abc import Iterator
from typing import LiteralString
from uuid import UUID

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import Read

from registry.domain.document import Document
from registry.domain.journal import Journal


class NumbersWithoutGaps:
    """Follows the journals of each unit and year. A number and the document that bears it are stored together."""

    def __init__(self) -> None:
        self._last: dict[tuple[UUID, int], int] = {}
        self._given: dict[UUID, str] = {}
        self._borne: dict[UUID, str] = {}

    def follow(self, event: DomainEvent) -> Iterator[str]:
        """Take in the next event; says where a number doesn't follow, or a document bears another one."""
        match event:
            case Journal.NumberGiven():
                journal = event.unit_id, event.year
                if event.number != self._last.get(journal, 0) + 1:
                    yield f"number-out-of-order: {event.number} in the journal of {event.unit_id}, {event.year}"
                self._last[journal] = event.number
                self._given[event.document_id] = f"{event.unit_id} {event.year}/{event.number}"
                yield from self._meet(event.document_id)
            case Document.DocumentRegistered():
                number = event.registration_number.rpartition("-")[2]
                self._borne[event.originator_id] = f"{event.unit_id} {number}"
                yield from self._meet(event.originator_id)

    def end(self, _: Read) -> Iterator[str]:
        """Numbers that no document bears, and documents without one."""
        yield from (f"number-without-document: of {id_}" for id_ in self._given)
        yield from (f"document-without-number: {id_}" for id_ in self._borne)

    def _meet(self, document_id: UUID) -> Iterator[str]:
        both = document_id in self._given and document_id in self._borne
        if both and self._given.pop(document_id) != self._borne.pop(document_id):
            yield f"another-number-than-given: {document_id}"


_DAMAGED: LiteralString = (
    "SELECT id FROM documents WHERE content_upload IS NOT NULL AND content_sha256 IS DISTINCT FROM "
    "(SELECT encode(sha256(coalesce(string_agg(piece, '' ORDER BY number), '')), 'hex') "
    "FROM content_pieces WHERE upload_id = content_upload) ORDER BY id LIMIT 1000"
)


class ContentsWhole:
    """Each document's content is there, and has the digest that its event says."""

    def follow(self, _: DomainEvent) -> Iterator[str]:
        """Nothing: an event doesn't hold the content."""
        yield from ()

    def end(self, read: Read) -> Iterator[str]:
        """Documents whose content lacks a piece, or was changed."""
        yield from (f"content-damaged: of {row[0]}" for row in read(_DAMAGED))

"""The contents of documents, in pieces, in the service's own database.

Pieces are stored as they arrive, each in a transaction of its own, outside the writer's: a file of 64 MiB must not hold
up the commands of others. They become a document's content by the event `ContentStored` alone. An upload that doesn't
come to that is deleted at its end, or, where the process died, by a later upload.
"""

from collections.abc import Iterator, Sequence
from typing import LiteralString
from uuid import UUID, uuid4

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.store import Store
from baqylau.eventstore.transaction import Statement

from registry.domain.document import Document

PIECE_BYTES = 256 * 1024

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS content_uploads (
    id uuid PRIMARY KEY, begun_at timestamptz NOT NULL DEFAULT now(), stored boolean NOT NULL DEFAULT false);
CREATE INDEX IF NOT EXISTS content_uploads_unfinished ON content_uploads (begun_at) WHERE NOT stored;
CREATE TABLE IF NOT EXISTS content_pieces (
    upload_id uuid NOT NULL REFERENCES content_uploads ON DELETE CASCADE, number integer NOT NULL,
    piece bytea NOT NULL, PRIMARY KEY (upload_id, number));
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """The upload that an event makes a document's content is kept."""
    if isinstance(event, Document.ContentStored):
        return [("UPDATE content_uploads SET stored = true WHERE id = %s", (event.upload_id,))]
    return []


CONTENT = ReadModel(TABLES, changes, of_log=False)


class Contents:
    """Takes pieces in and hands them out. An upload lasts less than the day after which it counts as given up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self) -> UUID:
        """Begin an upload; those that a dead process left behind are deleted."""
        upload_id = uuid4()
        self._change("DELETE FROM content_uploads WHERE NOT stored AND begun_at < now() - interval '1 day'")
        self._change("INSERT INTO content_uploads (id) VALUES (%s)", upload_id)
        return upload_id

    def add(self, upload_id: UUID, number: int, piece: bytes) -> None:
        """Store a piece. `number`: from 0 on."""
        self._change(
            "INSERT INTO content_pieces (upload_id, number, piece) VALUES (%s, %s, %b)", upload_id, number, piece
        )

    def end(self, upload_id: UUID) -> None:
        """Delete the upload, unless it has become a document's content."""
        self._change("DELETE FROM content_uploads WHERE id = %s AND NOT stored", upload_id)

    def pieces(self, upload_id: UUID) -> Iterator[bytes]:
        """The content, piece by piece; no connection is held between two of them."""
        number = 0
        while rows := self._store.read(
            "SELECT piece FROM content_pieces WHERE upload_id = %s AND number = %s", (upload_id, number)
        ):
            yield bytes(rows[0][0])
            number += 1

    def _change(self, query: LiteralString, *parameters: object) -> None:
        with self._store.datastore.pool.connection() as connection:
            connection.execute(query, parameters)

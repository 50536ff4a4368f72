"""Documents as they are now, for reading and searching."""

from collections.abc import Sequence
from typing import LiteralString

import orjson
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from registry.domain.document import Document
from registry.projections.search import VECTOR, found_by

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS documents (
    id uuid PRIMARY KEY, organization text NOT NULL, unit_id uuid NOT NULL, regime text NOT NULL,
    registration_number text NOT NULL, registered_on date NOT NULL, kind text NOT NULL, requisites jsonb NOT NULL,
    content_sha256 text, content_upload uuid, content_size bigint, content_media_type text,
    corrections jsonb NOT NULL DEFAULT '[]', withdrawn_on date, withdrawal_reason text,
    search tsvector NOT NULL, recorded_at timestamptz NOT NULL, version bigint NOT NULL,
    UNIQUE (unit_id, registration_number));
CREATE INDEX IF NOT EXISTS documents_by_unit ON documents (unit_id, recorded_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS documents_newest ON documents (recorded_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS documents_by_search ON documents USING gin (search);
"""

_INSERT: LiteralString = (
    "INSERT INTO documents (id, organization, unit_id, regime, registration_number, registered_on, kind, requisites, "
    f"content_sha256, recorded_at, version, search) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, {VECTOR})"
)
_CORRECT: LiteralString = (
    "UPDATE documents SET kind = %s, requisites = %s, corrections = corrections || %s::jsonb, version = %s, "
    f"search = (SELECT {VECTOR}) WHERE id = %s"
)


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    id_, version = event.originator_id, event.originator_version
    match event:
        case Document.DocumentRegistered():
            return [
                (
                    _INSERT,
                    (
                        id_,
                        event.organization,
                        event.unit_id,
                        event.regime.value,
                        event.registration_number,
                        event.registered_on,
                        event.requisites.kind.value,
                        event.requisites.model_dump_json(),
                        event.content_sha256,
                        event.cause.recorded_at,
                        version,
                        *found_by(event.requisites, event.registration_number),
                    ),
                )
            ]
        case Document.DocumentCorrected():
            correction = {
                "corrected": event.corrected,
                "reason": event.reason,
                "corrected_on": event.corrected_on,
                "corrected_by": event.cause.actor,
            }
            return [
                (
                    _CORRECT,
                    (
                        event.requisites.kind.value,
                        event.requisites.model_dump_json(),
                        orjson.dumps([correction]).decode(),
                        version,
                        *found_by(event.requisites, event.registration_number),
                        id_,
                    ),
                )
            ]
        case Document.DocumentWithdrawn():
            return [
                (
                    "UPDATE documents SET withdrawn_on = %s, withdrawal_reason = %s, version = %s WHERE id = %s",
                    (event.withdrawn_on, event.reason, version, id_),
                )
            ]
        case Document.ContentStored():
            return [
                (
                    "UPDATE documents SET content_sha256 = %s, content_upload = %s, content_size = %s, "
                    "content_media_type = %s, version = %s WHERE id = %s",
                    (event.sha256, event.upload_id, event.size, event.media_type, version, id_),
                )
            ]
    return []


DOCUMENTS = ReadModel(TABLES, changes)

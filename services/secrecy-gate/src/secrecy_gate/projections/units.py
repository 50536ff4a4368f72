"""Organizations and units as they are now, for reading and for deciding on handling."""

from collections.abc import Sequence
from typing import LiteralString

import orjson
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from secrecy_gate.domain.organization import Organization

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS organizations (
    code text PRIMARY KEY, names jsonb NOT NULL, kind text NOT NULL, territorial boolean NOT NULL);
CREATE TABLE IF NOT EXISTS units (
    id uuid PRIMARY KEY, organization text NOT NULL, code text NOT NULL, names jsonb NOT NULL, parent_id uuid,
    root_id uuid NOT NULL, documentation_service boolean NOT NULL, regime text, dissolved_on date,
    version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS units_by_organization ON units (organization, code);
CREATE INDEX IF NOT EXISTS units_by_tree ON units (root_id);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the tables follow an event."""
    version = event.originator_version
    match event:
        case Organization.OrganizationRegistered():
            return [
                (
                    "INSERT INTO organizations (code, names, kind, territorial) VALUES (%s, %s, %s, %s)",
                    (event.code, _json(event.names), event.kind.value, event.territorial),
                )
            ]
        case Organization.UnitEstablished():
            return [
                (
                    "INSERT INTO units "
                    "(id, organization, code, names, parent_id, root_id, documentation_service, version) "
                    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                    (
                        event.unit_id,
                        event.organization,
                        event.code,
                        _json(event.names),
                        event.parent_id,
                        event.root_id,
                        event.documentation_service,
                        version,
                    ),
                )
            ]
        case Organization.UnitRegimeAssigned():
            return [
                (
                    "UPDATE units SET regime = %s, version = %s WHERE id = %s",
                    (event.regime.value, version, event.unit_id),
                )
            ]
        case Organization.UnitMoved():
            moved = list(event.moved_unit_ids)
            return [
                ("UPDATE units SET parent_id = %s WHERE id = %s", (event.parent_id, event.unit_id)),
                ("UPDATE units SET root_id = %s, version = %s WHERE id = ANY(%s)", (event.root_id, version, moved)),
            ]
        case Organization.UnitDissolved():
            return [
                (
                    "UPDATE units SET dissolved_on = %s, version = %s WHERE id = %s",
                    (event.dissolved_on, version, event.unit_id),
                )
            ]
    return []


def _json(value: object) -> str:
    return orjson.dumps(value, default=lambda model: model.model_dump(exclude_none=True)).decode()


UNITS = ReadModel(TABLES, changes)

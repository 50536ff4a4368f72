"""Who holds each post of a control subject, by its latest entry: names for those who may read them."""

from collections.abc import Sequence
from typing import LiteralString

from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.service import ReadModel
from baqylau.eventstore.transaction import Statement

from control.domain.control_subjects import ControlSubjectsOf
from control.domain.paragraph_103_1 import OfficialRole, deputy_post_id, first_head_post_id

TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS posts (
    id uuid PRIMARY KEY, organization text NOT NULL, role text NOT NULL, name text NOT NULL, position text NOT NULL);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    """How the table follows an event."""
    if not isinstance(event, ControlSubjectsOf.ControlSubjectsNamed):
        return []
    entry = event.entry
    head, organization = entry.first_head, entry.organization
    posts = [(first_head_post_id(organization), OfficialRole.FIRST_HEAD, head.name, head.position)]
    posts += [(deputy_post_id(organization, d), OfficialRole.DEPUTY, d.name, d.position) for d in entry.deputies]
    return [
        (
            "INSERT INTO posts (id, organization, role, name, position) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, position = excluded.position",
            (post_id, organization, role.value, name, position),
        )
        for post_id, role, name, position in posts
    ]


POSTS = ReadModel(TABLES, changes)

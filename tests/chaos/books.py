"""What the databases hold, read past the services: logs, public events, positions, read models."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from baqylau.lines import Line, topic_of
from baqylau_infra.database import PORT
from baqylau_infra.layout import Service
from baqylau_infra.system import System
from psycopg import Connection

UPSTREAMS = {
    "registry": ("secrecy-gate",),
    "control": ("secrecy-gate", "registry"),
    "notifications": ("secrecy-gate", "registry", "control"),
}
"""Which topics of its line a service reads."""

Place = tuple[str, int]
"""A topic and a partition."""

Row = tuple[Any, ...]


class Books:
    """The databases of a running system."""

    def __init__(self, system: System) -> None:
        self._system = system

    @property
    def services(self) -> list[Service]:
        """Those with a database."""
        return [service for service in self._system.services if service.stores]

    @contextmanager
    def opened(self, database: str) -> Iterator[Connection[Row]]:
        """A session of the machine's own user, not through the proxy."""
        with psycopg.connect(
            host=self._system.database.host, port=PORT, user="postgres", dbname=database, connect_timeout=5
        ) as connection:
            yield connection

    def rows(self, service: Service, query: LiteralString, *params: object) -> list[Row]:
        """Of one service's database."""
        with self.opened(service.database) as connection:
            return connection.execute(query, params).fetchall()

    def heads(self) -> dict[Place, int]:
        """The position of each partition's last public event, as its service's log has it."""
        return {
            (topic, partition): position
            for service in self.services
            for topic, partition, position in self.rows(
                service, "SELECT topic, partition, max(position) FROM public_events GROUP BY topic, partition"
            )
        }

    def published(self) -> dict[Place, int]:
        """What of it the broker has acknowledged."""
        return {
            (topic, partition): position
            for service in self.services
            for topic, partition, position in self.rows(service, "SELECT topic, partition, position FROM published")
        }

    def behind(self, heads: dict[Place, int]) -> list[str]:
        """Who hasn't come up to these positions yet."""
        published = self.published()
        found = [f"relay: {topic}/{n}" for (topic, n), at in heads.items() if published.get((topic, n), 0) < at]
        for service in self.services:
            if service.line is Line.GATE:
                continue
            tracked: dict[str, int] = dict(
                self.rows(service, "SELECT application_name, notification_id FROM stored_tracking")
            )
            topics = {topic_of(service.line, upstream) for upstream in UPSTREAMS[service.title]}
            found += [
                f"{service.name}: {topic}/{partition}"
                for (topic, partition), head in heads.items()
                if topic in topics and tracked.get(f"{topic}/{partition}", 0) < head
            ]
        return found

    def parked(self) -> dict[str, int]:
        """Service → how many records are parked."""
        counted = {s.name: self.rows(s, "SELECT count(*) FROM parked_records")[0][0] for s in self.services}
        return {name: count for name, count in counted.items() if count}

    def log(self, service: Service) -> dict[str, list[tuple[str, str]]]:
        """The events of a log by correlation id: topic and aggregate id of each."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for correlation, topic, aggregate in self.rows(
            service,
            "SELECT convert_from(state, 'UTF8')::jsonb -> 'cause' ->> 'correlation_id', topic, originator_id::text "
            "FROM stored_events ORDER BY notification_id",
        ):
            found[correlation].append((topic, aggregate))
        return found

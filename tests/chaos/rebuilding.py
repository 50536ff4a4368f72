"""A service's log, read again from nothing: its hash chain, its public events, its read models in a new database."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import control.bootstrap
import control.settings
import notifications.bootstrap
import notifications.settings
import orjson
import registry.bootstrap
import secrecy_gate.bootstrap
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.service import Service as Application
from baqylau.lines import topic_of
from baqylau.messaging.envelope import attributes, encode, partition_of
from baqylau.platform.settings import Settings
from baqylau_infra.layout import Service
from baqylau_infra.system import System
from eventsourcing.persistence import StoredEvent
from psycopg import sql

from tests.chaos.books import Books, Row

NOWHERE = "http://127.0.0.1:1"
_CREATED = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")

APPS: dict[str, tuple[type[Settings], Callable[[Any], Any]]] = {
    "secrecy-gate": (Settings, secrecy_gate.bootstrap.create_app),
    "registry": (Settings, registry.bootstrap.create_app),
    "control": (control.settings.Settings, control.bootstrap.create_app),
    "notifications": (notifications.settings.NotificationsSettings, notifications.bootstrap.create_app),
}


def rebuilt(books: Books, system: System, figures: Counter[str]) -> Iterator[str]:
    """What differs, of every service."""
    for service in books.services:
        name = f"rebuilt_{uuid4().hex}"
        application = _application(service, system, name)
        try:
            yield from _play(books, service, application, figures)
            for table in _tables(application):
                yield from _compare(books, service, name, table)
        finally:
            application.close()


def _application(service: Service, system: System, name: str) -> Application:
    """The service's own application, on an empty database; nothing of it runs."""
    settings_of, create_app = APPS[service.title]
    access = system.database.create(name)
    settings = settings_of.model_validate(
        {
            "line": service.line,
            "port": 0,
            "kafka_bootstrap": system.bootstrap,
            "jwks_file": system.keys.jwks_file,
            "service_token_file": Path(tempfile.gettempdir()),
            "feed_secrecy_gate": NOWHERE,
            "feed_registry": NOWHERE,
            "feed_control": NOWHERE,
            **{key.removeprefix("BAQYLAU_").lower(): value for key, value in access.environment().items()},
        }
    )
    application: Application = create_app(settings).state.service
    return application


def _play(books: Books, service: Service, application: Application, figures: Counter[str]) -> Iterator[str]:
    public = {
        (topic, position): (partition, key, orjson.loads(headers), bytes(value))
        for topic, position, partition, key, headers, value in books.rows(
            service, "SELECT topic, position, partition, key, headers, value FROM public_events"
        )
    }
    digest = GENESIS
    with books.opened(service.database) as source, source.cursor() as cursor, application.store.transaction() as target:
        cursor.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state, digest FROM stored_events "
            "LEFT JOIN log_chain ON position = notification_id ORDER BY notification_id"
        )
        versions: dict[object, int] = {}
        for position, id_, version, topic, state, kept in cursor:
            stored = StoredEvent(id_, version, topic, bytes(state))
            digest = link(digest, position, stored)
            if kept is None or bytes(kept) != digest:
                yield f"chain: {service.name} at {position}: the digest isn't that of the log"
                digest = bytes(kept or digest)
            if version != versions.get(id_, 0) + 1:
                yield f"chain: {service.name}: {id_} goes from version {versions.get(id_, 0)} to {version}"
            versions[id_] = version
            event: Any = application.mapper.to_domain_event(stored)
            for statement in application.project(event):
                target.connection.execute(*statement, prepare=True)
            publication = application.store.publish(event)
            figures["events"] += 1
            if publication is None:
                continue
            for line in publication.lines:
                wanted = (
                    partition_of(str(id_), application.store.partitions),
                    str(id_),
                    attributes(publication, event, line),
                    encode(publication),
                )
                if public.pop((topic_of(line, service.title), position), None) != wanted:
                    yield f"public: {service.name} at {position}: not what is to be published of it"
    for topic, position in public:
        yield f"public: {service.name}: {topic} has an event at {position} that the log doesn't bring about"


def _tables(application: Application) -> list[str]:
    return [table for model in application._read_models for table in _CREATED.findall(model.tables)]


def _compare(books: Books, service: Service, rebuilt_in: str, table: str) -> Iterator[str]:
    kept, made = (_rows(books, database, table) for database in (service.database, rebuilt_in))
    if kept != made:
        lacking, besides = made - kept, kept - made
        yield f"read model: {service.name}.{table} lacks {lacking.total()} rows and has {besides.total()} besides"


def _rows(books: Books, database: str, table: str) -> Counter[Row]:
    """The rows as text, without what a sequence counts: a transaction undone leaves a gap there."""
    with books.opened(database) as connection:
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO' "
            "AND coalesce(column_default, '') NOT LIKE 'nextval%%' ORDER BY ordinal_position",
            (table,),
        ).fetchall()
        names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(row[0])) for row in columns)
        query = sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table))
        return Counter(connection.execute(query).fetchall())

"""What grows with the years: events change their shape, consumers come late, and one of them falls behind its group."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import orjson
import pytest
from baqylau.contracts.base import PublicEvent, contract
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.service import ReadModel, Service
from baqylau.eventstore.work import Work
from baqylau.lines import Line
from baqylau.messaging import consumer, group
from baqylau.messaging.envelope import Publication
from baqylau.testing.probe import line_settings
from baqylau.testing.wait import wait_until
from baqylau_infra.database import Database
from eventsourcing.persistence import StoredEvent
from kafka import KafkaAdminClient, TopicPartition

from tests.integration.flow import Flow

pytestmark = pytest.mark.real

CAUSE = Cause(actor="test", recorded_at=datetime(2026, 1, 5, tzinfo=UTC), correlation_id="c")
STORED_BY_THE_FIRST_RELEASE = (
    b'{"cause":{"actor":"test","recorded_at":"2025-01-06T00:00:00Z","correlation_id":"c"},"sheets":"12"}'
)


@contract
class Filed(PublicEvent):
    """`folder`: optional, of the second release."""

    service = "growth"
    sheets: int
    folder: str | None = None


class File(Aggregate):
    """The first release stored `sheets` as text, and knew no folders."""

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.sheets = 0

    class SheetsFiled(DomainEvent):
        class_version: ClassVar[int] = 3

        sheets: int
        folder: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["sheets"] = int(state["sheets"])

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["folder"] = "01"

        def apply(self, file: "File") -> None:
            file.sheets += self.sheets

    def add(self, sheets: int, folder: str) -> int:
        self.trigger(self.SheetsFiled, CAUSE, sheets=sheets, folder=folder)
        return self.sheets


def _publish(event: DomainEvent) -> Publication | None:
    if not isinstance(event, File.SheetsFiled):
        return None
    return Publication(Filed(sheets=event.sheets, folder=event.folder), (Line.NON_CONFIDENTIAL,))


FOLDERS = ReadModel(
    "CREATE TABLE IF NOT EXISTS folders (name text NOT NULL, sheets integer NOT NULL)",
    lambda event: (
        [("INSERT INTO folders VALUES (%s, %s)", (event.folder, event.sheets))]
        if isinstance(event, File.SheetsFiled)
        else []
    ),
)


@pytest.fixture
def files(database: Database) -> Iterator[Service]:
    service = Service(
        "growth", line_settings(database.create(f"growth_{uuid4().hex}").environment()), _publish, [FOLDERS]
    )
    service.writer.start()
    yield service
    service.writer.stop()
    service.close()


def test_an_event_of_the_first_release_is_loaded_projected_and_published_in_todays_shape(files: Service) -> None:
    file = uuid4()
    stored = StoredEvent(file, 1, File.SheetsFiled.TOPIC, STORED_BY_THE_FIRST_RELEASE)
    (read,) = [files.mapper.to_domain_event(stored)]
    with files.store.transaction() as transaction:
        transaction.write(transaction.head(), [read], [stored], files.project(read), [], [])

    assert files.writer.submit(lambda work: _file(work, file).add(5, "02")).result(20) == 17

    first, second = files.history(file)
    assert isinstance(first, File.SheetsFiled)
    assert (first.sheets, first.folder) == (12, "01")
    assert files.store.read("SELECT name, sheets FROM folders ORDER BY name") == [("01", 12), ("02", 5)]
    published = files.store.public_events("baqylau.non-confidential.growth.v1", 0, 10)
    assert [Filed.model_validate_json(record.value) for record in published] == [
        Filed(sheets=12, folder="01"),
        Filed(sheets=5, folder="02"),
    ]
    states = [orjson.loads(found.state) for found in files.store.select_events(file)]
    assert [state.get("class_version", 1) for state in states] == [1, 3], "what is stored is never rewritten"
    assert second.class_version == 3


def _file(work: Work, file: UUID) -> File:
    found = work.find(File, file)
    assert found is not None
    return found


def test_a_consumer_and_a_producer_of_different_releases_understand_each_other() -> None:
    assert Filed.model_validate_json(b'{"sheets": 3}') == Filed(sheets=3)
    assert Filed.model_validate_json(b'{"sheets": 3, "shelf": "of the third release"}') == Filed(sheets=3)
    assert orjson.loads(Filed(sheets=3).to_json()) == {"sheets": 3}


def test_a_new_consumer_starts_from_the_first_event_also_where_the_topic_no_longer_has_it(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "SILENCE_SECONDS", 0.5)
    cut, emptied = flow.tally_in(0), flow.tally_in(1)
    flow.relay()
    flow.count(cut, 6)
    flow.count(emptied, 3)
    wait_until(lambda: [len(flow.on_topic(0)), len(flow.on_topic(1))] == [6, 3], "all is on the topic")
    with KafkaAdminClient(bootstrap_servers=flow.bootstrap) as admin:
        admin.delete_records({TopicPartition(flow.topic, 0): 4, TopicPartition(flow.topic, 1): 3})
    assert [len(flow.on_topic(0)), len(flow.on_topic(1))] == [2, 0]

    flow.consume(flow.serve_feed())

    flow.wait_for(cut, 6)
    flow.wait_for(emptied, 3)


def test_a_consumer_held_up_for_longer_than_its_group_waits_joins_again(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "REBALANCE_SECONDS", 2.0)
    tally = flow.tally_in(0)
    flow.relay()
    flow.consume()
    flow.count(tally, 3)
    flow.wait_for(tally, 3)
    assert _members(flow) == 1

    # The same to a consumer as a database that is paused, and nobody else's is.
    with flow.ledger.store.connect() as holding, holding.transaction():
        holding.execute(f"LOCK TABLE {flow.ledger.store.events_table_name} IN EXCLUSIVE MODE")
        flow.count(tally, 5)
        wait_until(lambda: _members(flow) == 0, "its group has given it up")
        flow.count(tally, 5)

    flow.wait_for(tally, 13)
    wait_until(lambda: _members(flow) == 1, "it has joined again")
    flow.count(tally, 2)
    flow.wait_for(tally, 15)


def _members(flow: Flow) -> int:
    group = f"ledger.{flow.name}"
    with KafkaAdminClient(bootstrap_servers=flow.bootstrap) as admin:
        return len(admin.describe_groups([group])[group]["members"])

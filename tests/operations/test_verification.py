"""A verification is silent about what is right, and names whatever was changed behind the service, and where."""

from contextlib import closing
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID, uuid4

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.snapshots import WORTH
from baqylau.eventstore.verification import verify
from baqylau.eventstore.work import Work
from baqylau.platform.settings import Settings
from baqylau.testing.probe import Tally, tally_service

pytestmark = pytest.mark.real

CAUSE = Cause(actor="test", recorded_at=datetime(2026, 1, 5, tzinfo=UTC), correlation_id="c")
ONE, OTHER, LONG = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
def counted(tallies: Service) -> Service:
    """Two tallies, counted in turn: positions 1 to 6."""
    for _ in range(3):
        for tally in (ONE, OTHER):
            tallies.writer.submit(lambda work, tally=tally: work.find_or_new(Tally, tally).count(CAUSE)).result(30)
    return tallies


def change(service: Service, statement: LiteralString, *parameters: object) -> None:
    """Behind the service's back."""
    with service.store.connect() as connection:
        changed = connection.execute(statement, parameters)
        assert changed.rowcount == 1


def found(service: Service) -> set[tuple[str, str, str]]:
    return {(finding.table, finding.at, finding.what) for finding in verify(service).shown}


def test_what_is_right_is_counted_and_nothing_is_found(counted: Service) -> None:
    verdict = verify(counted)

    assert verdict.holds
    assert (verdict.events, verdict.public_events) == (6, 6)
    assert counted.store.read("SELECT encode(digest, 'hex') FROM log_chain WHERE position = 6") == [(verdict.digest,)]


def test_a_changed_event_breaks_the_chain_there(counted: Service) -> None:
    change(
        counted,
        "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'), "
        "'\"number\":2', '\"number\":9'), 'UTF8') WHERE notification_id = 4",
    )

    assert found(counted) == {
        ("stored_events", "4", "hash-chain-broken"),
        ("public_events", f"{topic(counted)} 4", "not-what-the-event-says"),
    }


def test_an_event_that_no_read_model_can_follow_is_found_and_the_others_are_still_looked_at(counted: Service) -> None:
    change(
        counted,
        "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'), "
        "'\"number\":2', '\"number\":9876543210'), 'UTF8') WHERE notification_id = 4",
    )
    change(counted, "DELETE FROM tallies WHERE id = %s", ONE)

    assert found(counted) >= {
        ("stored_events", "4", "hash-chain-broken"),
        ("stored_events", "4", "refused-by-a-read-model"),
        ("tallies", str(ONE), "lacking"),
    }


def test_an_event_that_cannot_be_read_is_found(counted: Service) -> None:
    change(counted, "UPDATE stored_events SET state = '{}' WHERE notification_id = 4")
    change(counted, "UPDATE stored_events SET topic = 'baqylau:NothingKnown' WHERE notification_id = 5")

    assert found(counted) >= {("stored_events", "4", "event-unreadable"), ("stored_events", "5", "event-unreadable")}


def test_a_deleted_event_leaves_its_digest_a_gap_and_a_public_event(counted: Service) -> None:
    change(counted, "DELETE FROM stored_events WHERE notification_id = 4")

    assert found(counted) == {
        ("stored_events", "5", "hash-chain-broken"),
        ("stored_events", f"6 ({OTHER}:3)", "version-out-of-order"),
        ("log_chain", "4", "event-missing"),
        ("public_events", f"{topic(counted)} 4", "not-of-the-log"),
    }


def test_a_deleted_last_event_is_missed(counted: Service) -> None:
    change(counted, "DELETE FROM stored_events WHERE notification_id = 6")

    assert found(counted) == {
        ("log_chain", "6", "event-missing"),
        ("public_events", f"{topic(counted)} 6", "not-of-the-log"),
        ("tallies", str(OTHER), "differs"),
    }


def test_a_changed_public_event_is_found(counted: Service) -> None:
    change(counted, "UPDATE public_events SET value = '{}' WHERE position = 3")

    assert found(counted) == {("public_events", f"{topic(counted)} 3", "not-what-the-event-says")}


def test_a_deleted_public_event_is_found(counted: Service) -> None:
    change(counted, "DELETE FROM public_events WHERE position = 3")

    assert found(counted) == {("public_events", f"{topic(counted)} 3", "lacking")}


def test_a_public_event_of_nobody_is_found(counted: Service) -> None:
    change(
        counted,
        "INSERT INTO public_events SELECT 99, topic, partition, key, headers, value FROM public_events "
        "WHERE position = 3",
    )

    assert found(counted) == {("public_events", f"{topic(counted)} 99", "not-of-the-log")}


@pytest.mark.parametrize(
    ("statement", "key", "what"),
    [
        ("UPDATE tallies SET number = 7 WHERE id = %s", ONE, "differs"),
        ("DELETE FROM tallies WHERE id = %s", OTHER, "lacking"),
        ("INSERT INTO tallies VALUES (%s, 1)", uuid4(), "not-of-the-log"),
    ],
)
def test_a_row_of_a_read_model_that_the_log_does_not_make_is_found(
    counted: Service, statement: LiteralString, key: UUID, what: str
) -> None:
    change(counted, statement, key)

    assert found(counted) == {("tallies", str(key), what)}


@pytest.fixture
def long(counted: Service, settings: Settings) -> Service:
    """The tallies, and one of so many events that the next process leaves a snapshot of them."""

    def count(work: Work) -> None:
        for _ in range(WORTH + 1):
            work.find_or_new(Tally, LONG).count(CAUSE)

    counted.writer.submit(count).result(30)
    with closing(tally_service(settings, "tallies")) as replica:
        replica.writer.start()
        replica.writer.submit(lambda work: work.find(Tally, LONG)).result(30)
        replica.writer.stop()
    return counted


def test_a_snapshot_of_the_log_and_one_of_other_code_are_nothing_to_find(long: Service) -> None:
    assert verify(long).holds

    change(long, "UPDATE snapshots SET code = '', state = '{\"number\":7}'")

    assert verify(long).holds


@pytest.mark.parametrize(
    ("damage", "version"),
    [
        ("UPDATE snapshots SET state = '{\"number\":7}'", WORTH + 1),
        ("UPDATE snapshots SET state = '{'", WORTH + 1),
        ("UPDATE snapshots SET originator_version = 7", 7),
        ("UPDATE snapshots SET originator_version = 9876543210", 9876543210),
        ("UPDATE snapshots SET originator_id = '00000000-0000-0000-0000-000000000009'", WORTH + 1),
    ],
)
def test_a_snapshot_that_is_not_what_the_log_says_is_found(long: Service, damage: LiteralString, version: int) -> None:
    change(long, damage)

    ((table, at, what),) = found(long)
    assert (table, what) == ("snapshots", "not-what-the-log-says")
    assert at in {f"{LONG}:{version}", f"{UUID(int=9)}:{version}"}


def test_a_snapshot_of_an_event_that_was_changed_since_is_found(long: Service) -> None:
    change(
        long,
        "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'), "
        "'\"number\":201', '\"number\":9'), 'UTF8') WHERE originator_version = 201",
    )

    assert ("snapshots", f"{LONG}:{WORTH + 1}", "not-what-the-log-says") in found(long)


def test_acknowledged_beyond_the_log_is_found(counted: Service) -> None:
    change(counted, "INSERT INTO published VALUES (%s, 0, 99)", topic(counted))

    assert found(counted) == {("published", f"{topic(counted)}/0 99", "beyond-the-log")}


def topic(service: Service) -> str:
    return str(service.store.read("SELECT topic FROM public_events LIMIT 1")[0][0])

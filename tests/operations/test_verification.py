"""A verification is silent about what is right, and names whatever was changed behind the service, and where."""

from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID, uuid4

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.verification import verify
from baqylau.testing.probe import Tally

pytestmark = pytest.mark.real

CAUSE = Cause(actor="test", recorded_at=datetime(2026, 1, 5, tzinfo=UTC), correlation_id="c")
ONE, OTHER = UUID(int=1), UUID(int=2)


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


def test_acknowledged_beyond_the_log_is_found(counted: Service) -> None:
    change(counted, "INSERT INTO published VALUES (%s, 0, 99)", topic(counted))

    assert found(counted) == {("published", f"{topic(counted)}/0 99", "beyond-the-log")}


def topic(service: Service) -> str:
    return str(service.store.read("SELECT topic FROM public_events LIMIT 1")[0][0])

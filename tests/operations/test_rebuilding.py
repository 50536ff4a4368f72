"""Read models are made anew beside those in use, and change places with them while commands go on."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

import pytest
from baqylau.eventstore import rebuilding
from baqylau.eventstore.aggregate import Cause, DomainEvent
from baqylau.eventstore.rebuilding import NotSwitched, rebuild
from baqylau.eventstore.rows import Rows
from baqylau.eventstore.service import ReadModel, Service
from baqylau.eventstore.transaction import Statement
from baqylau.eventstore.verification import verify
from baqylau.eventstore.writer import OutOfReach
from baqylau.platform.settings import Settings
from baqylau.testing.probe import Tally
from baqylau.testing.wait import wait_until
from psycopg.errors import UniqueViolation

pytestmark = pytest.mark.real

CAUSE = Cause(actor="test", recorded_at=datetime(2026, 1, 5, tzinfo=UTC), correlation_id="c")
TALLIES = [UUID(int=number) for number in range(1, 9)]

WITH_A_SUM: LiteralString = """
CREATE TABLE IF NOT EXISTS tallies (id uuid PRIMARY KEY, number integer NOT NULL, sum integer NOT NULL);
CREATE INDEX IF NOT EXISTS tallies_by_sum ON tallies (sum);
"""


def changes(event: DomainEvent) -> Sequence[Statement]:
    if not isinstance(event, Tally.TallyCounted):
        return []
    return [
        (
            "INSERT INTO tallies (id, number, sum) VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE "
            "SET number = excluded.number, sum = tallies.sum + excluded.number",
            (event.originator_id, event.number, event.number),
        )
    ]


@pytest.fixture
def next_release(settings: Settings, tallies: Service) -> Iterator[Service]:
    """The same service as its next release has it: with another column in its read model."""
    service = Service("tallies", settings, tallies.store.publish, [ReadModel(WITH_A_SUM, changes)])
    service.writer.start()
    yield service
    service.writer.stop()
    service.close()


def count(service: Service, tally: UUID) -> int:
    return service.writer.submit(lambda work: work.find_or_new(Tally, tally).count(CAUSE)).result(30)


@contextmanager
def commands(service: Service) -> Iterator[list[int]]:
    """Commands one after the other, and what they were answered; and a reader that must see every one of them."""
    answers: list[int] = []
    unseen: list[tuple[int, object]] = []
    enough = threading.Event()

    def work() -> None:
        while not enough.is_set():
            tally = TALLIES[len(answers) % len(TALLIES)]
            answers.append(count(service, tally))
            seen = service.store.read("SELECT number FROM tallies WHERE id = %s", (tally,))
            if seen != [(answers[-1],)]:
                unseen.append((answers[-1], seen))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        wait_until(lambda: len(answers) > 20, "commands are answered")
        yield answers
    finally:
        enough.set()
        worker.join()
    assert unseen == []


def test_a_damaged_read_model_is_put_right_while_commands_go_on(tallies: Service) -> None:
    with commands(tallies) as answers:
        with tallies.store.connect() as connection:
            connection.execute("INSERT INTO tallies SELECT gen_random_uuid(), 1 FROM generate_series(1, 100)")
        assert not verify(tallies).holds
        before = len(answers)

        taken = rebuild(tallies)

        assert taken >= before
        wait_until(lambda: len(answers) > before + 20, "commands go on")
    assert verify(tallies).holds
    assert tallies.store.read("SELECT sum(number) FROM tallies") == [(len(answers),)]


def test_what_is_answered_during_several_rebuilds_is_in_the_read_model_once(
    tallies: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "BATCH", 5)  # so that there are many, each read while another is written
    monkeypatch.setattr(rebuilding, "LITTLE", 2)
    with commands(tallies):
        for _ in range(3):
            rebuild(tallies)

    assert verify(tallies).holds


def test_a_changed_read_model_is_built_while_the_release_before_goes_on(
    tallies: Service, next_release: Service
) -> None:
    for number in range(40):
        count(tallies, TALLIES[number % 8])
    assert not next_release.store.has_own_read_models()
    with pytest.raises(OutOfReach):
        count(next_release, TALLIES[0])
    assert count(tallies, TALLIES[0]) == 6

    rebuild(next_release)

    assert count(next_release, TALLIES[0]) == 7
    assert next_release.store.read("SELECT number, sum FROM tallies WHERE id = %s", (TALLIES[0],)) == [(7, 28)]
    assert verify(next_release).holds
    with pytest.raises(OutOfReach):
        count(tallies, TALLIES[0])
    assert next_release.store.read("SELECT 1 FROM pg_indexes WHERE indexname = 'tallies_by_sum'") == [(1,)]


def test_after_a_switch_an_old_replica_writes_nothing(tallies: Service, next_release: Service) -> None:
    count(tallies, TALLIES[0])
    rebuild(next_release)

    with pytest.raises(OutOfReach):
        count(tallies, TALLIES[0])

    assert verify(next_release).events == 1


def test_a_reader_of_the_old_tables_is_waited_for_and_commands_go_on_meanwhile(tallies: Service) -> None:
    count(tallies, TALLIES[0])
    done: list[int] = []
    with tallies.store.connect() as reader, reader.transaction():
        reader.execute("SELECT * FROM tallies")
        switching = threading.Thread(target=lambda: done.append(rebuild(tallies)))
        switching.start()
        for number in range(2, 30):
            assert count(tallies, TALLIES[0]) == number
        assert reader.execute("SELECT number FROM tallies").fetchone() == {"number": 29}
        assert done == []

    switching.join(30)

    assert done == [29]
    assert verify(tallies).holds


def test_a_reader_without_end_leaves_everything_as_it_was(tallies: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "SWITCH_SECONDS", 0.1)
    count(tallies, TALLIES[0])
    with tallies.store.connect() as reader, reader.transaction():
        reader.execute("SELECT * FROM tallies")

        with pytest.raises(NotSwitched):
            rebuild(tallies)

    assert count(tallies, TALLIES[0]) == 2
    assert verify(tallies).holds
    assert tallies.store.read("SELECT 1 FROM pg_namespace WHERE nspname = %s", (rebuilding.SCHEMA,)) == []


def test_a_read_model_that_refuses_an_event_leaves_everything_as_it_was(settings: Settings, tallies: Service) -> None:
    rows = Rows("tallies")
    once = ReadModel(WITH_A_SUM, lambda e: [rows.insert({"id": e.originator_id, "number": e.number, "sum": 0})])
    next_release = Service("tallies", settings, tallies.store.publish, [once])
    count(tallies, TALLIES[0])
    count(tallies, TALLIES[0])

    with pytest.raises(UniqueViolation):
        rebuild(next_release)

    next_release.close()
    assert count(tallies, TALLIES[0]) == 3
    assert verify(tallies).holds
    assert tallies.store.read("SELECT 1 FROM pg_namespace WHERE nspname = %s", (rebuilding.SCHEMA,)) == []

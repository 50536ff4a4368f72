"""What a long replay leaves behind is a cache: used by the code that made it alone, and nobody's loss."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.service import Service
from baqylau.eventstore.snapshots import WORTH, code_of, digest_of
from baqylau.eventstore.work import Work
from baqylau.platform.settings import Settings
from baqylau.refusals import Ground, Refused
from baqylau.testing.probe import Entries, Tally, tally_service

pytestmark = pytest.mark.real


@pytest.fixture
def process(settings: Callable[[], Settings]) -> Callable[[], Any]:
    """A new process of one service, but for the process."""
    shared = settings()

    @contextmanager
    def started() -> Iterator[Service]:
        service = tally_service(shared, "tallies")
        service.writer.start()
        yield service
        service.writer.stop()
        service.close()

    return started


Process = Callable[[], Any]


def count(tally: UUID, cause: Cause, times: int = 1) -> Callable[[Work], int]:
    return lambda work: [work.find_or_new(Tally, tally).count(cause) for _ in range(times)][-1]


def counted(process: Process, cause: Cause, times: int) -> UUID:
    tally = uuid4()
    with process() as service:
        service.writer.submit(count(tally, cause, times)).result()
    return tally


def left(service: Service) -> list[tuple[Any, ...]]:
    return service.store.read("SELECT originator_id, originator_version, convert_from(state, 'UTF8') FROM snapshots")


def change(service: Service, statement: LiteralString, *parameters: object) -> None:
    with service.store.connect() as connection:
        assert connection.execute(statement, parameters).rowcount > 0


def test_the_next_process_begins_where_a_long_replay_ended(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH + 1)
    with process() as first:
        assert first.writer.submit(count(tally, cause)).result() == WORTH + 2
        assert left(first) == [(tally, WORTH + 1, f'{{"number":{WORTH + 1}}}')]

    with process() as second:
        change(second, "UPDATE stored_events SET state = 'none of its JSON' WHERE originator_version <= %s", WORTH + 1)

        assert second.writer.submit(count(tally, cause)).result() == WORTH + 3
        assert second.writer.submit(count(tally, cause)).result() == WORTH + 4


def test_a_short_replay_leaves_nothing_and_neither_do_commands(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH)

    with process() as service:
        for _ in range(5):
            service.writer.submit(count(tally, cause, WORTH)).result()

        assert left(service) == []


def test_a_long_replay_behind_a_snapshot_leaves_the_next_one(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH + 1)
    with process() as first:
        first.writer.submit(count(tally, cause, WORTH)).result()
    with process() as second:
        second.writer.submit(count(tally, cause)).result()
        assert left(second)[0][1] == WORTH + 1

    with process() as third:
        third.writer.submit(count(tally, cause)).result()

        assert left(third) == [(tally, 2 * WORTH + 2, f'{{"number":{2 * WORTH + 2}}}')]


def test_only_what_was_stored_before_is_in_it_whatever_becomes_of_the_command(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH + 1)

    def refused(work: Work) -> None:
        work.find_or_new(Tally, tally).count(cause)
        raise Refused([Ground(None, "no")])

    with process() as service:
        with pytest.raises(Refused):
            service.writer.submit(refused).result()

        assert left(service) == [(tally, WORTH + 1, f'{{"number":{WORTH + 1}}}')]
        assert len(service.history(tally)) == WORTH + 1


def test_a_transaction_that_fails_takes_it_along_and_the_next_leaves_it(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH + 1)

    def impossible(work: Work) -> None:
        work.find_or_new(Tally, tally).count(cause)
        work.change("INSERT INTO tallies VALUES (%s, 99999999999)", (uuid4(),))

    with process() as service:
        with pytest.raises(psycopg.DataError):
            service.writer.submit(impossible).result()
        assert left(service) == []

        assert service.writer.submit(count(tally, cause)).result() == WORTH + 2
        assert left(service)[0][1] == WORTH + 1

        change(service, "DELETE FROM snapshots")
        service.writer.submit(count(tally, cause)).result()
        assert left(service) == [], "it is left once"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshots SET code = 'of another release', state = '{\"number\": 7}'",
        "UPDATE snapshots SET state = 'none of its JSON'",
        "UPDATE snapshots SET state = '{\"sum\": 7}'",
        "UPDATE snapshots SET originator_version = 9876543210, state = '{\"number\": 7}'",
        "DELETE FROM snapshots",
    ],
)
def test_one_that_is_of_other_code_or_of_no_such_log_or_unreadable_or_lost_is_replaced(
    process: Process, cause: Cause, damage: LiteralString
) -> None:
    tally = counted(process, cause, WORTH + 1)
    with process() as first:
        first.writer.submit(count(tally, cause)).result()
        change(first, damage)

    with process() as second:
        assert second.writer.submit(count(tally, cause)).result() == WORTH + 3
        assert left(second) == [(tally, WORTH + 2, f'{{"number":{WORTH + 2}}}')]


def test_what_another_replica_writes_behind_a_snapshot_is_seen(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH + 1)
    with process() as first:
        first.writer.submit(count(tally, cause)).result()

    with process() as one, process() as other, ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(lambda service=service: service.writer.submit(count(tally, cause)).result())
            for service in [one, other] * 50
        ]

        assert sorted(one.result() for one in asked) == list(range(WORTH + 3, WORTH + 103))


def test_one_of_a_log_that_was_cut_is_none_of_the_log_that_went_on_from_there(process: Process, cause: Cause) -> None:
    tally = counted(process, cause, WORTH + 1)
    with process() as first:
        first.writer.submit(count(tally, cause)).result()
    with process() as second:
        for table in (
            "stored_events WHERE notification_id",
            "log_chain WHERE position",
            "public_events WHERE position",
        ):
            change(second, f"DELETE FROM {table} > {WORTH - 50}")

        def state(work: Work) -> None:
            for _ in range(100):
                work.find_or_new(Tally, tally).state("a fact", cause)

        second.writer.submit(state).result()
        assert left(second)[0][1] == WORTH + 1

    with process() as third:
        assert third.writer.submit(count(tally, cause)).result() == WORTH - 49


class Untold(Aggregate):
    """Its class doesn't say what its state is."""

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.number = 0

    class UntoldCounted(DomainEvent):
        def apply(self, untold: "Untold") -> None:
            untold.number += 1

    def count(self, cause: Cause) -> int:
        self.trigger(self.UntoldCounted, cause)
        return self.number


def test_a_class_that_does_not_say_all_of_its_state_leaves_nothing_and_works(process: Process, cause: Cause) -> None:
    untold = uuid4()

    def counting(times: int) -> Callable[[Work], int]:
        return lambda work: [work.find_or_new(Untold, untold).count(cause) for _ in range(times)][-1]

    with process() as first:
        first.writer.submit(counting(WORTH + 1)).result()

    with process() as second:
        assert second.writer.submit(counting(1)).result() == WORTH + 2
        assert left(second) == []


def test_other_sources_are_other_code_and_so_is_another_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)

    def digest(package: str, **sources: str) -> bytes:
        (tmp_path / package / "domain").mkdir(parents=True)
        for name, text in sources.items():
            (tmp_path / package / "domain" / f"{name}.py").write_text(text)
        import_module(package)
        return digest_of(package)

    one = digest("sample_1", rules="DAYS = 1")
    assert digest("sample_2", rules="DAYS = 1") == one
    assert len({one, digest("sample_3", rules="DAYS = 2"), digest("sample_4", terms="DAYS = 1")}) == 3
    with pytest.raises(FileNotFoundError):
        digest("sample_5")
    assert code_of(Tally) != code_of(Entries)

"""Works, attempts and batches on a real database: all or nothing for each, and each hears of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.answers import Answered
from baqylau.eventstore.service import Service
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.transaction import Head, Statement, Transaction, behind
from baqylau.eventstore.work import Work
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.platform.settings import Settings
from baqylau.refusals import Ground, Refused
from baqylau.testing.probe import Tally, tally_service
from baqylau.testing.wait import wait_until

pytestmark = pytest.mark.real


def count(tally: UUID, cause: Cause) -> Callable[[Work], int]:
    return lambda work: work.find_or_new(Tally, tally).count(cause)


def hold(service: Service) -> threading.Event:
    """Hold the writer until the event is set: what is submitted meanwhile comes into one batch."""
    held, go = threading.Event(), threading.Event()

    def wait(_: Work) -> None:
        held.set()
        go.wait(10)

    service.writer.submit(wait)
    held.wait(10)
    return go


def together(service: Service, tasks: list[Callable[[Work], Any]]) -> list["Future[Any]"]:
    """Have the tasks committed in one batch."""
    held = hold(service)
    futures = [service.writer.submit(task) for task in tasks]
    held.set()
    return futures


def test_a_command_that_fails_is_undone_alone(tallies: Service, cause: Cause) -> None:
    tally, other = uuid4(), uuid4()

    def refused(work: Work) -> None:
        work.find_or_new(Tally, tally).count(cause)
        work.change("INSERT INTO tallies VALUES (%s, 99)", (other,))
        raise Refused([Ground(None, "no")])

    first, second, third = together(tallies, [count(tally, cause), refused, count(tally, cause)])

    assert (first.result(), third.result()) == (1, 2)
    with pytest.raises(Refused):
        second.result()
    assert len(tallies.history(tally)) == 2
    assert tallies.store.read("SELECT id, number FROM tallies") == [(tally, 2)]


def test_a_command_that_the_database_refuses_is_undone_alone(tallies: Service, cause: Cause) -> None:
    tally = uuid4()

    def impossible(work: Work) -> None:
        work.find_or_new(Tally, tally).count(cause)
        work.change("INSERT INTO tallies VALUES (%s, 99999999999)", (uuid4(),))

    first, second, third = together(tallies, [count(tally, cause), impossible, count(tally, cause)])

    assert (first.result(), third.result()) == (1, 2)
    with pytest.raises(psycopg.DataError):
        second.result()
    assert len(tallies.history(tally)) == 2


def test_a_work_reads_what_the_works_before_it_in_the_batch_wrote(tallies: Service, cause: Cause) -> None:
    tally = uuid4()

    def seen(work: Work) -> Any:
        return work.read("SELECT number FROM tallies WHERE id = %s", (tally,))

    before, _, after = together(tallies, [seen, count(tally, cause), seen])

    assert (before.result(), after.result()) == ([], [(1,)])


def test_what_was_read_ahead_is_read_again_behind_a_work_that_changed_it(tallies: Service, cause: Cause) -> None:
    tally = uuid4()
    question: Statement = "SELECT number FROM tallies WHERE id = %s", (tally,)

    def seen(work: Work) -> Any:
        return work.read(*question)

    held = hold(tallies)
    before = tallies.writer.submit(seen, [question])
    tallies.writer.submit(count(tally, cause))
    after = tallies.writer.submit(seen, [question])
    held.set()

    assert (before.result(), after.result()) == ([], [(1,)])


def test_a_question_about_what_no_work_has_changed_leaves_the_batch_whole(tallies: Service, cause: Cause) -> None:
    def asked(work: Work) -> int:
        work.read("SELECT 1 FROM deployment")
        return len(work.unwritten)

    first, unwritten = together(tallies, [count(uuid4(), cause), asked])

    assert first.result() == 1
    assert unwritten.result() == 1


def test_an_answer_given_within_a_batch_is_known_to_the_next_of_its_key_unless_it_was_undone(tallies: Service) -> None:
    def answer(key: str) -> Answered:
        return Answered("me", key, b"f", 201, None, b"{}")

    def give(work: Work) -> None:
        work.answers.append(answer("a"))

    def fail(work: Work) -> None:
        work.answers.append(answer("b"))
        raise Refused([Ground(None, "no")])

    _, _, *known = together(
        tallies, [give, fail, lambda work: work.answered("me", "a"), lambda work: work.answered("me", "b")]
    )

    assert [one.result() for one in known] == [answer("a"), None]
    assert tallies.store.read("SELECT key, version, body FROM idempotency_keys") == [("a", None, b"{}")]


def test_an_inner_attempt_that_fails_leaves_what_the_outer_did_before_it(tallies: Service, cause: Cause) -> None:
    tally = uuid4()

    def outer(work: Work) -> int:
        work.find_or_new(Tally, tally).count(cause)
        with pytest.raises(Refused):
            work.attempt(inner)
        return work.find_or_new(Tally, tally).number

    def inner(work: Work) -> None:
        assert work.find_or_new(Tally, tally).count(cause) == 2
        raise Refused([Ground(None, "no")])

    assert tallies.writer.submit(outer).result() == 1
    assert [event.originator_version for event in tallies.history(tally)] == [1]


def test_an_outer_attempt_that_fails_undoes_what_an_inner_read_made_it_execute(tallies: Service, cause: Cause) -> None:
    row, tally = uuid4(), uuid4()

    def outer(work: Work) -> None:
        work.change("INSERT INTO tallies VALUES (%s, 7)", (row,))
        assert work.attempt(lambda inner: inner.read("SELECT number FROM tallies WHERE id = %s", (row,))) == [(7,)]
        raise Refused([Ground(None, "no")])

    refused, counted = together(tallies, [outer, count(tally, cause)])

    with pytest.raises(Refused):
        refused.result()
    assert counted.result() == 1
    assert tallies.store.read("SELECT id, number FROM tallies") == [(tally, 1)]


def test_with_a_savepoint_the_work_goes_on_after_what_the_database_refuses(tallies: Service, cause: Cause) -> None:
    tally = uuid4()

    def impossible(work: Work) -> None:
        work.find_or_new(Tally, tally).count(cause)
        work.change("INSERT INTO tallies VALUES (%s, 99999999999)", (uuid4(),))
        work.execute()

    def task(work: Work) -> int:
        work.change("INSERT INTO tallies VALUES (%s, 5)", (uuid4(),))
        with pytest.raises(psycopg.DataError):
            work.attempt(impossible, savepoint=True)
        return work.find_or_new(Tally, tally).count(cause)

    assert tallies.writer.submit(task).result() == 1
    assert sorted(row[0] for row in tallies.store.read("SELECT number FROM tallies")) == [1, 5]


def test_an_outer_attempt_that_fails_after_an_inner_one_did_takes_nothing_of_the_command_before_it(
    tallies: Service, cause: Cause
) -> None:
    """Going back to a savepoint takes those after it away: set in another order, it would take the outer one's."""
    first, row = uuid4(), uuid4()

    def executed(work: Work) -> None:
        work.attempt(count(first, cause), savepoint=True)
        work.change("INSERT INTO tallies VALUES (%s, 5)", (row,))
        work.execute()

    def impossible(work: Work) -> None:
        work.change("INSERT INTO tallies VALUES (%s, 99999999999)", (uuid4(),))
        work.execute()

    def refused(work: Work) -> None:
        with pytest.raises(psycopg.DataError):
            work.attempt(impossible, savepoint=True)
        raise Refused([Ground(None, "no")])

    before, failing, after = together(tallies, [executed, refused, count(first, cause)])

    before.result()
    with pytest.raises(Refused):
        failing.result()
    assert after.result() == 2
    assert sorted(tallies.store.read("SELECT id, number FROM tallies")) == sorted([(first, 2), (row, 5)])


def test_an_attempt_that_was_undone_after_it_executed_leaves_the_outer_able_to_read(tallies: Service) -> None:
    row = uuid4()

    def undone(work: Work) -> None:
        for number in (5, 6):
            work.change("INSERT INTO tallies VALUES (%s, %s)", (uuid4(), number))
        work.execute()
        raise Refused([Ground(None, "no")])

    def outer(work: Work) -> object:
        with pytest.raises(Refused):
            work.attempt(undone, savepoint=True)
        work.change("INSERT INTO tallies VALUES (%s, 7)", (row,))
        return work.read("SELECT number FROM tallies")

    assert tallies.writer.submit(outer).result() == []
    assert tallies.store.read("SELECT id, number FROM tallies") == [(row, 7)]


def test_a_batch_survives_a_caller_that_has_gone(tallies: Service, cause: Cause) -> None:
    tally = uuid4()
    held, go = threading.Event(), threading.Event()

    def hold(_: Work) -> None:
        held.set()
        go.wait(10)

    tallies.writer.submit(hold)
    held.wait(10)
    gone, stays = [tallies.writer.submit(count(tally, cause)) for _ in range(2)]
    assert gone.cancel()
    go.set()

    assert stays.result() == 1
    assert tallies.writer.submit(count(tally, cause)).result() == 2


@pytest.fixture
def replicas(settings: Callable[[], Settings]) -> Iterator[list[Service]]:
    """Two processes of one service, but for the processes."""
    shared = settings()
    made = [tally_service(shared, "tallies") for _ in range(2)]
    for replica in made:
        replica.writer.start()
    yield made
    for replica in made:
        replica.writer.stop()
        replica.close()


def test_a_replica_sees_what_the_other_has_written_since(replicas: list[Service], cause: Cause) -> None:
    tally = uuid4()

    numbers = [replicas[turn % 2].writer.submit(count(tally, cause)).result() for turn in range(6)]

    assert numbers == [1, 2, 3, 4, 5, 6]


def test_of_what_the_other_has_written_since_a_replica_loads_what_is_new_alone(
    replicas: list[Service], cause: Cause
) -> None:
    tally = uuid4()
    for _ in range(3):
        replicas[0].writer.submit(count(tally, cause)).result()
    replicas[1].writer.submit(count(tally, cause)).result()
    with replicas[0].store.datastore.pool.connection() as connection:
        connection.execute("UPDATE stored_events SET state = 'none of its JSON' WHERE originator_version <= 3")

    assert replicas[0].writer.submit(count(tally, cause)).result() == 5


def test_an_undone_command_on_what_the_other_has_moved_on_leaves_it_as_stored(
    replicas: list[Service], cause: Cause
) -> None:
    tally = uuid4()
    for replica in replicas:
        replica.writer.submit(count(tally, cause)).result()

    def refused(work: Work) -> None:
        count(tally, cause)(work)
        raise Refused([Ground(None, "no")])

    futures = together(replicas[0], [refused, count(tally, cause)])

    assert isinstance(futures[0].exception(), Refused)
    assert futures[1].result() == 3
    assert replicas[1].writer.submit(count(tally, cause)).result() == 4


def test_two_replicas_that_write_at_once_never_conflict(replicas: list[Service], cause: Cause) -> None:
    tally = uuid4()

    def work(replica: Service) -> list[int]:
        return [replica.writer.submit(count(tally, cause)).result() for _ in range(100)]

    with ThreadPoolExecutor() as pool:
        numbers = [number for found in pool.map(work, replicas) for number in found]

    assert sorted(numbers) == list(range(1, 201))


class Series(Aggregate):
    """Its state is its version."""

    counts_only = True

    class SeriesCounted(DomainEvent):
        pass

    def count(self, cause: Cause) -> int:
        self.trigger(self.SeriesCounted, cause)
        return self.version


def test_what_only_counts_goes_on_from_its_last_event_however_long_its_history(
    replicas: list[Service], cause: Cause
) -> None:
    series = uuid4()

    def next_number(work: Work) -> int:
        return work.find_or_new(Series, series).count(cause)

    for _ in range(3):
        replicas[0].writer.submit(next_number).result()
    with replicas[0].store.datastore.pool.connection() as connection:
        connection.execute("UPDATE stored_events SET state = 'none of its JSON' WHERE originator_version < 3")

    assert replicas[1].writer.submit(next_number).result() == 4
    assert replicas[0].writer.submit(next_number).result() == 5


def test_after_a_stop_a_command_is_told_to_come_again(tallies: Service, cause: Cause) -> None:
    tallies.writer.stop()

    with pytest.raises(Busy):
        tallies.writer.submit(count(uuid4(), cause))


def test_a_session_that_the_server_ends_within_a_batch_is_out_of_reach_and_the_next_batch_works(
    tallies: Service, cause: Cause
) -> None:
    tally = uuid4()

    def stalled(work: Work) -> int:
        backend = work.read("SELECT pg_backend_pid()")[0][0]
        tallies.store.read("SELECT pg_terminate_backend(%s)", (backend,))
        return work.find_or_new(Tally, tally).count(cause)

    with pytest.raises(OutOfReach):
        tallies.writer.submit(stalled).result()

    assert tallies.history(tally) == []
    assert tallies.writer.submit(count(tally, cause)).result() == 1


def test_what_is_only_away_is_told_from_what_is_wrong() -> None:
    away = [
        psycopg.errors.IdleInTransactionSessionTimeout,
        psycopg.errors.LockNotAvailable,
        psycopg.errors.AdminShutdown,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.errors.DiskFull,
        psycopg.OperationalError,
    ]
    wrong = [
        psycopg.errors.ProgramLimitExceeded,
        psycopg.errors.InFailedSqlTransaction,
        psycopg.errors.UniqueViolation,
        psycopg.errors.NumericValueOutOfRange,
        psycopg.errors.PipelineAborted,
    ]

    assert all(out_of_reach(kind()) for kind in away)
    assert not any(out_of_reach(kind()) for kind in wrong)


def test_two_replicas_may_start_on_an_empty_database_at_once(settings: Callable[[], Settings]) -> None:
    shared = settings()
    started: list[Service] = []
    threads = [threading.Thread(target=lambda: started.append(tally_service(shared, "tallies"))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(started) == 4
    for service in started:
        service.close()


def test_a_server_that_was_away_is_reached_again_by_itself(tallies: Service, cause: Cause) -> None:
    tally = uuid4()
    tallies.writer.submit(count(tally, cause)).result()

    tallies.store.read(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert wait_until(lambda: tallies.writer.submit(count(tally, cause)).result(), "a command is answered") == 2


def test_a_batch_reads_of_the_log_what_is_new_and_not_the_log(tallies: Service, cause: Cause) -> None:
    """What a batch costs doesn't grow with the log, also before the database knows its tables (no ANALYZE has run)."""
    for _ in range(20):
        for future in [tallies.writer.submit(count(uuid4(), cause)) for _ in range(100)]:
            future.result(30)
    with tallies.store.connect() as connection:
        head = Transaction(tallies.store, connection).head()
    begin = Head(head.position - 1, b"")

    for query in (behind("stored_events", begin), behind("stored_events", head)):
        plan = "\n".join(row[0] for row in tallies.store.read(f"EXPLAIN {query}"))
        assert "Join" not in plan
        assert "Seq Scan" not in plan


def test_answers_are_kept_for_a_week(tallies: Service) -> None:
    with tallies.store.connect() as connection:
        for age in (6, 8):
            connection.execute(
                "INSERT INTO idempotency_keys VALUES ('me', %s, '', 200, 1, '', now() - make_interval(days => %s))",
                (str(age), age),
            )

    tallies.store.forget_answers()

    assert tallies.store.read("SELECT key FROM idempotency_keys") == [("6",)]


def test_callers_on_the_event_loop_are_all_answered_whatever_one_of_them_raises(tallies: Service, cause: Cause) -> None:
    def stopped(_: Work) -> object:
        return next(iter(()))

    async def ask() -> list[object]:
        go = hold(tallies)
        tasks = (stopped, count(uuid4(), cause), stopped, count(uuid4(), cause))
        asked = [tallies.writer.ask(task) for task in tasks]
        go.set()
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20)

    outcomes = asyncio.run(ask())

    assert outcomes[1] == outcomes[3] == 1
    assert isinstance(outcomes[0], RuntimeError)
    assert isinstance(outcomes[2], RuntimeError)

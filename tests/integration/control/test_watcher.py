"""The deadline watcher on the real database: what falls due is found and recorded, once, whatever happens."""

from collections.abc import Callable
from datetime import date

import orjson
import psycopg
import pytest
from baqylau.testing.wait import wait_until
from baqylau_infra.database import Database
from control.watcher import FIND_OVERDUE

from tests.integration.control.conftest import Control, Json, Place

pytestmark = pytest.mark.real

MISSES = ("DeadlineMissed", "ProposalMissed", "OpinionMissed", "NoticeMissed")


def misses(control: Control) -> list[tuple[str, str, str]]:
    """The misses that were told, in the order of the log: type, assignment, the day that passed."""
    told = control.service.store.public_events("baqylau.non-confidential.control.v1", 0, 10_000)
    found = [(record.headers["type"].split(".")[2], orjson.loads(record.value)) for record in told]
    return [
        (kind, event["assignment_id"], event.get("due") or event["deadline"]) for kind, event in found if kind in MISSES
    ]


def settled(control: Control) -> bool:
    """Whether nothing is overdue in the index."""
    today = control.runtime.clock.today()
    return not control.service.store.read("SELECT 1 FROM assignments WHERE next_due < %s LIMIT 1", (today,))


def test_a_deadline_is_missed_when_its_day_is_over_and_not_before(control: Control, place: Place) -> None:
    control.watch()
    id_ = place.issued(co_executors=[])

    control.on(date(2021, 4, 30))
    place.issued(deadline="2021-03-02", co_executors=[])
    wait_until(lambda: settled(control), "nothing is overdue")
    assert "DeadlineMissed" not in control.types(id_)

    control.on(date(2021, 5, 1))
    wait_until(lambda: "DeadlineMissed" in control.types(id_), "the clock is heard")
    assert control.shown(f"/assignments/{id_}")["misses"][0]["deadline"] == "2021-04-30"


def test_after_weeks_of_downtime_misses_come_oldest_first_with_their_own_dates(control: Control, place: Place) -> None:
    late, early = place.issued(deadline="2021-04-30"), place.issued(deadline="2021-03-26")
    control.on(date(2021, 7, 1))

    control.watch()
    wait_until(lambda: settled(control), "all is recorded")

    assert misses(control) == [
        ("ProposalMissed", early, "2021-03-16"),
        ("DeadlineMissed", early, "2021-03-26"),
        ("ProposalMissed", late, "2021-04-23"),
        ("DeadlineMissed", late, "2021-04-30"),
    ]


def test_the_order_holds_between_assignments_whose_days_interleave(control: Control, place: Place) -> None:
    for deadline in ("2021-04-30", "2021-04-26", "2021-04-28"):
        place.issued(deadline=deadline)
    control.on(date(2021, 7, 1))

    control.watch()
    wait_until(lambda: settled(control), "all is recorded")

    days = [day for _, _, day in misses(control)]
    assert len(days) == 6
    assert days == sorted(days)


def test_two_replicas_record_each_miss_once_and_one_of_them_watches(
    replica: Callable[[], Control], control: Control, place: Place
) -> None:
    issued = [place.issued(co_executors=[]) for _ in range(30)]
    other = replica()
    for watching in (control, other):
        watching.on(date(2021, 7, 1))

    control.watch()
    other.watch()
    wait_until(lambda: settled(control), "all is recorded")

    assert sorted(id_ for _, id_, _ in misses(control)) == sorted(issued)
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM "
    assert control.service.store.read(locks + "pg_database WHERE datname = current_database())") == [(1,)]


def test_another_replica_takes_over_when_the_watching_one_stops(
    replica: Callable[[], Control], control: Control, place: Place
) -> None:
    first = control.watch()
    other = replica()
    other.watch()
    place.issued(co_executors=[])

    first.stop()
    other.on(date(2021, 7, 1))

    wait_until(lambda: misses(control), "the other one records it")
    assert not first.alive


def test_the_watcher_lives_through_the_loss_of_its_sessions(control: Control, place: Place, database: Database) -> None:
    watcher = control.watch()
    place.issued(co_executors=[])
    name = control.app.state.settings.postgres_dbname
    admin = psycopg.connect(host=database.host, user="postgres", dbname="postgres", autocommit=True)

    with admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    wait_until(lambda: control.get("/rules").status_code == 200, "control is back")
    wait_until(lambda: _moved(control, date(2021, 7, 1)), "the clock can be set")

    wait_until(lambda: misses(control), "the miss is recorded")
    assert watcher.alive


def test_one_assignment_that_cannot_be_recorded_does_not_hold_up_the_others(control: Control, place: Place) -> None:
    broken, well = place.issued(deadline="2021-03-10", co_executors=[]), place.issued(co_executors=[])
    with control.service.store.datastore.pool.connection() as connection:
        connection.execute("UPDATE stored_events SET state = '{}'::bytea WHERE originator_id = %s", (broken,))
    control.service.writer._aggregates.forget()
    control.on(date(2021, 7, 1))

    control.watch()

    wait_until(lambda: [id_ for _, id_, _ in misses(control)] == [well], "the other one is recorded")


def test_what_is_due_is_found_through_the_index(control: Control, place: Place) -> None:
    place.issued()
    with control.service.store.datastore.pool.connection() as connection:
        connection.execute(
            "INSERT INTO assignments SELECT gen_random_uuid(), document_id, clause, source, originator, personal, "
            "occasion, controlled_by, rule_set, issued_on, control, status, deadline, reported_on, area, "
            "organizations, units, date '2030-01-01' + n, version FROM assignments, generate_series(1, 20000) AS n"
        )
        connection.execute("ANALYZE assignments")
    plan = control.service.store.read("EXPLAIN " + FIND_OVERDUE, (date(2021, 7, 1), [], 64))

    assert "assignments_next_due" in str(plan)


DECREE: Json = {"days": [{"date": "2021-04-23", "working": False}], "decree": "No. 1 of 1.3.2021"}


def test_an_amended_calendar_counts_open_assignments_again_once(control: Control, place: Place) -> None:
    moved = [place.issued() for _ in range(70)]  # more than one batch
    closed = place.issued()
    control.done(f"/assignments/{closed}/withdrawal", {"reason": "қате"})
    own_date = place.issued(co_executors=[place.party("MIN-B", proposal_due="2021-04-23")])

    amended = control.done("/calendar/amendments", DECREE, role="operator")
    control.watch()
    wait_until(lambda: _rederived(control), "the walk is finished")

    assert amended["version"] == 2
    assert all(control.types(id_) == ["AssignmentIssued", "TermsRederived"] for id_ in moved)
    assert control.types(closed) == ["AssignmentIssued", "AssignmentWithdrawn"]
    assert control.types(own_date) == ["AssignmentIssued"]
    proposal = control.shown(f"/assignments/{moved[0]}")["proposals"][0]
    assert (proposal["due"], proposal["derivation"]["calendar_version"]) == ("2021-04-22", 2)
    assert control.shown("/calendar/2021")["version"] == 2

    with control.service.store.datastore.pool.connection() as connection:  # as if it had stopped halfway
        connection.execute("UPDATE rederivations SET finished = false, after = %s", (sorted(moved)[35],))
    control.runtime.clock_moved.set()
    wait_until(lambda: _rederived(control), "the walk is finished again")
    assert all(control.types(id_) == ["AssignmentIssued", "TermsRederived"] for id_ in moved)


def test_an_assignment_issued_after_an_amendment_is_counted_by_it_also_in_another_replica(
    replica: Callable[[], Control], control: Control, place: Place
) -> None:
    place.issued()
    other = replica()
    other.on(date(2021, 3, 1))
    other.done("/assignments", place.assignment())
    control.done("/calendar/amendments", DECREE, role="operator")

    proposal = other.done("/assignments", place.assignment())["proposals"][0]

    assert (proposal["due"], proposal["derivation"]["calendar_version"]) == ("2021-04-22", 2)


def test_an_amendment_is_refused_with_its_grounds_and_guarded(control: Control) -> None:
    same = control.post(
        "/calendar/amendments", DECREE | {"days": [{"date": "2021-04-24", "working": False}]}, role="operator"
    )
    none = control.post("/calendar/amendments", DECREE | {"days": []}, role="operator")
    far = control.post(
        "/calendar/amendments", DECREE | {"days": [{"date": "2099-04-24", "working": False}]}, role="operator"
    )

    assert (same.status_code, same.json()["violations"][0]["reason"]) == (409, "day-is-so-already")
    assert (none.status_code, none.json()["violations"][0]["reason"]) == (422, "amendment-missing")
    assert (far.status_code, far.json()["violations"][0]["reason"]) == (409, "calendar-year-not-covered")
    assert control.post("/calendar/amendments", DECREE).status_code == 403
    assert control.shown("/calendar/2021")["version"] == 1


def _rederived(control: Control) -> bool:
    return not control.service.store.read("SELECT 1 FROM rederivations WHERE NOT finished")


def _moved(control: Control, day: date) -> bool:
    control.on(day)
    return True

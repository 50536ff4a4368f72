"""An outcome that a caller couldn't hear is found out, or said to be unknown; never called a conflict."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.lines import Line
from baqylau.messaging.broker import Kafka
from baqylau.messaging.consumer import Consumer
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.intake import Intake, Taken
from baqylau.testing.probe import FactStated, Tally, entries, ledger_service, line_settings, tally_service
from baqylau_infra.database import PORT, Database
from kafka import TopicPartition

from tests.integration.proxy import CommitProxy

pytestmark = pytest.mark.real


@pytest.fixture
def proxy(database: Database) -> Iterator[CommitProxy]:
    with CommitProxy(database.host, PORT) as made:
        yield made


@pytest.fixture
def service(database: Database, proxy: CommitProxy) -> Iterator[Service]:
    access = database.create(f"lost_{uuid4().hex}").environment()
    made = tally_service(line_settings({**access, "BAQYLAU_POSTGRES_HOST": proxy.host}), "lost")
    made.writer.start()
    yield made
    made.writer.stop()
    made.close()


def counting(tally: object) -> Callable[[Work], int]:
    cause = Cause(actor="test", recorded_at=datetime.now(UTC), correlation_id="c")
    return lambda work: work.find_or_new(Tally, tally).count(cause)  # type: ignore[arg-type]


def test_a_commit_whose_reply_is_lost_is_answered_as_done(service: Service, proxy: CommitProxy) -> None:
    tally = uuid4()
    service.writer.submit(counting(tally)).result(30)

    proxy.lose.set()
    answer = service.writer.submit(counting(tally)).result(30)

    assert proxy.lost == 1, "no reply was lost"
    assert answer == 2
    assert service.writer.submit(counting(tally)).result(30) == 3
    assert [event.originator_version for event in service.history(tally)] == [1, 2, 3]


def test_a_batch_without_events_whose_reply_is_lost_is_done_again_without_harm(
    database: Database, proxy: CommitProxy
) -> None:
    access = database.create(f"lost_{uuid4().hex}").environment()
    ledger = ledger_service(line_settings({**access, "BAQYLAU_POSTGRES_HOST": proxy.host}), "ledger")
    ledger.writer.start()
    tally = uuid4()

    def only_a_row(work: Work, _: FactStated, __: Cause) -> None:
        work.change("INSERT INTO entries (tally, number) VALUES (%s, 1)", (tally,))

    intake = Intake({FactStated: only_a_row}, Line.NON_CONFIDENTIAL, "ledger", lambda: datetime.now(UTC))
    consumer = Consumer(ledger.writer, intake, {}, Kafka("127.0.0.1:1"), "g")
    headers = {"type": FactStated.event_type(), "regime": "non_confidential", "position": "1", "previousposition": "0"}
    record = Incoming("t", 0, "k", headers, FactStated(name="f").to_json())

    proxy.lose.set()
    taken = consumer._take(TopicPartition("t", 0), [record])

    assert proxy.lost == 1, "no reply was lost"
    assert taken == Taken(1, None)
    assert ledger.store.position("t/0") == 1
    assert entries(ledger, tally) == [1]
    assert ledger.store.log(0, 1) == [], "there was an event by which it could have been found out"
    ledger.writer.stop()
    ledger.close()


def test_all_callers_of_a_batch_whose_reply_is_lost_are_answered(service: Service, proxy: CommitProxy) -> None:
    tally = uuid4()

    proxy.lose.set()
    answers = [service.writer.submit(counting(tally)) for _ in range(20)]

    assert [answer.result(30) for answer in answers] == list(range(1, 21))
    assert proxy.lost == 1
    assert len(service.history(tally)) == 20

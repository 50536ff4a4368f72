"""A log and a topic that don't fit: what the topic lacks is published again, and what the log lacks stops the relay."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from baqylau.messaging.on_topic import AnotherLog, reconcile, topic_findings
from baqylau.testing.wait import wait_until
from baqylau_infra.broker import Broker
from baqylau_infra.database import Database
from baqylau_infra.tokens import Keys
from kafka import KafkaAdminClient
from kafka.errors import InvalidPartitionsError

from tests.integration.flow import PARTITIONS, Flow

pytestmark = pytest.mark.real


@pytest.fixture
def flow(broker: Broker, database: Database, keys: Keys, tmp_path: Path) -> Iterator[Flow]:
    with Flow(broker, database, keys, tmp_path) as made:
        yield made


def published(flow: Flow) -> dict[int, int]:
    return dict(flow.tallies.store.read("SELECT partition, position FROM published ORDER BY partition"))


def publish_all(flow: Flow) -> None:
    """Have a relay publish what is stored, and stop it."""
    relay = flow.relay()
    heads = {record.partition: record.position for record in flow.stored()}
    wait_until(lambda: published(flow) == heads, "all is published")
    relay.stop()


def findings(flow: Flow) -> list[str]:
    found = topic_findings(flow.tallies.store, flow.envelope, [flow.topic], flow.kafka, Counter())
    return [str(finding) for finding in found]


def set_published(flow: Flow, position: int) -> None:
    with flow.tallies.store.connect() as connection:
        connection.execute("UPDATE published SET position = %s WHERE partition = 0", (position,))


def forget_last_event(flow: Flow) -> None:
    """The log as a backup has it that was made one event before."""
    with flow.tallies.store.connect() as connection:
        connection.execute("DELETE FROM log_chain WHERE position = (SELECT max(position) FROM log_chain)")
        connection.execute("DELETE FROM public_events WHERE position > (SELECT max(position) FROM log_chain)")
        connection.execute("DELETE FROM stored_events WHERE notification_id > (SELECT max(position) FROM log_chain)")
        connection.execute("UPDATE published SET position = (SELECT max(position) FROM public_events)")
        connection.execute("SELECT setval('stored_events_notification_id_seq', (SELECT max(position) FROM log_chain))")


def test_a_topic_with_another_number_of_partitions_is_published_to_by_nobody(flow: Flow) -> None:
    with pytest.raises(InvalidPartitionsError):
        reconcile(flow.tallies.store, flow.envelope, [flow.topic], PARTITIONS + 1, flow.kafka)


def test_a_topic_that_has_it_all_is_sent_nothing_again(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    publish_all(flow)
    set_published(flow, flow.stored()[1].position)  # as in a backup made before the last acknowledgements

    publish_all(flow)

    assert flow.on_topic(0) == [record.position for record in flow.stored()]
    assert findings(flow) == []


def test_an_empty_topic_is_sent_all_again_in_order(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    publish_all(flow)
    with KafkaAdminClient(bootstrap_servers=flow.bootstrap) as admin:
        admin.delete_topics([flow.topic])
    wait_until(lambda: created(flow), "the topic is there again, empty")
    assert findings(flow) == [f"topic at {flow.topic}/0 0: ends-or-has-a-hole"]

    flow.relay()

    wait_until(lambda: flow.on_topic(0) == [record.position for record in flow.stored()], "all is sent again")
    wait_until(lambda: findings(flow) == [], "the topic is of the log")


def created(flow: Flow) -> bool:
    with KafkaAdminClient(bootstrap_servers=flow.bootstrap) as admin:
        admin.create_topics({flow.topic: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
    return True


def test_a_topic_that_lost_its_end_is_sent_that_again(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    flow.send(flow.stored()[:3])
    with flow.tallies.store.connect() as connection:
        connection.execute("INSERT INTO published VALUES (%s, 0, %s)", (flow.topic, flow.stored()[-1].position))

    flow.relay()

    wait_until(lambda: flow.on_topic(0) == [record.position for record in flow.stored()], "the end is sent again")


def test_a_topic_with_a_hole_near_its_end_is_sent_from_before_the_hole(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    records = flow.stored()
    flow.send([records[0], records[1], records[3]])

    reconcile(flow.tallies.store, flow.envelope, [flow.topic], PARTITIONS, flow.kafka)

    assert published(flow) == {0: records[1].position}


def test_a_record_that_the_log_has_not_stops_the_relay(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    publish_all(flow)
    newest = flow.stored()[-1].position
    forget_last_event(flow)

    relay = flow.relay()
    with pytest.raises(AnotherLog) as refused:
        reconcile(flow.tallies.store, flow.envelope, [flow.topic], PARTITIONS, flow.kafka)
    assert refused.value.place == f"{flow.topic}/0 {newest}"
    assert findings(flow) == [f"topic at {flow.topic}/0 {newest}: not-in-the-log-so"]

    # The log goes on, and gives the position to another event: that must not be published either.
    flow.count(tally, 1, wrong=True)
    assert flow.stored()[-1].position == newest
    with pytest.raises(AnotherLog):
        reconcile(flow.tallies.store, flow.envelope, [flow.topic], PARTITIONS, flow.kafka)
    flow.count(tally, 3)

    assert not relay.connected
    assert len(flow.on_topic(0)) == 5


def test_what_another_put_on_the_topic_does_not_stop_it(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 2)
    with flow.raw() as producer:
        producer.send(flow.topic, key=b"x", value=b"{}", headers=[("ce_source", b"/elsewhere")], partition=0).get(20)
        producer.send(flow.topic, key=b"x", value=b"{}", partition=0).get(20)

    flow.consume()
    flow.relay()

    flow.wait_for(tally, 2)

"""Each event takes effect once and in order, whatever came before it on the topic."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest
import structlog
from baqylau.messaging import consumer, reading
from baqylau.messaging.broker import Kafka
from baqylau.messaging.relay import Producer, Relay, make_producer
from baqylau.testing.wait import wait_until
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaTimeoutError
from psycopg import Connection

from tests.integration.flow import PARTITIONS, Flow, without

pytestmark = pytest.mark.real


def test_replayed_records_take_effect_once(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 4)
    first, second, third, fourth = flow.stored()

    flow.send([first, second, first, second, third, second, third, fourth, first])
    flow.consume()

    flow.wait_for(tally, 4)


def test_reordered_records_take_effect_in_the_producers_order(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    first, second, third, fourth, fifth = flow.stored()

    flow.send([third, first, fifth, second, fourth])
    flow.consume(flow.serve_feed())

    flow.wait_for(tally, 5)


def test_a_hole_is_filled_by_a_relay_that_sends_again(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)
    flow.send(without(flow.stored(), 2))
    flow.consume()
    wait_until(lambda: flow.effects(tally) == [1, 2], "what is before the hole takes effect")

    flow.relay()

    flow.wait_for(tally, 5)


def test_a_hole_is_filled_from_the_feed_where_the_relay_is_dead(flow: Flow) -> None:
    tally, other = flow.tally_in(0), flow.tally_in(1)
    flow.count(tally, 5)
    flow.count(other, 2)

    flow.send(without(flow.stored(), 2))
    flow.consume(flow.serve_feed())

    flow.wait_for(other, 2)
    flow.wait_for(tally, 5)


def test_a_topic_that_begins_late_is_read_from_the_feed_first(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 5)

    flow.send(flow.stored()[4:])
    flow.consume(flow.serve_feed())

    flow.wait_for(tally, 5)


def test_a_hole_is_filled_while_records_keep_arriving(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 3)
    flow.send(without(flow.stored(), 1))
    flow.consume(flow.serve_feed())

    def go_on() -> None:
        for _ in range(60):
            before = flow.stored()[-1].position
            flow.count(tally)
            flow.send(flow.tallies.store.public_events(flow.topic, before, 10))

    more = threading.Thread(target=go_on)
    more.start()

    flow.wait_for(tally, 63)
    more.join()

    assert not flow.parked()


def test_after_a_restart_a_consumer_reads_again_what_it_passed_over_behind_a_hole(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 4)
    first, second, third, fourth = flow.stored()
    flow.send([first, third, fourth])
    reading = flow.consume()
    wait_until(lambda: reading._holes, "the hole is seen")
    reading.stop()

    flow.send([second])  # and nothing after it: the third and fourth must be read from the topic's past
    flow.consume(flow.serve_feed())

    flow.wait_for(tally, 4)


class Dropping(Producer):
    """A real producer that once drops a record as a failed batch is dropped: the ones after it are sent.

    `says`: whether it owns up to it. A broker that loses what it has acknowledged doesn't.
    """

    drops = 3
    says = True

    def send(self, topic: str, *args: Any, **more: Any) -> Any:
        cls = type(self)
        cls.drops -= 1
        if cls.drops == 0:
            return _Failed() if cls.says else super().send(f"{topic}.lost", *args, **{**more, "partition": 0})
        return super().send(topic, *args, **more)


class _Failed:
    is_done = True

    def succeeded(self) -> bool:
        return False

    def get(self, timeout: float) -> None:  # noqa: ARG002
        raise KafkaTimeoutError("Batch expired")


def dropping(*, says: bool) -> Any:
    kind = type("Dropping", (Dropping,), {"says": says})

    def made(kafka: Kafka, topics: Iterable[str]) -> Producer:
        plain = make_producer(kafka, topics)
        plain.__class__ = kind
        return plain

    return made


def test_a_relay_with_nothing_to_publish_is_ready_without_a_producer_and_makes_one_for_the_first_record(
    flow: Flow,
) -> None:
    made: list[Producer] = []

    def noted(kafka: Kafka, topics: Iterable[str]) -> Producer:
        made.append(make_producer(kafka, topics))
        return made[-1]

    relay = flow.relay(noted)
    wait_until(lambda: relay.connected, "the relay is ready")
    assert made == []

    tally = flow.tally_in(0)
    flow.count(tally, 2)
    wait_until(lambda: len(flow.on_topic(0)) == 2, "the records are published")
    flow.count(tally, 1)
    wait_until(lambda: len(flow.on_topic(0)) == 3, "the record is published")
    assert len(made) == 1


def test_the_silent_loss_is_healed_by_the_relay(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 6)
    flow.consume()

    with structlog.testing.capture_logs() as said:
        flow.relay(dropping(says=True))
        flow.wait_for(tally, 6)

    restarts = [(line["event"], line["kind"]) for line in said if line["event"].startswith("relay_")]
    assert restarts == [("relay_restarts", "Lost")], "it wasn't the loss that it started again for"
    positions = flow.on_topic(0)
    lost = flow.stored()[2].position
    assert positions.index(flow.stored()[3].position) < positions.index(lost), "the loss was not produced"


def test_a_loss_that_the_relay_never_hears_of_is_healed_from_the_feed(flow: Flow) -> None:
    with KafkaAdminClient(bootstrap_servers=flow.bootstrap) as admin:
        admin.create_topics({f"{flow.topic}.lost": {"num_partitions": 1}}, wait_for_metadata=True)
    tally = flow.tally_in(0)
    flow.count(tally, 6)
    flow.consume(flow.serve_feed())

    flow.relay(dropping(says=False))

    flow.wait_for(tally, 6)
    assert flow.stored()[2].position not in flow.on_topic(0)


class Rogue(Relay):
    """A relay that lost its lock without noticing."""

    def _hold_lock(self, connection: Connection[Any]) -> bool:  # noqa: ARG002
        return True


def test_two_relays_at_once_lose_and_double_nothing(flow: Flow) -> None:
    tallies = [flow.tally_in(number % PARTITIONS) for number in range(4)]
    flow.consume()
    flow.count(tallies[0], 50)
    relays = [flow.relay(of=Rogue) for _ in range(2)]
    wait_until(lambda: all(relay.connected for relay in relays), "both publish")

    for future in [flow.counting(tally) for _ in range(50) for tally in tallies]:
        future.result(30)

    flow.wait_for(tallies[0], 100)
    for tally in tallies[1:]:
        flow.wait_for(tally, 50)
    assert len(flow.on_topic(0)) > len(flow.stored(0)), "the relays did not both publish"


def test_a_relay_whose_lock_session_is_ended_is_followed_by_the_next(flow: Flow) -> None:
    tally = flow.tally_in(0)
    first, second = flow.relay(), flow.relay()
    flow.consume()
    flow.count(tally, 2)
    flow.wait_for(tally, 2)

    flow.tallies.store.read(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    flow.count(tally, 2)

    flow.wait_for(tally, 4)
    assert first.alive
    assert second.alive


def test_a_relay_that_stops_hands_over_at_once(flow: Flow) -> None:
    tally = flow.tally_in(0)
    first = flow.relay()
    wait_until(lambda: first.connected, "the first relay publishes")
    flow.relay()
    flow.consume()
    flow.count(tally, 2)
    flow.wait_for(tally, 2)

    first.stop()
    flow.count(tally, 3)

    assert not first.alive
    flow.wait_for(tally, 5)


def test_a_record_stored_while_a_relay_starts_is_not_left_out(flow: Flow) -> None:
    tallies = [flow.tally_in(number % PARTITIONS) for number in range(4)]
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            for future in [flow.counting(tally) for tally in tallies]:
                future.result(30)

    load = threading.Thread(target=busy)
    load.start()
    for _ in range(3):
        relay = flow.relay()
        wait_until(lambda relay=relay: relay.connected, "the relay publishes")  # type: ignore[misc]
        relay.stop()
    stop.set()
    load.join()
    flow.relay()

    for partition in range(PARTITIONS):
        wanted = [record.position for record in flow.stored(partition)]
        wait_until(lambda: wanted[-1] in flow.on_topic(partition), "the last record is on the topic")  # noqa: B023
        assert sorted(set(flow.on_topic(partition))) == wanted


def test_two_replicas_of_a_consumer_share_the_partitions_and_one_takes_over(flow: Flow) -> None:
    tallies = [flow.tally_in(number % PARTITIONS) for number in range(4)]
    flow.relay()
    first, second = flow.consume(), flow.consume(of=flow.another_ledger())
    for tally in tallies:
        flow.count(tally, 20)
    for tally in tallies:
        flow.wait_for(tally, 20)
    wait_until(lambda: first.connected and second.connected, "both have joined")

    counting = [flow.counting(tally) for _ in range(20) for tally in tallies]
    first.stop()
    for future in counting:
        future.result(30)

    for tally in tallies:
        flow.wait_for(tally, 40)


class Deaf(KafkaConsumer):  # type: ignore[misc]
    """A real consumer that is stuck in its first life: it has joined, the lag grows, and nothing arrives."""

    lives = 0

    def __init__(self, *topics: str, **more: Any) -> None:
        super().__init__(*topics, **more)
        of_a_group = "group_id" in more  # the relay looks at its topics without one
        type(self).lives += of_a_group
        self.deaf = of_a_group and type(self).lives == 1

    def poll(self, timeout_ms: int = 0, **more: Any) -> Any:
        polled = super().poll(timeout_ms, **more)
        if not self.deaf:
            return polled
        for place, records in polled.items():
            self.seek(place, records[0].offset)
            self.pause(place)
        return {}


def test_a_consumer_to_which_nothing_comes_though_it_lags_is_started_again(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KafkaConsumer", Deaf)
    monkeypatch.setattr(consumer, "SILENCE_SECONDS", 0.5)
    tally = flow.tally_in(0)
    flow.relay()
    flow.consume()

    flow.count(tally, 3)

    flow.wait_for(tally, 3)
    assert Deaf.lives == 2

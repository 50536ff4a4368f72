"""Each process is known to Kafka by credentials of its own, with which it gets at what its line allows it alone."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from baqylau.messaging.broker import Kafka
from baqylau.testing.wait import wait_until
from baqylau_infra import layout, topics
from baqylau_infra.system import Elsewhere, System, environment_of
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from tests.segregation.guarded_broker import ADMIN, GuardedBroker
from tests.segregation.town import LINES, OPEN, SECRET, SERVICES, Town

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBroker]:
    names = {service.name for service in layout.SERVICES} | {name for t in topics.load() for name in t.readers}
    with GuardedBroker(tmp_path_factory.mktemp("guarded"), names) as running:
        yield running


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, broker: GuardedBroker) -> Iterator[Town]:
    with System(
        tmp_path_factory.mktemp("credentials") / "run",
        elsewhere=Elsewhere(kafka=broker.known_as(ADMIN)),
        overrides=lambda name: environment_of(broker.known_as(name)),
    ) as system:
        yield Town(system)


@contextmanager
def client(kafka: Kafka, **more: Any) -> Iterator[KafkaConsumer]:
    made = KafkaConsumer(
        **kafka.client, enable_auto_commit=False, auto_offset_reset="earliest", bootstrap_timeout_ms=9000, **more
    )
    try:
        yield made
    finally:
        made.close(autocommit=False)


def test_with_its_own_credentials_alone_every_process_does_its_work(town: Town) -> None:
    for line in LINES:
        assert town.register(line, town.units[line]).status_code == 201
        assert town.call("GET", "control", line, "/health/ready").status_code == 200


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(("line", "other"), [(OPEN, SECRET), (SECRET, OPEN)])
def test_no_process_of_a_line_gets_at_a_topic_of_the_other(broker: GuardedBroker, line: str, other: str) -> None:
    for name in [*(f"{service}-{line}" for service in SERVICES), f"auditor-{line}", f"subscriber-{line}"]:
        with client(broker.known_as(name)) as consumer:
            # Whoever may read or write a topic is shown it: the others, they aren't even shown.
            assert {topic.split(".")[1] for topic in consumer.topics()} == {line}
    producer = KafkaProducer(**broker.known_as(f"registry-{line}").client, enable_idempotence=True, acks="all")
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send(f"baqylau.{other}.registry.v1", b"{}").get(20)
    producer.close(timeout=1)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("line", LINES)
def test_a_subscriber_reads_its_line_in_groups_of_its_own_name(broker: GuardedBroker, line: str) -> None:
    subscriber, topic = broker.known_as(f"subscriber-{line}"), f"baqylau.{line}.registry.v1"

    with client(subscriber, group_id=f"subscriber-{line}.ministry") as consumer:
        consumer.subscribe([topic])
        wait_until(lambda: consumer.poll(timeout_ms=250), "a record comes")
    with (
        client(subscriber, group_id=f"baqylau.{line}.control") as consumer,
        pytest.raises(GroupAuthorizationFailedError),
    ):
        consumer.committed(TopicPartition(topic, 0))


def test_a_process_that_is_given_the_other_lines_credentials_does_not_start(town: Town, broker: GuardedBroker) -> None:
    settings = town.environment(f"registry-{OPEN}") | environment_of(broker.known_as(f"registry-{SECRET}"))

    ended = subprocess.run(
        [sys.executable, "-m", "registry"], env=settings, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2
    assert "has topics, and none of non-confidential" in ended.stderr

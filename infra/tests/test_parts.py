"""The real broker and the real database: started, killed, started again."""

from collections.abc import Iterator
from dataclasses import replace

import psutil
import psycopg
import pytest
from baqylau.messaging.broker import Kafka
from baqylau_infra import Problem, topics
from baqylau_infra.broker import Broker
from baqylau_infra.database import Database
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

pytestmark = pytest.mark.real

TOPIC = "baqylau.confidential.registry.v1"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as started:
        topics.create_missing(Kafka(started.bootstrap))
        yield started


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database(tmp_path_factory.mktemp("database")) as started:
        yield started


def values(broker: Broker) -> list[bytes]:
    partition = TopicPartition(TOPIC, 0)
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    found: list[bytes] = []
    while consumer.position(partition) < end:
        found += [record.value for record in consumer.poll(timeout_ms=1000).get(partition, [])]
    consumer.close()
    return found


def send(broker: Broker, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    producer.send(TOPIC, value, partition=0).get(timeout=20)
    producer.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_broker_keeps_its_records(broker: Broker, end: str) -> None:
    before = len(values(broker))
    send(broker, end.encode())

    getattr(broker.process, end)()
    broker.process.start()
    broker.process.wait_until_ready()

    assert values(broker)[before:] == [end.encode()]


def test_topics_are_made_once_and_a_change_of_their_partitions_is_refused(broker: Broker) -> None:
    assert topics.create_missing(Kafka(broker.bootstrap)) == []

    other = [topic.model_copy(update={"partitions": 8}) for topic in topics.load()]

    with pytest.raises(Problem, match=r"has 4 partitions, infra/kafka/topics\.toml says 8"):
        topics.create_missing(Kafka(broker.bootstrap), other)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_database_keeps_what_was_committed(database: Database, end: str) -> None:
    access = database.create(f"kept_after_{end}")
    with psycopg.connect(access.conninfo()) as connection:
        connection.execute("CREATE TABLE kept (value text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")

    getattr(database.process, end)()
    database.process.start()
    database.process.wait_until_ready()

    with psycopg.connect(access.conninfo()) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [("committed",)]


def test_a_killed_database_leaves_no_session_behind(database: Database) -> None:
    access = database.create("with_a_session")
    session = psycopg.connect(access.conninfo())
    family = psutil.Process(database.process.pid).children()

    database.process.kill()

    assert family
    assert not [member for member in family if member.is_running()]
    session.close()
    database.process.start()
    database.process.wait_until_ready()


def test_a_role_reaches_its_own_database_alone_and_with_its_password_only(database: Database) -> None:
    own, other = database.create("registry_confidential"), database.create("registry_non_confidential")
    psycopg.connect(own.conninfo()).close()

    for foreign in (
        replace(own, dbname=other.dbname),
        replace(own, dbname="postgres"),
        replace(own, dbname="template1"),
        replace(own, password=other.password),
    ):
        with pytest.raises(psycopg.OperationalError, match=r"permission denied|password authentication failed"):
            psycopg.connect(foreign.conninfo())


def test_the_databases_log_holds_no_content_of_a_statement_that_failed(database: Database) -> None:
    with psycopg.connect(database.create("with_errors").conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE once (value text UNIQUE)")
        connection.execute("INSERT INTO once VALUES ('planted word')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO once VALUES ('planted word')")

    log = database.log.read_text()
    assert "duplicate key value" in log
    assert "planted word" not in log


def test_there_is_room_for_the_pools_of_all_services(database: Database) -> None:
    with psycopg.connect(database.create("roomy").conninfo()) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("300",)


def test_nothing_of_the_database_listens_on_tcp(database: Database) -> None:
    process = psutil.Process(database.process.pid)

    assert not [c for c in process.net_connections(kind="inet") if c.status == psutil.CONN_LISTEN]

"""What can't be read of a topic is isolated, parked and gone past; what lies around it takes effect."""

import gzip
from collections import Counter
from itertools import count

import pytest
from baqylau.messaging.on_topic import topic_findings
from baqylau.messaging.parked import Discarding, discard, retry
from baqylau.observability.metrics import CONSUMER_RESTARTS, UNREADABLE
from baqylau.testing.batches import GZIP, ZSTD, batch, record, send, zstd
from baqylau.testing.wait import wait_until
from baqylau_infra.broker import Broker
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from tests.integration.flow import PARTITIONS, Flow, cause

pytestmark = pytest.mark.real

GOOD = record(key=b"stranger", value=b"w" * 400) + record(1, key=b"stranger")
_transactions = count(1)


def restarts() -> float:
    return float(CONSUMER_RESTARTS._value.get())


def unreadable(flow: Flow) -> float:
    return float(UNREADABLE.labels(flow.topic)._value.get())


def test_a_header_whose_name_is_no_text_stops_nobody_and_its_record_is_judged_like_any_other(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 3)
    first, second, third = flow.stored()
    named = [(b"\xff\xfe", b"1"), *flow.envelope.kafka_headers(second)]
    before = restarts()

    flow.send([first])
    send(flow.bootstrap, flow.topic, batch(record(key=b"stranger", headers=[(b"\xff\xfe", b"1")]) + GOOD, 3))
    send(flow.bootstrap, flow.topic, batch(record(key=second.key.encode(), value=second.value, headers=named), 1))
    flow.send([third])
    flow.consume()

    flow.wait_for(tally, 3)
    assert flow.parked() == [("stranger", "foreign-regime", 1)]
    assert restarts() == before
    assert unreadable(flow) == 0


def test_what_cannot_be_unpacked_is_parked_where_it_lies_and_given_up_by_an_operator(flow: Flow) -> None:
    tally, before = flow.tally_in(0), restarts()
    flow.count(tally, 2)
    first, second = flow.stored()
    flow.send([first])
    offsets = [
        send(flow.bootstrap, flow.topic, batch(zstd(GOOD), 2, codec=ZSTD)),
        send(flow.bootstrap, flow.topic, batch(gzip.compress(record(value=b"\0" * 2**25)), 1, codec=GZIP)),
    ]
    flow.send([second])

    reading = flow.consume()

    flow.wait_for(tally, 2)
    names = [f"{flow.topic}/0/{offset}" for offset in offsets]
    reasons = ["unreadable-compression", "unreadable-size"]
    assert flow.parked() == [(name, reason, 1) for name, reason in zip(names, reasons, strict=True)]
    assert restarts() == before
    assert unreadable(flow) == 2

    # It can't be played, it is given up; and though it lies there still, that's the end of it.
    assert flow.ledger.writer.submit(lambda work: retry(work, flow.intake, names[0])).result(30).reason == reasons[0]
    for name in names:
        _give_up(flow, name)
    reading.stop()
    _read_from_the_beginning(flow)
    flow.consume()
    wait_until(lambda: unreadable(flow) == 4, "it is read again")
    flow.count(tally)
    flow.send(flow.stored()[-1:])

    flow.wait_for(tally, 3)
    assert flow.parked() == []


def test_what_a_record_says_of_its_offset_leads_no_reader_past_others(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 3)
    send(flow.bootstrap, flow.topic, batch(record(2, key=b"stranger"), 1))
    reading = flow.consume()
    wait_until(flow.parked, "it is parked")
    wait_until(lambda: _committed(flow) is not None, "it is committed")

    assert _committed(flow) == 1
    reading.stop()
    flow.send(flow.stored())
    flow.consume()

    flow.wait_for(tally, 3)


def test_a_record_that_was_damaged_in_the_brokers_files_is_had_from_the_feed(flow: Flow, broker: Broker) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 4)
    flow.send(flow.stored())
    second = flow.stored()[1].value
    with (broker.log.parent / "data" / f"{flow.topic}-0" / f"{0:020}.log").open("r+b") as log:
        log.seek(log.read().index(second))
        log.write(second.swapcase())

    flow.consume(flow.serve_feed())

    flow.wait_for(tally, 4)
    assert flow.parked() == [(f"{flow.topic}/0/1", "unreadable-checksum", 1)]


def test_a_relay_publishes_and_a_check_ends_though_its_topic_holds_what_it_cannot_read(flow: Flow) -> None:
    tally = flow.tally_in(0)
    flow.count(tally, 2)
    flow.send(flow.stored()[:1])
    send(flow.bootstrap, flow.topic, batch(zstd(GOOD), 2, codec=ZSTD))
    producer = KafkaProducer(bootstrap_servers=flow.bootstrap, transactional_id=f"stranger-{next(_transactions)}")
    producer.init_transactions()
    producer.begin_transaction()
    for partition in range(PARTITIONS):
        producer.send(flow.topic, b"{}", key=b"stranger", partition=partition)
    producer.commit_transaction()  # its marks lie last in each partition
    producer.close()

    flow.relay()
    flow.consume()

    flow.wait_for(tally, 2)
    figures: Counter[str] = Counter()
    assert list(topic_findings(flow.tallies.store, flow.envelope, [flow.topic], flow.kafka, figures)) == []
    assert figures["records"] == 2


def _give_up(flow: Flow, name: str) -> None:
    asked = Discarding(reason="Reported.")
    flow.ledger.writer.submit(lambda work: discard(work, name, asked, cause())).result(30)


def _committed(flow: Flow) -> int | None:
    consumer = KafkaConsumer(bootstrap_servers=flow.bootstrap, group_id=f"ledger.{flow.name}", enable_auto_commit=False)
    try:
        found: int | None = consumer.committed(TopicPartition(flow.topic, 0))
        return found
    finally:
        consumer.close(autocommit=False)


def _read_from_the_beginning(flow: Flow) -> None:
    with KafkaAdminClient(bootstrap_servers=flow.bootstrap) as admin:
        admin.alter_group_offsets(f"ledger.{flow.name}", {TopicPartition(flow.topic, 0): OffsetAndMetadata(0, "", -1)})

"""The way through Kafka and back with nothing around it: one record produced, acknowledged by all, consumed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

TOPIC = "raw-round-trip"
VALUE = b'{"title": "%s"}' % (b"x" * 580)
HEADERS = [(f"ce_{name}", b"baqylau") for name in ("id", "type", "source", "time", "subject")]


class RoundTrip:
    """A producer and a consumer on a topic of one partition."""

    def __init__(self, producer: Any, consumer: Any) -> None:
        self._producer = producer
        self._consumer = consumer

    def once(self) -> float:
        """Seconds from the sending of a record until it was consumed, its acknowledgement awaited on the way."""
        begun = time.perf_counter()
        self._producer.send(TOPIC, key=b"key", value=VALUE, headers=HEADERS).get(10)
        while not self._consumer.poll(timeout_ms=1000):
            pass
        return time.perf_counter() - begun


@contextmanager
def round_trip(bootstrap: str) -> Iterator[RoundTrip]:
    """Bring up both. No record waits for company, and the broker answers a waiting fetch as soon as there is one."""
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics({TOPIC: {"num_partitions": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_min_bytes=1)
    try:
        consumer.assign([TopicPartition(TOPIC, 0)])
        consumer.seek_to_end()
        consumer.position(TopicPartition(TOPIC, 0))
        yield RoundTrip(producer, consumer)
    finally:
        producer.close()
        consumer.close()

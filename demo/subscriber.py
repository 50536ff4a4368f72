"""A subscriber as any system outside would write one: plain kafka-python, no code of Baqylau."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition


@dataclass(frozen=True)
class Received:
    """A CloudEvent in Kafka's binary mode: attributes as `ce_…` headers, the event as JSON in the value."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: bytes

    @property
    def type(self) -> str:
        return self.headers["ce_type"]

    @property
    def subject(self) -> str:
        return self.headers["ce_subject"]

    @property
    def position(self) -> int:
        """In the log of the service that sent it."""
        return int(self.headers["ce_position"])


class Subscriber:
    """Reads every topic of Baqylau on a thread of its own, from now on or from the beginning. A context manager."""

    def __init__(self, bootstrap: str, *, from_the_beginning: bool = False) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        topics = sorted(topic for topic in self._consumer.topics() if topic.startswith("baqylau."))
        partitions = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in sorted(self._consumer.partitions_for_topic(topic) or ())
        ]
        self._consumer.assign(partitions)
        seek = self._consumer.seek_to_beginning if from_the_beginning else self._consumer.seek_to_end
        seek(*partitions)
        for partition in partitions:  # looks up where that is, now
            self._consumer.position(partition)
        self._received: list[Received] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name="subscriber", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    @property
    def received(self) -> Sequence[Received]:
        """All events so far, in the order in which they came."""
        return tuple(self._received)

    def has(self, topic: str, position: int) -> bool:
        """Whether the event at this position of the topic has come."""
        return any(event.topic == topic and event.position == position for event in self._received)

    def by_topic(self) -> dict[str, list[Received]]:
        """Topic → its events, in the order of the sender's log."""
        found = defaultdict(list)
        for event in self._received:
            found[event.topic].append(event)
        return {topic: sorted(events, key=lambda event: event.position) for topic, events in sorted(found.items())}

    def _read(self) -> None:
        while not self._stopping.is_set():
            for records in self._consumer.poll(timeout_ms=200).values():
                for record in records:
                    headers = {name: content.decode() for name, content in record.headers}
                    self._received.append(
                        Received(
                            record.topic, record.partition, record.offset, record.key.decode(), headers, record.value
                        )
                    )

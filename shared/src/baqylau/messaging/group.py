"""What every consumer group of ours agrees on, so that a member that is gone holds up the others for seconds only."""

from collections.abc import Iterable
from typing import Any

from kafka import KafkaConsumer

from baqylau.messaging.broker import Kafka
from baqylau.messaging.reading import make_consumer

CLOSE_MS = 1_000
REBALANCE_SECONDS = 20.0
"""How long a group waits for a member that doesn't join again; less than `JOIN_SECONDS`, or those who wait would leave
before they are answered, and be waited for in their turn. Kafka knows it as the longest pause between two polls: who
is held up longer, because the database is away, joins again afterwards."""
FETCH_BYTES = 256 * 1024
"""Fetched ahead of each partition. A batch that is larger comes whole."""
JOIN_SECONDS = 25.0
"""By then a member is in its group: longer than the session of one that was killed and must first be given up."""


class Stuck(Exception):
    """The lag grows and nothing arrives: the client must be made anew."""


def poll_ms(joined: bool) -> int:
    """How long a poll waits, ms: less until the member is in its group, so that this is seen soon."""
    return 250 if joined else 30


def member(topics: Iterable[str], kafka: Kafka, group: str, **more: Any) -> KafkaConsumer:
    """A consumer of the topics, that will join the group. `more`: settings of its own.

    Raises `Stuck` where the broker doesn't know a topic (yet), or `KafkaError`.
    """
    named = tuple(topics)
    consumer = make_consumer(
        kafka,
        *named,
        group_id=group,
        auto_offset_reset="earliest",
        max_poll_interval_ms=int(REBALANCE_SECONDS * 1000),
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        metadata_max_age_ms=30_000,
        max_partition_fetch_bytes=FETCH_BYTES,
        **more,
    )
    # Known before joining: a leader that doesn't know a topic's partitions assigns none of them to anybody.
    try:
        if not all(consumer.partitions_for_topic(topic) for topic in named):
            raise Stuck
    except BaseException:
        consumer.close(autocommit=False, timeout_ms=CLOSE_MS)
        raise
    return consumer

"""What every consumer group of ours agrees on, so that a member that is gone holds up the others for seconds only."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition

from baqylau.messaging.broker import Kafka
from baqylau.messaging.reading import CLOSE_MS, make_consumer

REBALANCE_SECONDS = 20.0
"""How long a group waits for a member that doesn't join again; less than `JOIN_SECONDS`, or those who wait would leave
before they are answered, and be waited for in their turn. Kafka knows it as the longest pause between two polls: who
is held up longer, because the database is away, joins again afterwards."""
FETCH_BYTES = 256 * 1024
"""Fetched ahead of each partition. A batch that is larger comes whole."""
POLL_MS = 250
"""A join that comes to its end between two polls is begun anew: so they follow on each other, and are long."""
JOIN_SECONDS = 25.0
"""By then a member is in its group: longer than the session of one that was killed and must first be given up."""


class Stuck(Exception):
    """The lag grows and nothing arrives: the client must be made anew."""


class _Joined(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, joined: Callable[[], None]) -> None:
        self._joined = joined

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:  # noqa: ARG002
        """It is in the group, with or without a partition to read."""
        self._joined()

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing: others join, and it joins again."""


def member(
    topics: Iterable[str], kafka: Kafka, group: str, joined: Callable[[], None] = lambda: None, **more: Any
) -> KafkaConsumer:
    """A consumer of the topics, that will join the group by polling. Raises `KafkaError`.

    `joined`: called each time that it is in the group, on a thread of the client. `more`: settings of its own.
    It knows the partitions before: a leader of the group that doesn't assigns none of them to anybody.
    """
    named = tuple(topics)
    consumer = make_consumer(
        kafka,
        named,
        group_id=group,
        auto_offset_reset="earliest",
        max_poll_interval_ms=int(REBALANCE_SECONDS * 1000),
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        metadata_max_age_ms=30_000,
        max_partition_fetch_bytes=FETCH_BYTES,
        **more,
    )
    try:
        consumer.subscribe(named, listener=_Joined(joined))
        # The partitions that it joins with. By itself it takes note of them with the next answer, and joins once more.
        consumer._coordinator._handle_metadata_update(consumer._cluster)
    except BaseException:
        consumer.close(autocommit=False, timeout_ms=CLOSE_MS)
        raise
    return consumer

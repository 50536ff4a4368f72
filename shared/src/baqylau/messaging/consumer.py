"""Reads the topics of other services on a thread of its own, and hands them to the writer.

Committed offsets are only a hint for where to read on; the truth is the position in the database.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial

import psycopg
import structlog
from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from baqylau.eventstore.writer import Busy, OutOfReach, Writer
from baqylau.messaging.backoff import Backoff
from baqylau.messaging.envelope import Incoming, from_kafka
from baqylau.messaging.feed import Feed, FeedOutOfReach
from baqylau.messaging.intake import Intake, Taken
from baqylau.messaging.parked import count_parked, retry, waiting_keys
from baqylau.observability.metrics import CONSUMER_RESTARTS, HOLES

BATCH = 300
HOLE_PATIENCE_SECONDS = 3.0
"""How long a hole may wait for the relay to send again, before it is filled from the producer's feed."""
RETRY_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Consumer:
    """Consumes topics for one service. `feeds`: the feed of each topic."""

    def __init__(self, writer: Writer, intake: Intake, feeds: Mapping[str, Feed], bootstrap: str, group: str) -> None:
        self._writer = writer
        self._intake = intake
        self._feeds = feeds
        self._bootstrap = bootstrap
        self._group = group
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._holes: dict[TopicPartition, tuple[int, float]] = {}
        self.connected = False

    def start(self) -> None:
        """Begin to consume."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand, leave the group, and stop."""
        self._stopping.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._consume(backoff)
            except (KafkaError, OSError) as error:
                log.warning("consumer_restarts", kind=type(error).__name__)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                log.error("consumer_fault", kind=type(error).__name__)
            if not self._stopping.is_set():
                CONSUMER_RESTARTS.inc()
                backoff.wait(self._stopping)

    def _consume(self, backoff: Backoff) -> None:
        consumer = KafkaConsumer(
            *self._feeds,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=BATCH,
            max_poll_interval_ms=300_000,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            fetch_max_wait_ms=100,
        )
        retry_at = 0.0
        try:
            while not self._stopping.is_set():
                polled = consumer.poll(timeout_ms=250)
                self.connected = self.connected or bool(consumer.assignment())
                for place, records in polled.items():
                    read = [from_kafka(place.topic, place.partition, r.key, r.headers, r.value) for r in records]
                    self._take(place, read)
                backoff.reset()
                self._fill_holes()
                if polled:
                    consumer.commit_async()
                if time.monotonic() >= retry_at:
                    retry_at = time.monotonic() + RETRY_SECONDS
                    self._retry_waiting()
        finally:
            consumer.close(autocommit=False)

    def _take(self, place: TopicPartition, records: Sequence[Incoming]) -> Taken | None:
        """Hand over a run of records, for as long as it takes. None: stopping."""
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                taken = self._writer.submit(
                    lambda work: self._intake.take(work, place.topic, place.partition, records)
                ).result()
            except (OutOfReach, Busy):
                backoff.wait(self._stopping)
                continue
            except psycopg.Error as error:
                return self._take_apart(place, records, error)
            self._notice_hole(place, taken)
            return taken
        return None

    def _take_apart(self, place: TopicPartition, records: Sequence[Incoming], error: psycopg.Error) -> Taken | None:
        """The database refused the run: one by one, so that only the record at fault is parked."""
        if len(records) == 1:
            reason = f"refused-by-the-database {error.sqlstate}"
            self._writer.submit(lambda work: self._intake.park_alone(work, records[0], reason)).result()
            log.error("record_parked", topic=place.topic, reason=reason)
            return None
        taken = None
        for record in records:
            taken = self._take(place, [record])
        return taken

    def _notice_hole(self, place: TopicPartition, taken: Taken) -> None:
        if taken.hole is None:
            self._holes.pop(place, None)
        elif self._holes.get(place, (None, 0.0))[0] != taken.hole:
            log.warning("hole", topic=place.topic, partition=place.partition, after=taken.hole)
            self._holes[place] = (taken.hole, time.monotonic())
        HOLES.set(len(self._holes))

    def _fill_holes(self) -> None:
        for place, (after, since) in list(self._holes.items()):
            if time.monotonic() - since < HOLE_PATIENCE_SECONDS:
                continue
            try:
                records = self._feeds[place.topic].read(place.partition, after)
            except FeedOutOfReach as error:
                log.error("hole_lasts", topic=place.topic, partition=place.partition, kind=str(error))
                self._holes[place] = (after, time.monotonic())
                continue
            taken = self._take(place, records)
            if taken is not None and taken.position > after:
                log.info("hole_filled", topic=place.topic, partition=place.partition, records=len(records))
                # Read on from the feed until it has nothing newer: what the topic held meanwhile was passed over.
                self._holes[place] = (taken.position, 0.0)
            elif taken is not None and not records:
                self._holes.pop(place, None)
            HOLES.set(len(self._holes))

    def _retry_waiting(self) -> None:
        store = self._writer.store
        try:
            if count_parked(store):
                for key in waiting_keys(store):
                    self._writer.submit(partial(retry, intake=self._intake, key=key)).result()
        except (psycopg.Error, OutOfReach, Busy) as error:
            log.warning("retry_postponed", kind=type(error).__name__)

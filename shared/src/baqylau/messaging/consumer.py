"""Reads the topics of other services on a thread of its own, and hands them to the writer.

Committed offsets are only a hint for where to read on; the truth is the position in the database. So no offset is
committed behind a record that wasn't handled: whoever starts next, after a crash or elsewhere, reads it again.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import psycopg
import structlog
from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import MemberState, OffsetAndMetadata, TopicPartition

from baqylau.eventstore.work import NotFound
from baqylau.eventstore.writer import Busy, OutOfReach, Writer
from baqylau.messaging.backoff import Backoff
from baqylau.messaging.broker import Kafka
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.feed import Feed, FeedOutOfReach
from baqylau.messaging.group import JOIN_SECONDS, POLL_MS, Stuck, member
from baqylau.messaging.intake import Intake, Taken, reason_of, upstream_of
from baqylau.messaging.parked import Retried, count_parked, retry, waiting_keys
from baqylau.messaging.reading import CLOSE_MS
from baqylau.observability.metrics import CONSUMER_RESTARTS, HOLES

BATCH = 300
HOLE_PATIENCE_SECONDS = 3.0
"""How long a hole may wait for the relay to send again, before it is filled from the producer's feed."""
RETRY_SECONDS = 2.0
SILENCE_SECONDS = 15.0
"""A partition that has been silent for so long, and lags, twice in a row, is stuck. Where it doesn't lag, the producer
is asked: the topic may no longer have, or have lost, what comes next."""
STOP_SECONDS = 1.5

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Hole:
    """Something is missing after a position, and all up to `end` that came behind it was passed over."""

    after: int
    end: int
    since: float


class Consumer:
    """Consumes topics for one service. `feeds`: the feed of each topic."""

    def __init__(self, writer: Writer, intake: Intake, feeds: Mapping[str, Feed], kafka: Kafka, group: str) -> None:
        self._writer = writer
        self._intake = intake
        self._feeds = feeds
        self._kafka = kafka
        self._group = group
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._holes: dict[TopicPartition, _Hole] = {}
        HOLES.set_function(lambda: len(self._holes))
        self._heard: dict[TopicPartition, float] = {}
        self._suspected: set[TopicPartition] = set()
        self.connected = False

    def start(self) -> None:
        """Begin to consume."""
        self._thread.start()

    def begin_stop(self) -> None:
        """Take in nothing more."""
        self._stopping.set()

    def stop(self) -> None:
        """Finish the batch in hand, leave the group, and stop."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._consume(backoff)
            except (KafkaError, OSError, Stuck) as error:
                log.warning("consumer_restarts", kind=type(error).__name__)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                log.error("consumer_fault", kind=type(error).__name__)
            self.connected = False
            if not self._stopping.is_set():
                CONSUMER_RESTARTS.inc()
                backoff.wait(self._stopping)

    def _consume(self, backoff: Backoff) -> None:
        if not self._kafka.wait(self._stopping):
            return
        consumer = member(self._feeds, self._kafka, self._group, self._joined, max_poll_records=BATCH)
        self._holes.clear()
        self._heard.clear()
        retry_at, joined_by = 0.0, time.monotonic() + JOIN_SECONDS
        try:
            while not self._stopping.is_set():
                polled = consumer.poll(timeout_ms=POLL_MS)
                if consumer.group_metadata().state == MemberState.STABLE:
                    joined_by = time.monotonic() + JOIN_SECONDS
                elif time.monotonic() > joined_by:
                    raise Stuck
                handled: dict[TopicPartition, OffsetAndMetadata] = {}
                for place, records in polled.items():
                    if self._take(place, [polled.record for polled in records]) is None:
                        return
                    if place not in self._holes:
                        handled[place] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
                backoff.reset()
                if handled:
                    consumer.commit_async(handled)
                self._watch(consumer, polled)
                self._fill_holes()
                if time.monotonic() >= retry_at:
                    retry_at = time.monotonic() + RETRY_SECONDS
                    self._retry_waiting()
        finally:
            consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def _joined(self) -> None:
        self.connected = True

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
            except Exception as error:  # noqa: BLE001 (whatever one record brings about, it must not stop the others)
                return self._take_apart(place, records, error)
            self._notice(place, taken)
            return taken
        return None

    def _take_apart(self, place: TopicPartition, records: Sequence[Incoming], error: Exception) -> Taken | None:
        """The run was refused as a whole: one by one, so that only the record at fault is parked."""
        taken = None
        if len(records) > 1:
            for record in records:
                taken = self._take(place, [record])
                if taken is None:
                    return None
            return taken
        reason = reason_of(error)
        parked = self._writer.submit(lambda work: self._intake.park_alone(work, records[0], reason)).result()
        log.error("record_parked", topic=place.topic, reason=reason)
        self._notice(place, parked)
        return parked

    def _notice(self, place: TopicPartition, taken: Taken) -> None:
        """A hole stays until all that came behind it is handled: it won't come again of itself."""
        hole = self._holes.get(place)
        end = max(taken.passed_over, hole.end if hole else 0)
        if taken.position >= end:
            self._holes.pop(place, None)
        elif hole is None:
            log.warning("hole", topic=place.topic, partition=place.partition, after=taken.position)
            self._holes[place] = _Hole(taken.position, end, time.monotonic())
        else:
            if taken.position > hole.after:  # it is being filled: wait on
                hole.after, hole.since = taken.position, time.monotonic()
            hole.end = end

    def _fill_holes(self) -> None:
        away: set[str] = set()
        for place, hole in list(self._holes.items()):
            if time.monotonic() - hole.since < HOLE_PATIENCE_SECONDS or place.topic in away:
                continue
            after = hole.after
            try:
                records = self._feeds[place.topic].read(place.partition, after)
            except FeedOutOfReach as error:
                log.error("hole_lasts", topic=place.topic, partition=place.partition, kind=str(error))
                hole.since = time.monotonic()
                away.add(place.topic)  # whoever waits for it once for each partition is late for the next poll
                continue
            if not records:
                log.error("not_in_the_producers_log", topic=place.topic, partition=place.partition, after=after)
                self._holes.pop(place, None)
                continue
            taken = self._take(place, records)
            if taken is None:
                return
            if taken.position == after:
                log.error("hole_lasts", topic=place.topic, partition=place.partition, kind="the feed begins elsewhere")
                hole.since = time.monotonic()
                continue
            log.info("hole_filled", topic=place.topic, partition=place.partition, records=len(records))
            if place in self._holes:
                self._holes[place].since = 0.0  # read on at once: the feed has more

    def _watch(self, consumer: KafkaConsumer, polled: Mapping[TopicPartition, object]) -> None:
        """Look after partitions of which nothing arrives, and forget those that went elsewhere. Raises `Stuck`."""
        now, mine = time.monotonic(), consumer.assignment()
        for place in self._holes.keys() - mine:
            del self._holes[place]
        self._heard = {place: self._heard.get(place, now) for place in mine} | dict.fromkeys(polled, now)
        self._suspected -= polled.keys()
        silent = [place for place, heard in self._heard.items() if now - heard > SILENCE_SECONDS]
        if not silent:
            return
        ends = consumer.end_offsets(silent, timeout_ms=3_000)
        lagging = {place for place in silent if (consumer.position(place, timeout_ms=1_000) or 0) < ends[place]}
        if lagging & self._suspected:
            raise Stuck
        self._suspected = lagging
        self._heard.update(dict.fromkeys(silent, now))
        for place in set(silent) - lagging - self._holes.keys():
            if not self._ask_producer(place):
                break

    def _ask_producer(self, place: TopicPartition) -> bool:
        """Take from the feed what the topic doesn't have behind the position. False: it can't be asked now."""
        try:
            after = self._writer.store.position(upstream_of(place.topic, place.partition))
            records = self._feeds[place.topic].read(place.partition, after)
        except (psycopg.Error, FeedOutOfReach) as error:
            log.warning("producer_not_asked", topic=place.topic, kind=type(error).__name__)
            return False
        if records:
            log.warning("not_on_the_topic", topic=place.topic, partition=place.partition, records=len(records))
            self._heard[place] = float("-inf")  # read on at once: the feed may have more
            return self._take(place, records) is not None
        return True

    def _retry_waiting(self) -> None:
        """Play what waits for a fact of another topic again; together, so that it costs few transactions."""
        store = self._writer.store
        retried: list[Future[Retried]] = []
        try:
            keys = waiting_keys(store) if count_parked(store) else []
            retried.extend(self._writer.submit(partial(retry, intake=self._intake, key=key)) for key in keys)
        except (psycopg.Error, Busy) as error:
            log.warning("retry_postponed", kind=type(error).__name__)
        for one in retried:
            try:
                one.result()
            except NotFound:  # another replica was faster
                continue
            except Exception as error:  # noqa: BLE001 (one key must not stop the others)
                log.warning("retry_postponed", kind=type(error).__name__)

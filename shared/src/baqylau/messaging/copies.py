"""A service's copies of what others have told it, held against their topics: the same records, by the same policies.

On a running system, in one snapshot, as far as the service had come in it. What a topic shows of a copy is what its
producer told; so a row that an operator put there, or took away, is found, and where.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import LiteralString

import psycopg
from eventsourcing.utils import get_topic
from kafka import TopicPartition
from psycopg import Connection
from psycopg.rows import DictRow

from baqylau.eventstore.comparison import differences
from baqylau.eventstore.rebuilding import IN_USE
from baqylau.eventstore.service import ReadModel, Service
from baqylau.eventstore.side_models import TEMPORARY, SideModels
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.transaction import Transaction
from baqylau.eventstore.verification import Finding
from baqylau.eventstore.work import Aggregates, Work
from baqylau.lines import topic_of
from baqylau.messaging.broker import Kafka
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.intake import Intake, upstream_of
from baqylau.messaging.on_topic import reading
from baqylau.messaging.parked_key import ParkedKey
from baqylau.messaging.policy import Copy, Policies


def copy_findings(
    service: Service,
    copies: Sequence[Copy],
    intake_of: Callable[[Policies], Intake],
    kafka: Kafka,
    figures: Counter[str],
) -> Iterator[Finding]:
    """Every row of the copies against what the topics tell. A copy may read those before it.

    Copies of one upstream stand together, and its topic is read once. `figures` counts `records`. A topic that doesn't
    hold all that the service has handled says nothing about a copy: that is counted (`not whole`), and is the
    producer's own verification to find. Raises `KafkaError`, `psycopg.Error`.
    """
    with service.store.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        side = SideModels(connection, [ReadModel(copy.tables, lambda _: []) for copy in copies], TEMPORARY)
        side.create()
        told = _Telling(service, connection)
        for upstream, of_it in groupby(copies, attrgetter("upstream")):
            policies = {kind: policy for copy in of_it for kind, policy in copy.policies.items()}
            if not told.follow(topic_of(service.store.line, upstream), intake_of(policies), kafka, figures):
                figures["not whole"] += 1
                return
        side.analyze()
        for table in side.tables():
            for key, what in differences(connection, table, IN_USE, TEMPORARY):
                yield Finding(table, key, {"not-of-the-log": "told-by-nobody"}.get(what, what))


class _Telling:
    """What the service handled of the topics, handled again, into the tables that its connection sees first."""

    def __init__(self, service: Service, connection: Connection[DictRow]) -> None:
        self._snapshot = Transaction(service.store, connection)
        self._aggregates = Aggregates(lambda cls, id_, _: cls.replay(service.history(id_)), 0)
        rows = self._snapshot.read("SELECT upstream, key, min(position) FROM parked_records GROUP BY upstream, key")
        self._parked = {(upstream, key): position for upstream, key, position in rows}
        self._discarded = self._given_up(service.store.events_table_name)

    def follow(self, topic: str, intake: Intake, kafka: Kafka, figures: Counter[str]) -> bool:
        """Whether all that the service has handled is there."""
        with reading(kafka, [topic]) as found:
            handled = {place: self._snapshot.position(upstream_of(*place)) for place in found.places}
            at = dict.fromkeys(found.places, 0)
            for place, records in found.records():
                run = []
                for record in records:
                    if not _follows(record, at[place]) or record.position > handled[place]:
                        continue
                    unhandled = self._unhandled(place, record)
                    if intake.is_foreign(record) and not unhandled:
                        continue  # parked apart: the position isn't its
                    at[place] = record.position
                    figures["records"] += 1
                    if not unhandled:
                        run.append(record)
                self._handle(intake, run)
            return at == handled

    def _handle(self, intake: Intake, records: Sequence[Incoming]) -> None:
        """All in one round trip; where the database objects to one, one by one, without it."""
        work = Work(self._snapshot, self._aggregates, lambda _: [])
        try:
            with self._snapshot.connection.transaction():
                for record in records:
                    work.attempt(partial(_handled, intake, record))
                with self._snapshot.connection.pipeline():
                    work.execute()
        except psycopg.Error as error:
            if out_of_reach(error):
                raise
            for record in records if len(records) > 1 else ():
                self._handle(intake, [record])

    def _unhandled(self, place: TopicPartition, record: Incoming) -> bool:
        upstream = upstream_of(*place)
        parked = self._parked.get((upstream, record.key))
        return (upstream, record.position) in self._discarded or (parked is not None and parked <= record.position)

    def _given_up(self, events: LiteralString) -> set[tuple[str, int]]:
        rows = self._snapshot.read(
            f"SELECT DISTINCT originator_id FROM {events} WHERE topic = %s",
            (get_topic(ParkedKey.ParkedRecordsDiscarded),),
        )
        keys = [self._aggregates.get(ParkedKey, id_, ()) for (id_,) in rows]
        return {place for key in keys if key is not None for place in key.discarded}


def _follows(record: Incoming, position: int) -> bool:
    """Whether it is the next of its producer's. What comes again or behind a hole isn't, nor what another put there."""
    try:
        return record.previous == position < record.position
    except (KeyError, ValueError):
        return False


def _handled(intake: Intake, record: Incoming, work: Work) -> None:
    try:
        intake.handle(work, record)
    except Exception as error:
        if isinstance(error, psycopg.Error) or out_of_reach(error):
            raise
        # It couldn't be handled then: it was parked, and was given up since.

"""A log, a topic that loses, repeats and reorders, a consumer that crashes: each event counts once and in order.

The machine's topic is what an outsider may see of it; database, transactions and positions are real.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import pytest
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.lines import Line, topic_of
from baqylau.messaging.envelope import Incoming
from baqylau.messaging.intake import Intake, Taken, upstream_of
from baqylau.messaging.parked import parked, retry
from baqylau.platform.settings import Settings
from baqylau.testing.probe import POLICIES, Counted, FactStated, entered, entries, ledger_service
from hypothesis import HealthCheck
from hypothesis import settings as bounded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

pytestmark = pytest.mark.real

T = TypeVar("T")
LINE = Line.NON_CONFIDENTIAL
TOPIC = topic_of(LINE, "probe")


class Crash(Exception):
    """The process ends before the transaction does."""


def record(position: int, previous: int, key: UUID, event: Counted | FactStated) -> Incoming:
    headers = {
        "type": type(event).event_type(),
        "regime": "non_confidential",
        "position": str(position),
        "previousposition": str(previous),
        "correlationid": "c",
        "id": f"{key}:{position}",
    }
    return Incoming(TOPIC, 0, str(key), headers, event.to_json())


class AnyOrder(RuleBasedStateMachine):
    ledger: ClassVar[Service]
    """One for all examples; each has a topic partition and keys of its own."""
    numbers: ClassVar[Any] = count(1)

    @initialize(keys=st.integers(2, 3))
    def begin(self, keys: int) -> None:
        self.partition = next(self.numbers)
        self.intake = Intake(POLICIES, LINE, "ledger", lambda: datetime.now(UTC))
        self.keys = [uuid4() for _ in range(keys)]
        self.log: list[Incoming] = []
        self.counted = dict.fromkeys(self.keys, 0)
        self.facts: list[str] = []

    def _append(self, key: UUID, event: Counted | FactStated, gap: int) -> None:
        previous = self.log[-1].position if self.log else 0
        self.log.append(record(previous + gap, previous, key, event))

    @rule(
        events=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["plain", "early", "wrong"])), max_size=5),
        gap=st.integers(1, 3),
    )
    def emit(self, events: list[tuple[int, str]], gap: int) -> None:
        for key, kind in events:
            tally = self.keys[key % len(self.keys)]
            self.counted[tally] += 1
            needs = f"fact-{self.partition}" if kind == "early" else None
            event = Counted(tally_id=tally, number=self.counted[tally], needs=needs, wrong=kind == "wrong")
            self._append(tally, event, gap)

    @rule(mended=st.booleans(), arrives=st.booleans())
    def emit_a_fact(self, mended: bool, arrives: bool) -> None:
        name = "mended" if mended else f"fact-{self.partition}"
        self._append(uuid4(), FactStated(name=name), 1)
        if arrives:
            self._take(self.log, crash=False)

    @rule(choice=st.data(), crash=st.booleans())
    def arrive(self, choice: st.DataObject, crash: bool) -> None:
        """Some records, in any order, some left out, some again; and perhaps a crash before the commit."""
        if not self.log:
            return
        places = st.lists(st.integers(0, len(self.log) - 1), max_size=8)
        self._take([self.log[place] for place in choice.draw(places)], crash=crash)

    @rule(back=st.integers(0, 3), crash=st.booleans())
    def arrive_in_a_run(self, back: int, crash: bool) -> None:
        """As a relay sends: all from somewhere before what was handled last."""
        with self.ledger.store.transaction() as transaction:
            position = transaction.position(upstream_of(TOPIC, self.partition))
        handled = sum(record.position <= position for record in self.log)
        self._take(self.log[max(0, handled - back) :], crash=crash)

    def _take(self, records: list[Incoming], *, crash: bool) -> Taken | None:
        def task(work: Work) -> Taken:
            taken = self.intake.take(work, TOPIC, self.partition, records)
            if crash:
                raise Crash
            return taken

        return self._do(task)

    @rule(key=st.integers(0, 2), crash=st.booleans())
    def retry(self, key: int, crash: bool) -> None:
        name = str(self.keys[key % len(self.keys)])
        if not any(found.key == name for found in parked(self.ledger.store, 10**6)):
            return

        def task(work: Work) -> None:
            retry(work, self.intake, name)
            if crash:
                raise Crash

        self._do(task)

    def _do(self, task: Callable[[Work], T]) -> T | None:
        try:
            return self.ledger.writer.submit(task).result(30)
        except Crash:
            return None

    @invariant()
    def effects_are_a_beginning_of_the_log_of_each_key(self) -> None:
        for key in getattr(self, "keys", []):
            found = entries(self.ledger, key)
            assert found == list(range(1, len(found) + 1))
            assert found == entered(self.ledger, key)

    def teardown(self) -> None:
        """In the end all gets through, the fact is known, what was wrong is mended: nothing may be missing."""
        if not getattr(self, "log", None):
            return
        self.emit_a_fact(mended=True, arrives=False)
        self.emit_a_fact(mended=False, arrives=False)
        assert self._take(self.log, crash=False) == Taken(self.log[-1].position, None)
        for key in self.keys:
            self.retry(self.keys.index(key), crash=False)
        with self.ledger.store.transaction() as transaction:
            assert transaction.position(upstream_of(TOPIC, self.partition)) == self.log[-1].position
        assert parked(self.ledger.store, 10**6) == []
        for key, last in self.counted.items():
            assert entries(self.ledger, key) == list(range(1, last + 1))
            assert entered(self.ledger, key) == list(range(1, last + 1))
        with self.ledger.store.connect() as connection:
            connection.execute("DELETE FROM facts")


def test_each_event_counts_once_and_in_order_whatever_arrives(settings: Callable[[], Settings]) -> None:
    AnyOrder.ledger = ledger_service(settings(), "ledger")
    AnyOrder.ledger.writer.start()

    run_state_machine_as_test(
        AnyOrder,
        settings=bounded(
            max_examples=80, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

    AnyOrder.ledger.writer.stop()
    AnyOrder.ledger.close()

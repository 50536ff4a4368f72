"""Breaks a service on purpose, so that the harness can show that it would notice. Python runs this file at its start
where this folder is on PYTHONPATH; only `tests/chaos/rig.py` puts it there.

`CHAOS_SABOTAGE`, words with commas between: `lossy-relay` (one record in three is never sent, though taken as sent),
`no-hole-check` (a consumer takes a record whatever comes before it), `no-tracking` (a consumer's position isn't
written), `no-idempotency` (a command repeated under its key is done again).
"""

import os
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from baqylau.eventstore import transaction
from baqylau.messaging import intake, relay
from baqylau.platform import commands

LOST_ONE_IN = 3


def lossy_relay() -> None:
    class Taken(Future[None]):
        is_done = True

        def succeeded(self) -> bool:
            """As if the broker had acknowledged it."""
            return True

        def get(self, timeout: float) -> None:
            """As if the broker had acknowledged it."""

    class Lossy:
        def __init__(self, producer: Any) -> None:
            self._producer, self._sent = producer, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._producer, name)

        def send(self, topic: str, **record: Any) -> Any:
            self._sent += 1
            return Taken() if self._sent % LOST_ONE_IN == 0 else self._producer.send(topic, **record)

    make = relay.make_producer
    relay.Relay.__init__.__defaults__ = (lambda kafka, topics: Lossy(make(kafka, topics)),)


def no_hole_check() -> None:
    take = intake.Intake.take

    def taken(self: Any, work: Any, topic: str, partition: int, records: Any) -> Any:
        last = work.transaction.position(intake.upstream_of(topic, partition))
        blind = []
        for record in records:
            blind.append(replace(record, headers={**record.headers, "previousposition": str(last)}))
            last = max(last, record.position)
        return take(self, work, topic, partition, blind)

    intake.Intake.take = taken  # type: ignore[method-assign]


def no_tracking() -> None:
    write = transaction.Transaction.write

    def written(self: Any, head: Any, events: Any, stored: Any, statements: Any, _: Any, answers: Any) -> Any:
        return write(self, head, events, stored, statements, [], answers)

    transaction.Transaction.write = written  # type: ignore[method-assign]


def no_idempotency() -> None:
    begin = commands.Commands.__init__

    def without_key(self: Any, request: Any, who: Any, _: Any, if_match: Any) -> None:
        begin(self, request, who, None, if_match)

    commands.Commands.__init__ = without_key  # type: ignore[assignment,method-assign]


BREAK = {
    "lossy-relay": lossy_relay,
    "no-hole-check": no_hole_check,
    "no-tracking": no_tracking,
    "no-idempotency": no_idempotency,
}

for word in filter(None, os.environ.get("CHAOS_SABOTAGE", "").split(",")):
    BREAK[word]()

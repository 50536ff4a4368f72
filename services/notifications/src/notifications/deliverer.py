"""Delivers what is due, on threads of its own, outside the writer's transactions.

A delivery is claimed in one transaction, sent outside of any, and its outcome recorded in another. A crash between
sending and recording lets the claim run out, and it is sent again with the same id: at least once, and the receiver
can tell.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import psycopg
import structlog
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.eventstore.writer import Busy, OutOfReach
from baqylau.messaging.backoff import Backoff
from baqylau.observability.logs import correlation

from notifications import delivering
from notifications.channels.email import Mail
from notifications.channels.message import Message
from notifications.channels.webhook import Webhooks
from notifications.delivering import Handling
from notifications.domain.notice import Failure
from notifications.domain.recipient import WebhookChannel
from notifications.metrics import DELIVERY_ATTEMPTS

WORKERS = 4
"""Receivers that may be slow at one time before others wait for them."""
STOP_SECONDS = 2.0
"""For all of them together: a stop takes 10 s at most."""
QUIET = timedelta(seconds=30)
"""How long it trusts that nobody has woken it for nothing being due."""

log = structlog.get_logger(__name__)


class Deliverer:
    """A watcher of the runtime. `recorded_at`: the real clock; pauses aren't simulated."""

    def __init__(
        self, service: Service, handling: Handling, mail: Mail, webhooks: Webhooks, recorded_at: Callable[[], datetime]
    ) -> None:
        self._service = service
        self._handling = handling
        self._mail = mail
        self._webhooks = webhooks
        self._recorded_at = recorded_at
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"deliverer-{n}", daemon=True) for n in range(WORKERS)]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def begin_stop(self) -> None:
        """Claim nothing more."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Let what is being sent end, for as long as a stop may take; what doesn't is sent again later."""
        self.begin_stop()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._webhooks.close()

    @property
    def alive(self) -> bool:
        """Whether all its threads run."""
        return all(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """There may be something to deliver."""
        self._woken.set()

    def deliver_one(self) -> bool:
        """Deliver the one that has been due longest. False: none is due. Raises what the writer raises."""
        now = self._recorded_at()
        due = delivering.next_due(self._service, now)
        if due is None or due > now:
            return False
        until = time.monotonic() + delivering.LEASE.total_seconds()
        claim = partial(delivering.claim, handling=self._handling, now=now)
        message = self._service.writer.submit(claim).result()
        if message is None:
            return True
        token = correlation.set(message.correlation_id or None)
        try:
            failure = self._send(message)
            if failure is not None:
                log.warning("delivery_failed", delivery=message.id, channel=message.to.kind, reason=failure.reason)
            cause = Cause(
                actor=self._service.store.service,
                recorded_at=self._recorded_at(),
                correlation_id=message.correlation_id,
                causation_id=f"{message.notice_id}:1",
            )
            self._record(
                lambda work: delivering.settle(work, message.notice_id, message.to.kind, failure, cause), until
            )
        finally:
            correlation.reset(token)
        DELIVERY_ATTEMPTS.labels(message.to.kind.value, "failed" if failure else "sent").inc()
        return True

    def _record(self, task: Callable[[Work], None], until: float) -> None:
        """Record an outcome, and try for as long as the claim lasts, also at a stop: what was sent isn't to be sent
        again because the database was away, or the writer busy, for a moment.
        """
        backoff = Backoff()
        while True:
            try:
                return self._service.writer.submit(task).result()
            except (OutOfReach, Busy):
                if time.monotonic() > until:
                    raise
                backoff.wait(threading.Event())

    def _send(self, message: Message) -> Failure | None:
        try:
            if isinstance(message.to, WebhookChannel):
                return self._webhooks.send(message, message.to, self._recorded_at())
            return self._mail.send(message, message.to)
        except Exception as error:  # noqa: BLE001 (an outcome like any other: it is recorded, and tried again)
            log.error("delivery_fault", delivery=message.id, kind=type(error).__name__)
            return Failure("fault")

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._woken.clear()
                while not self._stopping.is_set() and self.deliver_one():
                    backoff.reset()
                self._rest()
            except (psycopg.Error, OutOfReach, Busy) as error:
                log.warning("deliverer_waits", kind=type(error).__name__)
                backoff.wait(self._stopping)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                log.error("deliverer_fault", kind=type(error).__name__)
                backoff.wait(self._stopping)

    def _rest(self) -> None:
        now = self._recorded_at()
        due = delivering.next_due(self._service, now)
        pause = QUIET if due is None else min(QUIET, max(due - now, timedelta()))
        if not self._stopping.is_set():
            self._woken.wait(pause.total_seconds())

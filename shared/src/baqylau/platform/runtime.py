"""The running parts of a service's process: writer, relay, consumer and watchers, started and stopped together."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

import structlog

from baqylau.eventstore.readers import Readers
from baqylau.eventstore.service import Service
from baqylau.lines import Line, topic_of
from baqylau.messaging.consumer import Consumer
from baqylau.messaging.envelope import Envelope
from baqylau.messaging.feed import Feed
from baqylau.messaging.intake import Intake
from baqylau.messaging.policy import Copy, Policies
from baqylau.messaging.relay import PUBLIC_EVENTS, Relay
from baqylau.platform.clock import Clock
from baqylau.platform.settings import Settings

log = structlog.get_logger(__name__)


class Watcher(Protocol):
    """A thread of the service's own, such as the deadline watcher."""

    def start(self) -> None:
        """Begin."""

    def begin_stop(self) -> None:
        """Take nothing more in hand."""

    def stop(self) -> None:
        """Finish what is in hand and stop."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""


class Commits:
    """Wakes those who follow the log, on the event loop, when the relay sees a commit."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.Future[None] | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say which loop the followers are on."""
        self._loop = loop
        self._next = loop.create_future()

    def next(self) -> "asyncio.Future[None]":
        """Done at the next commit."""
        assert self._next is not None
        return asyncio.shield(self._next)

    def notice(self) -> None:
        """Called from a thread: something was committed."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._next is not None and self._loop is not None:
            self._next.set_result(None)
            self._next = self._loop.create_future()


class Runtime:
    """Everything of one process but HTTP. `upstreams`: names of the services whose topics it reads; `copies`: of them.

    `lines`: the lines that its events are told to; for all but the gate, its own alone. `listeners`: what to call
    when a channel of the database is notified (after a commit, by whichever replica).
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        service: Service,
        policies: Policies,
        upstreams: Sequence[str] = (),
        copies: Sequence[Copy] = (),
        lines: Sequence[Line] = (),
        listeners: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.service = service
        self.clock = Clock()
        self.clock_moved = threading.Event()
        self.stopping = threading.Event()
        self._asking = threading.Lock()
        self.commits = Commits()
        self.readers = Readers()
        told = tuple(lines) or (settings.line,)
        self.topics = tuple(topic_of(line, name) for line in told)
        self.audiences = frozenset(told)
        self.envelope = Envelope(settings.line, name, settings.own_url)
        self.copies = tuple(copies)
        self.intake = self.intake_of(policies)
        heard = {PUBLIC_EVENTS: self.commits.notice, **(listeners or {})}
        self.relay = Relay(service.store, self.envelope, self.topics, settings.kafka, heard)
        self.feeds = self._feeds(upstreams)
        self.consumer = Consumer(
            service.writer, self.intake, self.feeds, settings.kafka, f"baqylau.{settings.line}.{name}"
        )
        self.watchers: list[Watcher] = []

    def intake_of(self, policies: Policies) -> Intake:
        """What hands a record to one of these policies."""
        return Intake(policies, self.settings.line, self.name, self.clock.recorded_at)

    def _feeds(self, upstreams: Sequence[str]) -> Mapping[str, Feed]:
        feeds = {}
        for upstream in upstreams:
            url = getattr(self.settings, f"feed_{upstream.replace('-', '_')}")
            if url is None or self.settings.service_token_file is None:
                raise ValueError(
                    f"Set BAQYLAU_FEED_{upstream.replace('-', '_').upper()} and BAQYLAU_SERVICE_TOKEN_FILE: "
                    f"a hole in the topic of {upstream} is filled from there"
                )
            topic = topic_of(self.settings.line, upstream)
            feeds[topic] = Feed(topic, url, self.settings.service_token_file, self.settings.line)
        return feeds

    def start(self) -> None:
        """Start all parts (called on the event loop)."""
        self.commits.bind(asyncio.get_running_loop())
        self.service.writer.start()
        self.relay.start()
        if self.feeds:
            self.consumer.start()
        for watcher in self.watchers:
            watcher.start()
        log.info("started", port=self.settings.port)

    def begin_stop(self) -> None:
        """Take in nothing more, and end the streams that follow the log."""
        self.stopping.set()
        self.consumer.begin_stop()
        for watcher in self.watchers:
            watcher.begin_stop()
        self.commits.notice()

    def stop(self) -> None:
        """Stop in the order in which nothing is lost: intake first, then the writer, then the relay."""
        self.begin_stop()
        parts = [*self.watchers, *([self.consumer] if self.feeds else [])]
        with ThreadPoolExecutor(max_workers=1 + len(parts)) as pool:  # together: each may need its whole limit
            list(pool.map(lambda part: part.stop(), parts))
        self.readers.stop()
        self.service.writer.stop()
        self.relay.stop()
        for feed in self.feeds.values():
            feed.close()
        self.service.store.datastore.pool.close(timeout=0.5)
        self.service.close()
        log.info("stopped")

    def checks(self) -> dict[str, bool]:
        """What readiness asks."""
        checks = {
            "database": self._database(),
            "broker": self.settings.kafka.answers(),
            "writer": self.service.writer.alive and self.readers.alive,
            "relay": self.relay.alive and self.relay.connected,
            "watchers": all(watcher.alive for watcher in self.watchers),
        }
        if self.feeds:
            checks["consumer"] = self.consumer.alive and self.consumer.connected
        return checks

    def _database(self) -> bool:
        # One at a time: a server that hangs may hold one thread, not all that answer requests.
        if not self._asking.acquire(timeout=1):
            return False
        try:
            return self.service.store.answers()
        finally:
            self._asking.release()

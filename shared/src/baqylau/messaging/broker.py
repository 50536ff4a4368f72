"""Where Kafka is, and as whom a process is known there."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from kafka.net.compat import KafkaNetClient

_SETTLES_SECONDS = 0.1
"""So long one that has just begun is left alone: it has topics to lead and groups to load before it is of use."""
_OFTEN, _OFTEN_SECONDS, _SELDOM_SECONDS = 100, 0.03, 1.0

log = structlog.get_logger(__name__)


@contextmanager
def knowing(topics: Iterable[str]) -> Iterator[Callable[..., KafkaNetClient]]:
    """For the setting `kafka_client`: makes a client that knows these topics from the broker's first answer on.

    kafka-python's own asks for none at first, and 0.1 s later for those that it is used for, or for all that there are.
    It would have a broker make them, too, that makes topics for whoever asks. And where the consumer that it was made
    for isn't made, or is of no use, it would stay, with its thread: this one is closed by any error within.
    """
    made: list[KafkaNetClient] = []

    def client(**settings: Any) -> KafkaNetClient:
        one = KafkaNetClient(**settings)
        made.append(one)
        one.cluster._topics = set(topics)
        one.cluster.config["allow_auto_create_topics"] = False
        return one

    try:
        yield client
    except BaseException:
        for one in made:
            one.close()
        raise


@dataclass(frozen=True, slots=True)
class Kafka:
    """`bootstrap`: `host:port,host:port`. `security`: `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`.

    `mechanism`, `user`, `password`: of SASL. `ca_file`: who signs the broker's certificate, where the machine's own
    certificates don't say.
    """

    bootstrap: str
    security: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    @property
    def client(self) -> dict[str, Any]:
        """The settings that every client of kafka-python needs to get there."""
        found: dict[str, Any] = {"bootstrap_servers": self.bootstrap, "security_protocol": self.security}
        if self.security.startswith("SASL"):
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        if self.ca_file is not None:
            found["ssl_cafile"] = str(self.ca_file)
        return found

    def answers(self) -> bool:
        """Whether one of the brokers takes a connection, within a second each.

        Asked before a client is made: that is much work, and in vain where the broker is away.
        """
        for address in self.bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=1).close()
            except (OSError, ValueError):
                continue
            return True
        return False

    def wait(self, stopping: threading.Event) -> bool:
        """Until it answers; False: stopping. The first looks follow close on each other, then there is one a second."""
        for looks in count():
            if stopping.is_set():
                break
            if self.answers():
                return looks == 0 or not stopping.wait(_SETTLES_SECONDS)
            if looks == 0:
                log.info("waits_for_broker")
            stopping.wait(_OFTEN_SECONDS if looks < _OFTEN else _SELDOM_SECONDS)
        return False

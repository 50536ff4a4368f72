"""Who needs Kafka waits for it, as long as it isn't to stop."""

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from baqylau.messaging import reading
from baqylau.messaging.broker import Kafka
from kafka.errors import KafkaError


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    """A port that is taken, and where nobody listens yet."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        yield found


def kafka_at(bound: socket.socket) -> Kafka:
    return Kafka(f"127.0.0.1:1,127.0.0.1:{bound.getsockname()[1]}")


def test_a_broker_that_comes_later_is_waited_for(bound: socket.socket) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(kafka_at(bound).wait, threading.Event())
        assert not waiting.done()
        bound.listen()

        assert waiting.result(20)


def test_who_is_to_stop_waits_no_longer(bound: socket.socket) -> None:
    stopping = threading.Event()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(kafka_at(bound).wait, stopping)
        stopping.set()

        assert not waiting.result(20)


def test_a_client_that_a_silent_broker_keeps_from_being_made_leaves_nothing_behind(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BOOTSTRAP_MS", 50)
    bound.listen()
    kafka = Kafka(f"127.0.0.1:{bound.getsockname()[1]}")

    def held() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    before = held()
    with pytest.raises(KafkaError):
        reading.make_consumer(kafka, ["topic"])

    assert held() == before

"""From a command's 201 until its effect can be read in the next service, under light load.

A document is registered; its notice comes on the inbox's stream in notifications. That is: log, relay, Kafka, consumer,
notice and read model committed, stream.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from socket import socket

from benchmarks.harness import AtMost, Measure, Run, Sample, percentile
from benchmarks.load import Client, connected, request
from benchmarks.peers.round_trip import round_trip
from benchmarks.rig import NOTIFICATIONS, REGISTRY, Town, town

PAUSE = 0.01
COMMANDS, QUICK_COMMANDS = 200, 30


@contextmanager
def _setup(quick: bool) -> Iterator[tuple[Run, Run | None]]:
    count = QUICK_COMMANDS if quick else COMMANDS
    with town(["registry", "notifications"], 1) as built, round_trip(built.system.bootstrap) as raw:
        built.register(built.units[0])
        reader = built.add_reader(built.units[0])

        def run() -> Sample:
            with _followed_inbox(built, reader) as follow:
                return _sample(follow, count)

        yield run, lambda: _sample(raw.once, count)


def _sample(once: Callable[[], float], count: int) -> Sample:
    seconds = []
    for _ in range(count):
        time.sleep(PAUSE)
        seconds.append(once())
    return Sample(percentile(seconds, 0.5) * 1000, {"p99 ms": percentile(seconds, 0.99) * 1000})


@contextmanager
def _followed_inbox(built: Town, reader: str) -> Iterator[Callable[[], float]]:
    """Gives a call that registers a document and returns the seconds from the answer to the notice on the stream.

    The connections are of one round: the server closes those that stay idle.
    """
    registry, token = built.system.url(REGISTRY), built.token("registrar")
    command = request("POST", registry, "/documents", token, built.document(built.units[0]))
    newest = built.call("GET", NOTIFICATIONS, f"/inbox/{reader}?limit=1", token)["items"]
    path = f"/inbox/{reader}/stream?after={newest[0]['number'] if newest else 0}"
    following = request("GET", built.system.url(NOTIFICATIONS), path, token)
    with closing(Client([command])) as registrar, closing(connected(following.url)) as stream:
        stream.sendall(following.content)
        _read_until(stream, b": following")

        def once() -> float:
            registrar.send(time.perf_counter())
            while (answer := registrar.answer()) is None:
                pass
            answered = time.perf_counter()
            if not answer.startswith(b"HTTP/1.1 201"):
                raise RuntimeError(answer.decode(errors="replace"))
            _read_until(stream, b"event: notice")
            return time.perf_counter() - answered

        yield once


def _read_until(stream: socket, mark: bytes) -> None:
    received = b""
    while mark not in received:
        more = stream.recv(65_536)
        if not more:
            raise ConnectionError("the stream was closed")
        received += more


MEASURES = [
    Measure(
        name="effect",
        title="A command's 201 → its effect readable in the next service, light load",
        ours="document registered → its notice on the stream of an inbox in notifications",
        peer="kafka-python alone: one record produced (acks=all) and consumed",
        unit="ms (p50)",
        better="lower",
        asked=[AtMost(4), AtMost(4, of="p99 ms")],
        setup=_setup,
    ),
]

"""A caller that never heard the answer asks again with its key, and learns what happened."""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest
from baqylau.testing.wait import wait_until
from baqylau_infra import ports
from baqylau_infra.database import PORT, Database

from tests.integration.forwarder import Forwarder
from tests.integration.gates import Gate
from tests.integration.proxy import CommitProxy

pytestmark = pytest.mark.real

NO_BROKER = "127.0.0.1:1"


class CutOff(Forwarder):
    """What is asked goes through; the answer ends the connection instead. `unheard`: the answers."""

    def __init__(self, port: int, to: int) -> None:
        super().__init__(port, to)
        self.unheard = b""

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            if source.getpeername()[1] == self._to:
                while not self.unheard.endswith(b"}"):
                    self.unheard += source.recv(65536)
                target.shutdown(socket.SHUT_RDWR)
                return
        super()._pump(source, target)


def test_a_caller_cut_off_before_the_answer_repeats_with_its_key_and_gets_that_answer(
    gates: Callable[..., Gate],
) -> None:
    gate = gates(NO_BROKER)
    gate.start()
    port = ports.free()
    key = {"Idempotency-Key": "k"}

    with CutOff(port, gate.port) as cut_off, pytest.raises(httpx.TransportError):
        gate.register("MIN-A", port=port, **key)
    wait_until(lambda: cut_off.unheard.endswith(b"}"), "the gate has answered")
    again = gate.register("MIN-A", **key)

    assert again.status_code == 201
    assert cut_off.unheard.startswith(b"HTTP/1.1 201 ")
    assert cut_off.unheard.endswith(again.content)
    assert gate.rows()["stored_events"] == [(1,)]
    assert gate.register("MIN-A").status_code == 409, "without its key, it is another command"


def test_a_caller_whose_commits_reply_was_lost_between_service_and_database_gets_201(
    gates: Callable[..., Gate], database: Database
) -> None:
    with CommitProxy(database.host, PORT) as proxy:
        gate = gates(NO_BROKER, on=replace(database.create("gate_behind_proxy"), host=proxy.host))
        gate.start()

        proxy.lose.set()
        answer = gate.register("MIN-B", **{"Idempotency-Key": "k"})
        again = gate.register("MIN-B", **{"Idempotency-Key": "k"})

        assert proxy.lost == 1, "no reply was lost"
        assert (answer.status_code, again.status_code) == (201, 201)
        assert answer.content == again.content
        assert gate.rows()["stored_events"] == [(1,)]

"""More than can be done, and less time than is needed: nothing grows, nobody waits in vain, and it ends by itself."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import psycopg
import pytest
from baqylau.eventstore.writer import BATCH_LIMIT, QUEUE_LIMIT
from baqylau_infra import ports
from baqylau_infra.database import Database

from tests.integration.gates import NAMES, Gate

pytestmark = pytest.mark.real

NO_BROKER = "127.0.0.1:1"
REFUSED = 150
CALLERS = QUEUE_LIMIT + BATCH_LIMIT + REFUSED
"""As many as may wait and be in hand, and some more."""
WAVES = 3
GROWTH = 64 * 2**20


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    """A database server that may be paused."""
    with Database(tmp_path / "own") as started:
        yield started
        started.process.resume()


@pytest.fixture
def gate(gates: Callable[..., Gate], own: Database) -> Gate:
    made = gates(NO_BROKER, on=own.create("gate"))
    made.start()
    return made


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]


Sent = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def call(gate: Gate, number: int) -> Answer:
    """A caller registers an organization of its own, under a key of its own."""
    return await answer_to(await called(gate, number))


async def called(gate: Gate, number: int) -> Sent:
    body = {"code": f"C-{number}", "names": NAMES, "kind": "state_body", "territorial": False}
    return await asked(gate, "POST /organizations", orjson.dumps(body), f"Idempotency-Key: {number}\r\n")


async def asked(gate: Gate, what: str, body: bytes = b"", more: str = "") -> Sent:
    """A request on a connection of its own."""
    head = (
        f"{what} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/json\r\nAuthorization: {gate.token()['Authorization']}\r\n{more}\r\n"
    )
    reader, writer = await asyncio.open_connection(ports.HOST, gate.port)
    writer.write(head.encode() + body)
    await writer.drain()
    return reader, writer


async def answer_to(sent: Sent) -> Answer:
    """Its answer, to the end."""
    reader, writer = sent
    answered = (await reader.read(-1)).decode()
    writer.close()
    first, *lines = answered.partition("\r\n\r\n")[0].split("\r\n")
    return Answer(int(first.split()[1]), {name: value for name, _, value in (line.partition(": ") for line in lines)})


async def until_done(gate: Gate, number: int) -> None:
    """Repeat, as the answer asks, until it is done."""
    while (answer := await call(gate, number)).status == 503:
        await asyncio.sleep(int(answer.headers["retry-after"]))
    assert answer.status == 201


def is_not_now(answer: Answer) -> bool:
    return (
        answer.status == 503
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) > 0
    )


async def overload(gate: Gate, database: Database) -> Sequence[int]:
    """The process's memory while its database is paused: with the queue full, and after waves of more callers."""
    memory = psutil.Process(gate.process.pid).memory_info
    database.process.pause()
    waiting = [asyncio.create_task(call(gate, number)) for number in range(CALLERS)]
    pending = set(waiting)
    async with asyncio.timeout(60):  # without a bound, all would wait for the database
        while len(pending) > CALLERS - REFUSED:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    refused = [number for number, task in enumerate(waiting) if task.done()]
    assert all(is_not_now(waiting[number].result()) for number in refused)
    measured = [memory().rss]
    for _ in range(WAVES):
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*(call(gate, number) for number in refused))
        assert all(is_not_now(answer) for answer in answers)
        measured.append(memory().rss)
    database.process.resume()
    answered = await asyncio.gather(*waiting)
    assert all(answer.status == 201 or is_not_now(answer) for answer in answered)
    late = [number for number, answer in enumerate(answered) if answer.status == 503]
    await asyncio.gather(*(until_done(gate, number) for number in late))
    return measured


def test_callers_above_capacity_are_told_when_to_come_again_and_nothing_is_lost_or_doubled(
    gate: Gate, own: Database
) -> None:
    measured = asyncio.run(overload(gate, own))

    assert max(measured) - measured[0] < GROWTH
    with psycopg.connect(gate.access.conninfo()) as connection:
        made = connection.execute("SELECT convert_from(state, 'UTF8')::jsonb ->> 'code' FROM stored_events").fetchall()
    assert sorted(made) == sorted((f"C-{number}",) for number in range(CALLERS))


async def stopped_meanwhile(gate: Gate, database: Database) -> Sequence[Answer]:
    """What callers are answered whose process is told to stop while its database is paused."""
    database.process.pause()
    sent = [await called(gate, number) for number in range(20)]
    sent += [await asked(gate, "GET /organizations/C-1/units") for _ in range(5)]
    live = await answer_to(await asked(gate, "GET /health/live"))
    assert live.status == 200  # those sent before it have been read by now
    await asyncio.to_thread(gate.process.stop)
    async with asyncio.timeout(60):
        return await asyncio.gather(*map(answer_to, sent))


def test_a_stop_while_the_database_hangs_answers_all_that_is_in_hand_and_ends_by_itself(
    gate: Gate, own: Database
) -> None:
    popen = gate.process._popen

    answers = asyncio.run(stopped_meanwhile(gate, own))

    assert popen is not None
    assert popen.returncode == 0, "it had to be killed"
    assert all(is_not_now(answer) for answer in answers)

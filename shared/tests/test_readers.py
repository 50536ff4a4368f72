"""Reads are answered as soon as they are done, and whatever they raise."""

import asyncio
import threading

import pytest
from baqylau.eventstore.readers import THREADS, Readers


def test_what_is_done_waits_for_no_other_read() -> None:
    async def answered() -> list[str]:
        readers, enough = Readers(), threading.Event()
        busy = [asyncio.create_task(readers.run(lambda: enough.wait(30))) for _ in range(THREADS - 1)]
        first = asyncio.create_task(readers.run(lambda: "first"))
        last = asyncio.create_task(readers.run(lambda: enough.wait(30)))  # by the one thread that is left
        found = [await asyncio.wait_for(first, 20)]
        enough.set()
        await asyncio.gather(*busy, last)
        readers.stop()
        return found

    assert asyncio.run(answered()) == ["first"]


def test_whatever_a_read_raises_its_caller_hears_of_it_and_the_others_of_theirs() -> None:
    def raising(error: BaseException) -> None:
        raise error

    async def outcomes() -> list[str | BaseException]:
        readers, begin = Readers(), threading.Event()
        hold = [asyncio.create_task(readers.run(lambda: begin.wait(30))) for _ in range(THREADS)]
        calls = [
            asyncio.create_task(readers.run(call))
            for call in (lambda: raising(StopIteration()), lambda: raising(LookupError()), lambda: "answered")
        ]
        await asyncio.sleep(0)
        begin.set()
        await asyncio.gather(*hold)
        found = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)
        readers.stop()
        return found

    stopped, lacking, answered = asyncio.run(outcomes())
    assert isinstance(stopped, RuntimeError)
    assert isinstance(stopped.__cause__, StopIteration)
    assert isinstance(lacking, LookupError)
    assert answered == "answered"


def test_what_its_caller_gave_up_is_not_answered_and_holds_up_nobody() -> None:
    async def given_up() -> str:
        readers, begin = Readers(), threading.Event()
        hold = [asyncio.create_task(readers.run(lambda: begin.wait(30))) for _ in range(THREADS)]
        gone = asyncio.create_task(readers.run(lambda: "gone"))
        stays = asyncio.create_task(readers.run(lambda: "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        begin.set()
        await asyncio.gather(*hold)
        found = await asyncio.wait_for(stays, 20)
        readers.stop()
        return found

    assert asyncio.run(given_up()) == "stays"

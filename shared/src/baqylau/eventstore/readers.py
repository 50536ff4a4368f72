"""The few threads that read for the event loop.

A thread for each request, as an ASGI server has them by default, fights with all the others for the interpreter:
sixteen that each want it for a moment take longer than one after the other. A few take what waits, one by one, and hand
over together what they have answered once nothing waits any more, so that the loop doesn't fight with them over each
answer. More than one, so that a long search holds up nobody; and what is answered while another takes long, the loop
looks for itself.
"""

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 4
TOGETHER = 16
"""So many answers are handed over, whatever waits."""
LOOK_SECONDS = 0.005
"""How often the loop looks for answers, while calls are in hand."""

_Waits = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop, contextvars.Context]
_Answer = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Readers:
    """Calls what is to be called, off one event loop; the threads begin with the first call.

    What waits is bounded by the requests in hand.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Waits | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._answers: list[_Answer] = []
        self._in_hand = 0
        self._looks = False

    def _start(self) -> None:
        self._threads = [threading.Thread(target=self._read, name=f"reader-{n}", daemon=True) for n in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing more; what is being read isn't waited for."""
        for _ in self._threads:
            self._queue.put(None)

    @property
    def alive(self) -> bool:
        """Whether all threads run, of those that have begun."""
        return all(thread.is_alive() for thread in self._threads)

    async def run(self, call: Callable[[], T]) -> T:
        """Call it on one of the threads. Answers what it returns, and raises what it raises."""
        if not self._threads:
            self._start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._in_hand += 1
        self._queue.put((call, future, loop, contextvars.copy_context()))
        if not self._looks:
            self._looks = True
            loop.call_later(LOOK_SECONDS, self._look, loop)
        return await future

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._hand_over()
        self._looks = self._in_hand > 0
        if self._looks:
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def _read(self) -> None:
        while (waiting := self._queue.get()) is not None:
            answer = _called(waiting)
            with self._lock:
                self._answers.append(answer)
                enough = self._queue.empty() or len(self._answers) == TOGETHER
            if enough:
                with suppress(RuntimeError):  # the loop has ended, and all who waited on it
                    waiting[2].call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            answers, self._answers = self._answers, []
        self._in_hand -= len(answers)
        for future, result, error in answers:
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _called(waiting: _Waits) -> _Answer:
    call, future, _, context = waiting
    if future.cancelled():
        return future, None, None
    try:
        return future, context.run(call), None
    except BaseException as error:  # noqa: BLE001 (the caller hears of it)
        return future, None, held(error)


def held(error: BaseException) -> BaseException:
    """An error as a future can hold it. It refuses a `StopIteration`, and who waits would never be answered."""
    if not isinstance(error, StopIteration):
        return error
    found = RuntimeError("StopIteration")
    found.__cause__ = error
    return found

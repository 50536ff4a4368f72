"""The few threads that read for the event loop.

A thread for each request, as an ASGI server has them by default, fights with all the others for the interpreter:
sixteen that each want it for a moment take longer than one after the other. A few take what waits, one by one; what
is answered before the loop comes to it is handed over together. More than one, so that a long search holds up nobody.
"""

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 4

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
        self._queue.put((call, future, loop, contextvars.copy_context()))
        return await future

    def _read(self) -> None:
        while (waiting := self._queue.get()) is not None:
            answer = _called(waiting)
            with self._lock:
                self._answers.append(answer)
                first = len(self._answers) == 1  # of those that the loop will find together
            if first:
                try:
                    waiting[2].call_soon_threadsafe(self._hand_over)
                except RuntimeError:  # the loop has ended, and all who waited on it
                    self._taken()

    def _taken(self) -> list[_Answer]:
        with self._lock:
            answers, self._answers = self._answers, []
        return answers

    def _hand_over(self) -> None:
        for future, result, error in self._taken():
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

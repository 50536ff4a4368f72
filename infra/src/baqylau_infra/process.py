"""One child process: started in the guarded group, watched, and started again with a growing pause when it dies."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from baqylau_infra import Problem, guard
from baqylau_infra.nursery import Child, Nursery

Say = Callable[[str], None]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STEADY_AFTER = 60.0
_DEATHS_BEFORE_GIVING_UP = 3


def quiet(_: str) -> None:
    """Says nothing."""


class Process:
    """A named program with a log file, a readiness check and a supervisor.

    `prepare` runs before each start; `user` is (uid, gid), for another than the runner's own. `stop_signal` asks the
    program to end; after `stop`'s limit it is killed. What is stopped or killed through this object stays down until
    `start`; what dies by itself is started again. `nursery`: bears it, where the command is `python -m package`.
    Attribute `environment`: what it runs with.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        prepare: Callable[[], None] = lambda: None,
        user: tuple[int, int] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        nursery: Nursery | None = None,
        say: Say = quiet,
    ) -> None:
        self.name = name
        self.log = log
        self.ready = ready
        self.environment = os.environ if environment is None else environment
        self._command = list(command)
        self._prepare = prepare
        self._user = user
        self._stop_signal = stop_signal
        self._nursery = nursery
        self._say = say
        self._lock = threading.Lock()
        self._retired = threading.Event()
        self._deaths = 0
        self._popen: subprocess.Popen[bytes] | Child | None = None

    @property
    def pid(self) -> int:
        """The process's id. Raises `ProcessLookupError` when it doesn't run."""
        if self._popen is None or self._popen.poll() is not None:
            raise ProcessLookupError(f"{self.name} doesn't run")
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it runs now, paused or not."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Starts it, unless it runs, and watches over it from now on; doesn't wait until it's ready."""
        with self._lock:
            if self.alive:
                return
            if self._popen is None and self.log.exists():
                self.log.replace(self.log.with_suffix(".log.1"))
            self._retired.set()  # whoever waits to start it again after a death of its own has nothing left to do
            self._retired = threading.Event()
            self._deaths = 0
            self._spawn()
            threading.Thread(target=self._watch, args=(self._retired,), name=f"watch-{self.name}", daemon=True).start()

    def wait_until_ready(self, limit: float = 90, every: float = 0.05) -> None:
        """Returns when it's ready. Raises `Problem` when it dies again and again, or after `limit` s.

        `every`: s between two questions.
        """
        deadline = time.monotonic() + limit
        while not self.ready():
            if self._retired.is_set():
                raise Problem(f"{self.name} was stopped before it was ready.")
            if self._deaths >= _DEATHS_BEFORE_GIVING_UP:
                raise Problem(f"{self.name} doesn't start. The end of its log, {self.log}:\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise Problem(f"{self.name} wasn't ready within {limit:.0f} s; its log, {self.log}, may say why.")
            time.sleep(every)

    def stop(self, limit: float = 10) -> None:
        """Asks it to end, and kills it after `limit` s; it stays down until `start`."""
        self._end(self._stop_signal, limit)

    def kill(self) -> None:
        """SIGKILL; it stays down until `start`. Returns when it and its own children are gone."""
        self._end(signal.SIGKILL, 10)

    def pause(self) -> None:
        """SIGSTOP to it and its own children."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):  # a child that ended meanwhile
                process.suspend()

    def resume(self) -> None:
        """SIGCONT to it and its own children."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _family(self) -> list[psutil.Process]:
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def _spawn(self) -> None:
        self._prepare()
        with self.log.open("ab") as log:
            if self._nursery is not None:
                self._popen = self._nursery.bear(self._command[-1], self.environment, log)
                return
            self._popen = subprocess.Popen(
                self._command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=guard.group(),
                user=None if self._user is None else self._user[0],
                group=None if self._user is None else self._user[1],
                extra_groups=None if self._user is None else [],
            )

    def _watch(self, retired: threading.Event) -> None:
        pause = _FIRST_PAUSE
        while True:
            born, popen = time.monotonic(), self._popen
            code = 0 if popen is None else popen.wait()
            if retired.is_set():
                return
            self._deaths += 1
            if time.monotonic() - born > _STEADY_AFTER:
                pause = _FIRST_PAUSE
            how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
            self._say(f"{self.name} ended by itself ({how}); starting it again in {pause:g} s. Its log: {self.log}")
            if retired.wait(pause):
                return
            pause = min(pause * 2, _LONGEST_PAUSE)
            with self._lock:
                if retired.is_set():
                    return
                try:
                    self._spawn()
                except OSError as error:  # a full disk, say: said, and tried again like any other death
                    self._say(f"{self.name} can't be started: {error}.")

    def _end(self, number: signal.Signals, limit: float) -> None:
        with self._lock:
            self._retired.set()
            popen, family = self._popen, self._family()
        if popen is None or not family:
            return
        if number != signal.SIGKILL:
            self.resume()  # a paused process would hear nothing
        popen.send_signal(number)
        try:
            popen.wait(limit)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        _, orphans = psutil.wait_procs(family[1:], timeout=1)  # PostgreSQL's notice by themselves that it's gone
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):
                orphan.kill()
        psutil.wait_procs(orphans, timeout=5)

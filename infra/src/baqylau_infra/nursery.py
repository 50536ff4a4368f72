"""Processes that needn't import much any more: forks of one that has imported once what they share.

The *nursery* is a process with a single thread that does nothing but fork. What a child is to run with, it reads from a
socket of its own once it is born: the nursery, and so every later child, never knows one line's secrets. It is forked
twice, and thereby handed on to the runner: it is the runner's own child, whose end the runner sees as any other's, and
the end of the nursery is nothing to it. In the nursery's process group it is the guard's, too, from its birth on.

What a package imports of its own would be all others' too, with its metrics. So for each package the nursery bears a
further nursery, which imports that, makes what each of its processes would make again, and then bears them: those of
both lines, before either is told.

Linux only: elsewhere, libraries of the system's own may not be used after a fork without an exec.
"""

import ctypes
import errno
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO

from baqylau_infra import guard

_BIRTH_SECONDS = 60.0
_LONGEST_NAME = 200
_PR_SET_CHILD_SUBREAPER = 36
_THEN = "--then"


class Child:
    """A process born in the nursery, by the part of `subprocess.Popen`'s interface that is used here. Thread-safe."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Its exit code, minus the signal's number if one ended it; None while it runs."""
        with self._lock:
            if self.returncode is None:
                with suppress(ChildProcessError):  # somebody else has buried it; nobody knows of what it died
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                    if not pid:
                        return None
                    self.returncode = os.waitstatus_to_exitcode(status)
                self.returncode = self.returncode or 0
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises `subprocess.TimeoutExpired` after `timeout` s."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is None:
                with suppress(ChildProcessError):  # another thread was faster
                    os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            elif time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            else:
                time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing happens where it has ended."""
        if self.poll() is None:
            with self._lock:
                if self.returncode is None:  # until then, its id is nobody else's
                    os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """`shared`: what it imports for all; `then`: what it imports besides for each package, after the package itself.
    `module` is imported; of `module:function`, the function is called, too.

    `open` and `close`, or by itself at the first birth. Thread-safe.

    `environment`: what the interpreter itself is started with; it holds for all children, whatever they are told.
    """

    def __init__(self, shared: Sequence[str], then: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._shared = list(shared)
        self._then = list(then)
        self._environment = dict(environment)
        self._log = log
        self._lock = threading.Lock()
        self._popen: subprocess.Popen[bytes] | None = None
        self._asking: socket.socket | None = None
        self._further: dict[str, tuple[Child, socket.socket]] = {}

    @property
    def pid(self) -> int | None:
        """The nursery's own process, if it was opened."""
        return None if self._popen is None else self._popen.pid

    def open(self) -> None:
        """It begins to import what is for all. A package's own nursery is opened for that package's first process.

        So they don't all take the processors from broker and database at a start of the system.
        """
        with self._lock, suppress(OSError):  # said at the first birth, if it is so still
            self._open()

    def close(self) -> None:
        """Ends it; its children go on."""
        with self._lock:
            self._close()

    def bear(self, package: str, environment: Mapping[str, str], log: IO[bytes]) -> Child:
        """Runs `python -m package` with that environment and no other, its output in `log`.

        Where the nursery has died, another one is opened. Raises OSError where that one dies, too.
        """
        request = json.dumps(dict(environment)).encode()
        with self._lock:
            try:
                return self._bear(package, request, log)
            except OSError:  # nothing was born: what nobody asks anything of ends by itself
                self._close()
                return self._bear(package, request, log)

    def _open(self) -> socket.socket:
        if self._asking is None:
            ours, its = socket.socketpair()
            with its, self._log.open("ab") as log:
                self._popen = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(its.fileno()), *self._shared, _THEN, *self._then],
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    process_group=guard.group(),
                    pass_fds=[its.fileno()],
                )
            self._asking = ours
        return self._asking

    def _nursery_of(self, package: str) -> socket.socket:
        if package not in self._further:
            with self._log.open("ab") as log:
                self._further[package] = self._born(self._open(), package, log)
        return self._further[package][1]

    def _close(self) -> None:
        for nursery, asking in self._further.values():
            asking.close()
            nursery.kill()
            nursery.wait()
        self._further.clear()
        if self._asking is not None:
            self._asking.close()
            self._asking = None
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def _bear(self, package: str, request: bytes, log: IO[bytes]) -> Child:
        child, telling = self._born(self._nursery_of(package), package, log)
        with telling, suppress(OSError):  # it is there; if it ends right now, that is seen as any other end
            telling.sendall(request)
        return child

    def _born(self, asking: socket.socket, package: str, log: IO[bytes]) -> tuple[Child, socket.socket]:
        """The child, and what it is spoken to by."""
        ours, its = socket.socketpair()
        ours.settimeout(_BIRTH_SECONDS)
        try:
            with its, _adopting():
                socket.send_fds(asking, [package.encode()], [its.fileno(), log.fileno()])
                its.close()
                born = ours.recv(16)
            if not born:
                raise ChildProcessError(errno.ECHILD, "The nursery has died", str(self._log))
        except BaseException:
            ours.close()
            raise
        return Child(int(born)), ours


_one_birth = threading.Lock()


@contextmanager
def _adopting() -> Iterator[None]:
    """What loses its parent meanwhile becomes this process's child: one birth at a time, whatever nursery it is in.

    For a moment only: whoever adopts has to bury, and the grandchildren of other children, as PostgreSQL's, are nothing
    to us.
    """
    with _one_birth:
        _adopt(1)
        try:
            yield
        finally:
            _adopt(0)


def _adopt(on: int) -> None:
    zero = ctypes.c_ulong(0)
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(on), zero, zero, zero):
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def main() -> None:
    """The nursery's process, and each of its children's. Arguments: a socket's descriptor, what is shared, and then."""
    gc.disable()  # what is imported is there to stay
    then = sys.argv.index(_THEN)
    package, asked = _served(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:then])
    program = f"{package}.__main__"
    _, told = _served(asked, [program, *sys.argv[then + 1 :]])
    gc.enable()
    sys.modules.pop(program, None)  # where it is run, it must not have been imported
    with told:
        environment = json.loads(told.makefile("rb").read())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [package]
    Path("/proc/self/comm").write_text(package)  # what `top` shows
    runpy.run_module(package, run_name="__main__", alter_sys=True)


def prepare(needed: Sequence[str]) -> None:
    """Imports each `module`; of `module:function`, calls the function, too. What fails is left to who needs it."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # libraries import it where it is, to print for people
    for one in needed:
        module, _, function = one.partition(":")
        with suppress(Exception):  # the child that needs it will say so, in its own log
            imported = import_module(module)
            if function:
                getattr(imported, function)()


def _served(asked: socket.socket, needed: Sequence[str]) -> tuple[str, socket.socket]:
    """Prepares, and returns in each child, with the package that it is for and what it is spoken to by."""
    prepare(needed)
    gc.freeze()  # a collection would write to all of it, and so make the shared memory each child's own
    while True:
        package, descriptors, _, _ = socket.recv_fds(asked, _LONGEST_NAME, 2)
        if not descriptors:
            sys.exit()
        between = os.fork()
        if between == 0:
            between = os.getpid()
            if os.fork() != 0:
                os._exit(0)
            asked.close()
            told, log = descriptors
            for standard in (1, 2):
                os.dup2(log, standard)
            os.close(log)
            while os.getppid() == between:  # not handed on yet
                time.sleep(0.001)
            found = socket.socket(fileno=told)
            found.sendall(str(os.getpid()).encode())
            return package.decode(), found
        os.waitpid(between, 0)
        for descriptor in descriptors:
            os.close(descriptor)


if __name__ == "__main__":
    main()

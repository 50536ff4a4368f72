"""A process group that doesn't outlive the runner, however that one ends.

The guard leads the group that every child is started in, and holds the reading end of a pipe whose writing end only the
runner has. When the runner is gone, the system closes the pipe, and the guard kills the group. It needs nothing of one
operating system (`PR_SET_PDEATHSIG` is Linux's, and follows the thread that forked, not the process), and leaves no gap
at a child's birth: a child joins the group before it runs its program, and can't join one that is gone.
"""

import os
import signal
import subprocess
import sys
from functools import cache


@cache
def group() -> int:
    """The id of the group for this process's children; the guard is started at the first call."""
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    _alive.append(guard)
    return guard.pid


_alive: list[subprocess.Popen[bytes]] = []  # its pipe must stay open as long as this process lives


def _watch() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _watch()

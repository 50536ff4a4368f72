"""The supervisor, with small real programs as its children."""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from baqylau.testing.wait import wait_until
from baqylau_infra import Problem
from baqylau_infra.process import Process, Say, quiet

SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS
HAS_A_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]);" + SLEEPS


def child(folder: Path, program: str, say: Say = quiet) -> Process:
    log = folder / "child.log"
    return Process("child", [sys.executable, "-c", program], log=log, ready=lambda: "up" in log.read_text(), say=say)


def test_what_dies_by_itself_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    process = child(tmp_path, SLEEPS, said.put)
    process.start()
    process.wait_until_ready()
    first = process.pid

    os.kill(first, signal.SIGKILL)

    assert said.get(timeout=10) == (
        f"child ended by itself (SIGKILL); starting it again in 0.5 s. Its log: {process.log}"
    )
    process.ready = lambda: process.alive
    process.wait_until_ready()
    assert process.pid != first
    process.stop()


def test_what_died_by_itself_and_is_started_by_hand_has_one_supervisor(tmp_path: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    process = child(tmp_path, SLEEPS, said.put)
    process.name = "twice"
    process.start()
    process.wait_until_ready()
    os.kill(process.pid, signal.SIGKILL)
    said.get(timeout=10)

    process.start()

    wait_until(lambda: [t.name for t in threading.enumerate()].count("watch-twice") == 1, "one supervisor is left")
    assert process.alive
    process.stop()


def test_what_was_killed_on_purpose_stays_down_until_it_is_started(tmp_path: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    process = child(tmp_path, HAS_A_CHILD, said.put)
    process.start()
    process.wait_until_ready()
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]

    process.kill()

    assert len(family) == 2
    assert not any(member.is_running() for member in family)
    with pytest.raises(queue.Empty):
        said.get(timeout=1)
    process.start()
    process.wait_until_ready()
    process.stop()


@pytest.mark.parametrize("paused", [False, True])
def test_stop_ends_also_what_ignores_it_or_is_paused(tmp_path: Path, paused: bool) -> None:
    process = child(tmp_path, IGNORES_TERM)
    process.start()
    process.wait_until_ready()
    if paused:
        process.pause()

    process.stop(limit=0.2)

    assert not process.alive


def test_a_program_that_cannot_start_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = child(tmp_path, "import sys; sys.exit('no such setting: COLOUR')")
    process.start()

    with pytest.raises(Problem, match=r"child doesn't start(?s:.*)no such setting: COLOUR"):
        process.wait_until_ready()

    process.stop()


def test_a_killed_runner_leaves_no_process(tmp_path: Path, killed: Callable[..., list[str]]) -> None:
    family = killed(
        "import sys, time; from pathlib import Path; from baqylau_infra.process import Process;"
        f"log = Path({str(tmp_path)!r}, 'child.log');"
        f"child = Process('child', [sys.executable, '-c', {HAS_A_CHILD!r}], log=log,"
        " ready=lambda: log.read_text().count('up') == 2);"
        "child.start(); child.wait_until_ready(); print(flush=True); time.sleep(600)"
    )

    assert len(family) == 3, "the guard, the child and the child's own child"

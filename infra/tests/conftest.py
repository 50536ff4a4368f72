"""What several of these tests do."""

import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest


@pytest.fixture
def killed() -> Callable[..., list[str]]:
    """Runs a Python program until it has said a line, and kills it. Answers what its children and theirs were called.

    Asserts that none of them is left `within` seconds.
    """

    def kill(program: str, within: float = 10) -> list[str]:
        runner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert runner.stdout is not None
        runner.stdout.readline()
        family = psutil.Process(runner.pid).children(recursive=True)
        names = [process.name() for process in family]

        runner.kill()
        runner.wait()

        _, alive = psutil.wait_procs(family, timeout=within)
        assert not alive
        return names

    return kill

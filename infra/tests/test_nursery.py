"""The nursery, with small real packages as its children."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from baqylau.testing.wait import wait_until
from baqylau_infra import guard
from baqylau_infra.nursery import Child, Nursery

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a nursery is Linux's only")

SAYS = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv, __name__, ready]), flush=True)"
WHERE = "import json, os, sys; print(json.dumps([imported_in, os.getpid(), *sys.modules]), flush=True)"
SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
SAYS_MAKER = """import json, os
import made
if __name__ == "__main__":
    print(json.dumps([made.by, os.getpid()]))
"""
PROGRAMS = {
    "says": SAYS,
    "sleeps": SLEEPS,
    "here": WHERE,
    "there": WHERE,
    "fails": "import sys; sys.exit(3)",
    "broken": "import nothing_of_that_name",
}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name, program in PROGRAMS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("import os\nready, imported_in = 'imported', os.getpid()")
        (tmp_path / name / "__main__.py").write_text(
            f"from {name} import imported_in, ready\nif __name__ == '__main__':\n    {program}\n"
        )
    return tmp_path


@pytest.fixture
def nursery(packages: Path) -> Iterator[Nursery]:
    found = Nursery(["fractions"], [], {"PYTHONPATH": str(packages)}, packages / "nursery.log")
    yield found
    found.close()


def bear(nursery: Nursery, folder: Path, package: str, **environment: str) -> tuple[Child, Path]:
    log = folder / f"{package}.log"
    with log.open("ab") as opened:
        return nursery.bear(package, environment, opened), log


def test_a_child_runs_as_by_python_m_with_its_own_environment_and_no_other(nursery: Nursery, packages: Path) -> None:
    child, log = bear(nursery, packages, "says", COLOUR="red")

    assert child.wait(20) == 0
    assert json.loads(log.read_text()) == [
        {"COLOUR": "red"},
        [str(packages / "says" / "__main__.py")],
        "__main__",
        "imported",
    ]


def test_what_a_child_is_told_stands_in_no_process_s_environment(nursery: Nursery, packages: Path) -> None:
    child, log = bear(nursery, packages, "sleeps", PASSWORD="of one line")
    wait_until(lambda: "up" in log.read_text(), "the child runs")

    for pid in (child.pid, nursery.pid):
        assert "PASSWORD" not in psutil.Process(pid).environ()

    child.kill()


def test_a_child_is_the_runner_s_own_and_in_the_guard_s_group(nursery: Nursery, packages: Path) -> None:
    child, log = bear(nursery, packages, "sleeps")
    wait_until(lambda: "up" in log.read_text(), "the child runs")

    found = psutil.Process(child.pid)
    assert (found.ppid(), os.getpgid(child.pid), found.name()) == (os.getpid(), guard.group(), "sleeps")

    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == -signal.SIGTERM
    child.kill()  # nothing happens
    assert child.poll() == -signal.SIGTERM


def test_a_child_that_cannot_be_imported_says_so_in_its_own_log_and_the_others_live(
    nursery: Nursery, packages: Path
) -> None:
    broken, log = bear(nursery, packages, "broken")
    fails, _ = bear(nursery, packages, "fails")

    assert (broken.wait(20), fails.wait(20)) == (1, 3)
    assert "nothing_of_that_name" in log.read_text()


def test_a_package_is_imported_once_and_in_no_process_of_another(nursery: Nursery, packages: Path) -> None:
    nursery.open()
    found = []
    for package in ("here", "here", "there"):
        child, log = bear(nursery, packages, package)
        assert child.wait(20) == 0
        found.append(json.loads(log.read_text().splitlines()[-1]))

    (imported_in, first, *modules), (again, second, *_), (elsewhere, third, *others) = found
    assert imported_in == again
    assert len({imported_in, elsewhere, first, second, third, nursery.pid}) == 6
    assert ("here" in modules, "there" in modules, "here" in others, "there" in others) == (True, False, False, True)
    assert "fractions" in modules
    assert "fractions" in others


def test_what_is_made_for_a_package_is_made_once_for_all_its_children(packages: Path) -> None:
    (packages / "made.py").write_text(
        "import os, sys\nby = []\ndef make(): by.append((os.getpid(), 'here' in sys.modules))"
    )
    (packages / "here" / "__main__.py").write_text(SAYS_MAKER)
    nursery = Nursery(
        ["fractions"], ["made:make", "made:gone"], {"PYTHONPATH": str(packages)}, packages / "nursery.log"
    )
    for _ in range(2):
        child, log = bear(nursery, packages, "here")
        assert child.wait(20) == 0
    nursery.close()

    (first, one), (second, other) = (json.loads(line) for line in log.read_text().splitlines())
    assert first == second, "by a process of the package's own"
    ((maker, after_the_package),) = first
    assert maker not in (one, other, nursery.pid)
    assert after_the_package


def test_the_end_of_the_nursery_is_nothing_to_its_children_and_the_next_one_is_born_in_another(
    nursery: Nursery, packages: Path
) -> None:
    before, log = bear(nursery, packages, "sleeps")
    wait_until(lambda: "up" in log.read_text(), "the child runs")
    first = nursery.pid
    for one in psutil.Process().children():
        if one.status() != psutil.STATUS_ZOMBIE and "baqylau_infra.nursery" in one.cmdline() and one.pid != before.pid:
            one.kill()  # the package's own, too

    after, _ = bear(nursery, packages, "sleeps")

    assert after.poll() is None
    after.kill()
    assert nursery.pid != first
    assert before.poll() is None
    before.kill()
    assert before.wait(20) == -signal.SIGKILL


def test_births_in_several_nurseries_at_once_are_all_the_runner_s(packages: Path) -> None:
    nurseries = [Nursery([], [], {"PYTHONPATH": str(packages)}, packages / f"{name}.log") for name in "abc"]
    with ThreadPoolExecutor(6) as pool:
        children = list(pool.map(lambda number: bear(nurseries[number % 3], packages, "fails")[0], range(24)))

    assert [child.wait(20) for child in children] == [3] * 24
    for one in nurseries:
        one.close()


def test_a_child_that_somebody_else_buried_has_ended(nursery: Nursery, packages: Path) -> None:
    child, _ = bear(nursery, packages, "fails")
    os.waitpid(child.pid, 0)

    assert child.wait(20) == 0


def test_a_killed_runner_leaves_neither_nursery_nor_child(packages: Path, killed: Callable[..., list[str]]) -> None:
    family = killed(
        "import time; from pathlib import Path; from baqylau_infra.nursery import Nursery;"
        f"log = Path({str(packages)!r}, 'sleeps.log');"
        f"nursery = Nursery([], [], {{'PYTHONPATH': {str(packages)!r}}}, log);"
        "nursery.bear('sleeps', {}, log.open('ab')); print(flush=True); time.sleep(600)"
    )

    assert len(family) == 4, "the guard, the nursery, that of the package, and the child"

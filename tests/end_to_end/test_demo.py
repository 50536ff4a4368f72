"""`make demo` as it is typed, on the system on which the story was told before."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from baqylau_infra import ports
from baqylau_infra.system import Ports, System

from demo.__main__ import START_IT
from tests.end_to_end.conftest import Telling

ROOT = Path(__file__).parents[2]


@pytest.mark.real
@pytest.mark.usefixtures("record")
def test_told_again_the_story_is_the_same_and_the_numbers_go_on(
    system: System, told: Telling, listen: Ports, data: Path
) -> None:
    again = _demo(BAQYLAU_DATA=str(data), BAQYLAU_BASE_PORT=str(listen.base), BAQYLAU_KAFKA_PORT=str(listen.kafka))

    assert (again.returncode, again.stderr) == (0, "")
    for said in (
        told.story.acts.numbers["no. 809"].replace("/1", "/2"),
        told.story.acts.numbers["secret"].replace("/1", "/2"),
        "RK-703:103-4 may-not-decide",
        "RK-703:2 classification-of-other-regime",
        "responsible in person: Е. Дүйсен, вице-министр",
        "baqylau.control.DeadlineMissed.v1",
        "baqylau.confidential.registry.v1: 1",
    ):
        assert said in again.stdout
    assert re.search(r"subscriber received [5-9]\d CloudEvents", again.stdout)
    for service in system.services:
        assert system.process(service.name).alive


def test_where_nothing_runs_it_says_in_one_sentence_how_to_start(tmp_path: Path) -> None:
    alone = _demo(BAQYLAU_DATA=str(tmp_path), BAQYLAU_BASE_PORT=str(ports.free()))

    assert alone.returncode == 1
    assert alone.stderr.strip() == START_IT
    assert alone.stdout == ""
    assert list(tmp_path.iterdir()) == [], "no keys are made for a system that isn't there"


def _demo(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "160", **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

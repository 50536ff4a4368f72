"""`make demo` as it is typed, on the system on which the story was told before."""

import os
import re
import signal
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from baqylau_infra import ports
from baqylau_infra.system import Ports, System

from demo import cast
from demo.__main__ import START_IT
from demo.acts import Acts
from demo.client import ALMATY, Line, Stage
from tests.end_to_end.conftest import Telling

ROOT = Path(__file__).parents[2]


@pytest.mark.real
@pytest.mark.usefixtures("record")
def test_told_again_the_story_is_the_same_and_the_numbers_go_on(
    system: System, told: Telling, listen: Ports, data: Path
) -> None:
    again = subprocess.run(**_command(data, listen), capture_output=True, timeout=240, check=False)

    assert (again.returncode, again.stderr) == (0, "")
    for said in (
        told.story.acts.numbers["no. 809"].replace("/1", "/2"),
        told.story.acts.numbers["secret"].replace("/1", "/2"),
        "RK-703:103-4 may-not-decide",
        "RK-703:2 classification-of-other-regime",
        "responsible in person: Е. Дүйсен, вице-министр",
        "DeadlineMissed.v1",
        "baqylau.confidential.registry.v1: 1",
    ):
        assert said in again.stdout
    assert re.search(r"subscriber received [5-9]\d CloudEvents", again.stdout)
    for service in system.services:
        assert system.process(service.name).alive


@pytest.mark.real
@pytest.mark.usefixtures("record")
def test_broken_off_in_the_middle_it_gives_the_clocks_back(stage: Stage, listen: Ports, data: Path) -> None:
    started = datetime.now(ALMATY).date()
    with subprocess.Popen(**_command(data, listen), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Tue 15.12.2020" in line:
                demo.send_signal(signal.SIGINT)
                break
        demo.communicate(timeout=60)

    assert demo.returncode == 130
    for line in (Line.OPEN, Line.CONFIDENTIAL):
        assert started <= _registered_on(stage, line) <= datetime.now(ALMATY).date()


def test_where_nothing_runs_it_says_in_one_sentence_how_to_start(tmp_path: Path) -> None:
    nothing = _command(tmp_path, Ports(base=ports.free(), kafka=ports.free()))

    alone = subprocess.run(**nothing, capture_output=True, timeout=60, check=False)

    assert alone.returncode == 1
    assert alone.stderr.strip() == START_IT
    assert alone.stdout == ""
    assert list(tmp_path.iterdir()) == [], "no keys are made for a system that isn't there"


def _registered_on(stage: Stage, line: Line) -> date:
    acts = Acts(stage)
    unit, requisites = (
        (cast.RECORDS, cast.RESOLUTION) if line is Line.OPEN else (cast.DEFENCE_SECRETS, cast.SECRET_ORDER)
    )
    acts.establish(unit)
    acts.register("today", unit, requisites, line)
    registry = stage.registry(line, units=[acts.units[unit.code]])
    return date.fromisoformat(registry.get(f"/documents/{acts.documents['today']}")["registered_on"])


def _command(data: Path, listen: Ports) -> dict[str, Any]:
    where = {"BAQYLAU_DATA": data, "BAQYLAU_BASE_PORT": listen.base, "BAQYLAU_KAFKA_PORT": listen.kafka}
    environment = {**os.environ, "COLUMNS": "160", **{name: str(value) for name, value in where.items()}}
    return {"args": [sys.executable, "-m", "demo"], "cwd": ROOT, "env": environment, "text": True}

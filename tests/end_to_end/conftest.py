"""One real system for all tests of this folder: all parts, the gate, both lines. The story is told on it once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from baqylau_infra import ports
from baqylau_infra.layout import SERVICES
from baqylau_infra.process import Process
from baqylau_infra.system import Ports, System

from demo import cast
from demo.acts import Happening
from demo.client import Line, Stage
from demo.story import Story
from demo.subscriber import Subscriber
from tests.end_to_end import wire
from tests.end_to_end.load import Load


@pytest.fixture(scope="session")
def listen() -> Ports:
    """A stretch of free ports like that of `make run`."""
    for base in (ports.free() for _ in count()):
        if not any(ports.is_taken(base + service.port) for service in SERVICES):
            return Ports(base=base, kafka=ports.free())
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `BAQYLAU_DATA` would name."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def system(listen: Ports, data: Path) -> Iterator[System]:
    with System(data / "run", listen=listen) as running:
        yield running


@pytest.fixture(scope="session")
def outsider(system: System) -> Iterator[Subscriber]:
    """A plain kafka-python consumer that reads every topic from the first record on."""
    with Subscriber(system.bootstrap, from_the_beginning=True) as reading:
        yield reading


@pytest.fixture(scope="session")
def stage(system: System) -> Stage:
    return Stage(lambda service, line: system.url(service, None if line == Line.GATE else line), system.token)


@dataclass
class Telling:
    """The story as it was told, while every service was stopped once and killed once, under load."""

    story: Story
    load: Load
    happenings: dict[str, list[Happening]] = field(default_factory=dict)

    @property
    def readers(self) -> list[wire.Reader]:
        """Everyone who is told of something."""
        units = self.story.acts.units
        story = [wire.Reader(unit.line, units[unit.code], str(unit.employee_id)) for unit in cast.UNITS]
        lanes = ((line, self.load.lanes[line]) for line in (Line.OPEN, Line.CONFIDENTIAL))
        return story + [wire.Reader(line, lane.unit_id, str(lane.reader)) for line, lane in lanes]

    def grounds(self, chapter: str) -> list[set[tuple[str | None, str]]]:
        """What each refusal of a chapter was based on."""
        refused = (happening.grounds for happening in self.happenings[chapter] if happening.grounds)
        return [{(ground.citation, ground.reason) for ground in grounds} for grounds in refused]


@pytest.fixture(scope="session")
def told(system: System, stage: Stage, outsider: Subscriber) -> Telling:  # noqa: ARG001
    telling = Telling(Story(stage), Load(system))
    services = [system.process(service.name) for service in system.services if service.stores]
    telling.load.set_up()
    for number, (_, chapter) in enumerate(telling.story.chapters, 1):
        telling.happenings[chapter.__name__] = list(chapter())
        if number == 2:
            with telling.load.running():
                _stop_and_start_one_after_another(services)
        if number == 3:
            with telling.load.running():
                _kill_all_at_once(services)
    stage.real_time_again()
    return telling


@pytest.fixture(scope="session")
def record(system: System, told: Telling, outsider: Subscriber) -> wire.Record:
    """Everything that there is to see after the story, when all its effects are there."""
    return wire.settle(system, told.readers, outsider)


def _stop_and_start_one_after_another(services: list[Process]) -> None:
    for service in services:
        service.stop()
        service.start()
    for service in services:
        service.wait_until_ready(limit=300)


def _kill_all_at_once(services: list[Process]) -> None:
    for service in services:
        service.kill()
    for service in services:
        service.start()
    for service in services:
        service.wait_until_ready(limit=300)

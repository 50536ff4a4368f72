"""Real parts for the tests of backup, restore, verification and rebuilding."""

from collections.abc import Iterator
from itertools import count

import pytest
from baqylau.eventstore.service import Service
from baqylau.platform.settings import Settings
from baqylau.testing.probe import line_settings, tally_service
from baqylau_infra.database import Database

_number = count(1)


@pytest.fixture
def settings(database: Database) -> Settings:
    """Settings with a new database."""
    return line_settings(database.create(f"operated_{next(_number)}").environment())


@pytest.fixture
def tallies(settings: Settings) -> Iterator[Service]:
    service = tally_service(settings, "tallies")
    service.writer.start()
    yield service
    service.writer.stop()
    service.close()

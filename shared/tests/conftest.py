"""One real PostgreSQL for the session; a service of a test has a database of its own in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.platform.settings import Settings
from baqylau.testing.probe import ledger_service, line_settings, tally_service
from baqylau_infra.database import Database

_number = count(1)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database(tmp_path_factory.mktemp("postgres")) as started:
        yield started


@pytest.fixture(scope="session")
def settings(database: Database) -> Callable[[], Settings]:
    """Settings with a new database."""
    return lambda: line_settings(database.create(f"probe_{next(_number)}").environment())


@pytest.fixture
def tallies(settings: Callable[[], Settings]) -> Iterator[Service]:
    service = tally_service(settings(), "tallies")
    service.writer.start()
    yield service
    service.writer.stop()
    service.close()


@pytest.fixture
def ledger(settings: Callable[[], Settings]) -> Iterator[Service]:
    service = ledger_service(settings(), "ledger")
    service.writer.start()
    yield service
    service.writer.stop()
    service.close()


@pytest.fixture
def cause() -> Cause:
    return Cause(actor="test", recorded_at=datetime(2026, 1, 5, tzinfo=UTC), correlation_id="c")

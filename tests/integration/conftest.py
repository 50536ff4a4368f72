from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from baqylau.messaging.broker import Kafka
from baqylau_infra import topics
from baqylau_infra.broker import Broker
from baqylau_infra.database import Access, Database
from baqylau_infra.tokens import Keys

from tests.integration.flow import Flow
from tests.integration.gates import Gate, empty_topics

_number = count(1)


@pytest.fixture
def flow(broker: Broker, database: Database, keys: Keys, tmp_path: Path) -> Iterator[Flow]:
    with Flow(broker, database, keys, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def bootstrap(broker: Broker) -> str:
    topics.create_missing(Kafka(broker.bootstrap))
    return broker.bootstrap


@pytest.fixture
def gates(database: Database, bootstrap: str, keys: Keys, tmp_path: Path) -> Iterator[Callable[..., Gate]]:
    """Make gates on one database; without `bootstrap`, on the real broker."""
    access = database.create(f"gate_{next(_number)}")
    empty_topics(bootstrap)
    made: list[Gate] = []

    def make(elsewhere: str = "", on: Access = access) -> Gate:
        made.append(Gate(on, elsewhere or bootstrap, keys, tmp_path))
        return made[-1]

    yield make
    for gate in made:
        gate.process.stop()

from collections.abc import Iterator
from pathlib import Path

import pytest
from baqylau_infra.broker import Broker
from baqylau_infra.database import Database
from baqylau_infra.tokens import Keys

from tests.integration.flow import Flow


@pytest.fixture
def flow(broker: Broker, database: Database, keys: Keys, tmp_path: Path) -> Iterator[Flow]:
    with Flow(broker, database, keys, tmp_path) as made:
        yield made

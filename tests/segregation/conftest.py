"""One real system for the tests of this folder that need all its parts: the gate, both lines, their auditors."""

from collections.abc import Iterator

import pytest
from baqylau_infra.system import System

from tests.segregation.town import Town


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("segregation") / "run") as running:
        yield running


@pytest.fixture(scope="package")
def town(system: System) -> Town:
    return Town(system)

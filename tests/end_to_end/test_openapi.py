"""Generated requests to every route that the services' OpenAPI pages describe: no 5xx, and answers as declared."""

from typing import Any

import pytest
import schemathesis
from baqylau.platform.auth import Role
from baqylau_infra.system import System
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from demo.client import Line
from tests.end_to_end.conftest import Telling

pytestmark = pytest.mark.real

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NOT_FOR_THIS = r"/stream$|/simulation/|/health/|/metrics$|/schemas/|/asyncapi"
"""Streams never end, the clock isn't for everyone, and the rest takes no input."""


@pytest.mark.parametrize("service", ["secrecy-gate", "registry", "control", "notifications"])
@pytest.mark.usefixtures("record")
def test_whatever_is_sent_the_answer_is_one_of_those_declared(service: str, system: System, told: Telling) -> None:
    line = Line.GATE if service == "secrecy-gate" else Line.OPEN
    token = system.token(list(Role), line, "MF", told.story.acts.units.values())
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(system.url(service, line) + "/openapi.json", headers=headers)
    described = list(schema.exclude(path_regex=NOT_FOR_THIS).get_all_operations())
    operations = [found.ok() for found in described if isinstance(found, Ok)]
    assert len(operations) == len(described)
    assert len(operations) > 5

    for operation in operations:
        _try(operation.as_strategy(), headers)


def _try(cases: SearchStrategy[schemathesis.Case[Any]], headers: dict[str, str]) -> None:
    @seed(809)
    @settings(
        max_examples=10, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def each(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    each()

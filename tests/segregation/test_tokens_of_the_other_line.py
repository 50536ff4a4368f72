"""A token of one line opens nothing on the other, nor on the gate, on any route there is."""

from collections.abc import Collection, Iterator
from uuid import uuid4

import httpx
import pytest
from baqylau_infra.system import System

from tests.segregation.town import LINES, OPEN, ROLES, SECRET, SERVICES, Town

pytestmark = pytest.mark.real

OPEN_TO_ALL = ("/health/", "/metrics", "/schemas/", "/asyncapi.yaml")
OF_LINES = {"/events", "/events/stream", "/findings"}
"""What the gate serves to a line's own token: that line's topic, and the findings of its auditor."""


def routes(system: System, process: str) -> Iterator[tuple[str, str]]:
    """Method and path, with ids of nothing in it."""
    described = httpx.get(f"{system.url(process)}/openapi.json", timeout=30).json()
    for path, methods in described["paths"].items():
        if not path.startswith(OPEN_TO_ALL):
            for method in methods:
                filled = "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
                yield method.upper(), filled


def answers(system: System, process: str, token: str, but: Collection[str] = ()) -> dict[tuple[str, str], int]:
    headers = {"Authorization": f"Bearer {token}"}
    return {
        (method, path): httpx.request(
            method, system.url(process) + path, headers=headers, json={}, timeout=30
        ).status_code
        for method, path in routes(system, process)
        if path not in but
    }


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("line", LINES)
def test_no_route_of_a_line_answers_a_token_of_the_other_or_of_the_gate(town: Town, service: str, line: str) -> None:
    for foreign in {OPEN, SECRET, "gate"} - {line}:
        found = answers(town.system, f"{service}-{line}", town.token(foreign))

        assert len(found) > 8
        assert set(found.values()) == {401}


@pytest.mark.parametrize("line", LINES)
def test_the_gate_answers_a_lines_token_where_it_tells_that_line_of_its_own_and_nowhere_else(
    town: Town, line: str
) -> None:
    found = answers(town.system, "secrecy-gate", town.token(line), but=OF_LINES)

    assert set(found.values()) == {403}


def test_the_gate_shows_each_line_its_own_units_only(town: Town) -> None:
    shown = {}
    for line in LINES:
        found = town.call("GET", "secrecy-gate", line, "/events?limit=1000", role="subscriber").json()["items"]
        shown[line] = {unit for item in found for unit in item.get("unitids", "").split(",") if unit}

    assert town.units[OPEN] in shown[OPEN]
    assert town.units[SECRET] in shown[SECRET]
    assert shown[OPEN].isdisjoint(shown[SECRET])


def test_only_the_auditors_role_of_a_line_reports_findings(town: Town) -> None:
    for role in set(ROLES) - {"auditor"}:
        answer = town.call("POST", "secrecy-gate", OPEN, "/findings", {"findings": []}, role=role)
        assert answer.status_code == 403, role
    assert town.call("POST", "secrecy-gate", "gate", "/findings", {"findings": []}, role="auditor").status_code == 403

"""A co-executor's date under 103-2, asked of control through HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Office

CASES = json.loads((Path(__file__).parent / "terms.json").read_text())

pytestmark = pytest.mark.real


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_control_answers_the_date_counted_by_hand_and_says_why(office: Office, case: dict[str, Any]) -> None:
    own_date = {"proposal_due": case["proposal_due"]} if case["proposal_due"] else {}
    body = office.assignment(
        control=case["control"],
        urgency=case["urgency"],
        issued_on=case["received_on"],
        received_on=case["received_on"],
        deadline=case["deadline"],
        co_executors=[office.party("MIN-B", **own_date)],
    )
    office.on(case["received_on"])

    answer = office.control.post("/assignments", json=body)

    if "refused" in case["expect"]:
        assert answer.status_code == 422
        assert {violation["citation"] for violation in answer.json()["violations"]} == set(case["expect"]["refused"])
    else:
        assert answer.status_code == 201, answer.text
        (proposal,) = answer.json()["proposals"]
        assert {"due": proposal["due"], "compressed": proposal["compressed"]} == case["expect"]
        assert proposal["derivation"]["paragraph"] == "RK-703:103-2"

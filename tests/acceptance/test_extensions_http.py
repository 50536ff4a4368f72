"""Letters, opinions and decisions, made through HTTP on the day that each call names."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Office

CASES = json.loads((Path(__file__).parent / "extensions.json").read_text())
MISSES = {"ProposalMissed", "DeadlineMissed", "OpinionMissed", "NoticeMissed"}
DAYS = ("submitted_on", "decided_on", "issued_on", "given_on")

pytestmark = pytest.mark.real


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_each_call_is_answered_as_the_law_has_it(office: Office, case: dict[str, Any]) -> None:
    issued = office.issue(**case["assignment"])
    for step in case["steps"]:
        office.on(next(step["body"][day] for day in DAYS if step["body"].get(day)))
        caller = office.executors["MIN-A"] if step["call"] == "extension-requests" else office.control
        before = office.control.get(f"/assignments/{issued['id']}").json()["version"]

        answer = caller.post(f"/assignments/{issued['id']}/{step['call']}", json=step["body"])

        check(office, issued["id"], before, answer.status_code, answer.json(), step["expect"])


def check(
    office: Office, assignment_id: str, before: int, status: int, answer: dict[str, Any], expected: dict[str, Any]
) -> None:
    expected = dict(expected)
    assert (200 <= status < 300) is expected.pop("accepted"), answer
    recorded = [e for e in office.history(assignment_id, before) if e["type"] not in MISSES]
    if "citations" in expected:
        assert status in (409, 422)
        assert {violation["citation"] for violation in answer["violations"]} == set(expected.pop("citations"))
        assert len(answer["violations"]) == expected.pop("grounds", len(answer["violations"]))
        assert recorded == []
    if "events" in expected:
        assert [event["type"] for event in recorded] == expected.pop("events")
    shown = office.control.get(f"/assignments/{assignment_id}").json()
    for key in ("deadline", "control"):
        if key in expected:
            assert shown[key] == expected[key]
    assert {key: answer[key] for key in expected} == expected

"""What the commands on assignments answer besides: who may, what isn't known, what is malformed, what life brings."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from baqylau.lines import Line

from tests.acceptance.conftest import Office

pytestmark = pytest.mark.real

LETTER = {
    "kind": "extension",
    "new_deadline": "2021-05-28",
    "current_state": "Жоба келісуде",
    "justification": "Сараптама ұзақ",
    "responsible": [
        {"organization": "MIN-A", "name": "Сейітов А.", "position": "вице-министр"},
        {"organization": "MIN-B", "name": "Иванова Б.", "position": "вице-министр"},
    ],
}


def grounds(answer: httpx.Response) -> list[tuple[str | None, str, str | None]]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [(v["citation"], v["reason"], v["field"]) for v in answer.json()["violations"]]


class TestIssue:
    def test_everything_unknown_and_everything_unlawful_is_named_at_once(self, office: Office) -> None:
        office.on("2021-03-02")
        stranger = office.party("MIN-C") | {"unit_id": str(uuid4())}
        mistaken = office.party("MIN-B") | {"unit_id": office.units["MIN-C"]}
        body = office.assignment(
            document_id=str(uuid4()),
            source="act",
            occasion="regional_trip",
            control="urgent",
            received_on="2021-03-03",
            executor=stranger,
            co_executors=[mistaken],
        )

        answer = office.control.post("/assignments", json=body)

        assert answer.status_code == 422
        assert grounds(answer) == [
            ("RK-703:2", "unit-regime-unknown", "executor.unit_id"),
            (None, "unit-of-another-organization", "co_executors.0.unit_id"),
            (None, "document-unknown", "document_id"),
            (None, "day-in-the-future", "received_on"),
            ("RK-703:102-1", "act-with-occasion", "occasion"),
            ("RK-703:103-2", "urgency-missing", "urgency"),
        ]

    def test_a_unit_or_document_that_is_not_known_here_is_a_matter_of_state(self, office: Office) -> None:
        office.on("2021-03-02")

        answer = office.control.post("/assignments", json=office.assignment(document_id=str(uuid4())))

        assert answer.status_code == 409
        assert grounds(answer) == [(None, "document-unknown", "document_id")]

    def test_one_entered_after_its_deadline_is_accepted_and_missed_at_once(self, office: Office) -> None:
        office.on("2021-06-01")

        answer = office.control.post("/assignments", json=office.assignment())

        assert answer.status_code == 201
        types = [event["type"] for event in office.history(answer.json()["id"])]
        assert types == ["AssignmentIssued", "ProposalMissed", "DeadlineMissed"]
        assert answer.json()["version"] == 3

    def test_the_trip_is_the_governments_and_dates_left_out_are_todays(self, office: Office) -> None:
        office.on("2021-03-09")
        body = office.assignment(occasion="regional_trip")
        del body["issued_on"], body["received_on"]

        answer = office.control.post("/assignments", json=body)

        assert answer.json()["controlled_by"] == "government"
        issued = office.history(answer.json()["id"])[0]["data"]
        assert (issued["issued_on"], issued["received_on"]) == ("2021-03-09", "2021-03-09")

    def test_the_public_record_names_the_units_and_no_text(self, office: Office) -> None:
        issued = office.issue(text="Құпия-белгі мәтіні", clause="7")
        token = office.system.token("subscriber", Line.NON_CONFIDENTIAL)
        feed = httpx.get(
            f"{office.control.base_url}/events", params={"limit": 1000}, headers={"Authorization": f"Bearer {token}"}
        )

        (record,) = [item for item in feed.json()["items"] if item["subject"] == issued["id"]]
        assert record["type"] == "baqylau.control.AssignmentIssued.v1"
        assert record["unitids"] == f"{office.units['MIN-A']},{office.units['MIN-B']}"
        assert record["data"]["co_executors"][0]["due"] == issued["proposals"][0]["due"]
        assert "мәтіні" not in str(record)

    def test_the_record_is_followed_back_to_its_request_and_its_caller(self, office: Office) -> None:
        office.on("2021-03-02")
        answer = office.control.post(
            "/assignments", json=office.assignment(), headers={"X-Correlation-Id": "request-17"}
        )
        token = office.system.token("subscriber", Line.NON_CONFIDENTIAL)
        feed = httpx.get(
            f"{office.control.base_url}/events", params={"limit": 1000}, headers={"Authorization": f"Bearer {token}"}
        )

        (record,) = [item for item in feed.json()["items"] if item["subject"] == answer.json()["id"]]
        assert record["correlationid"] == "request-17"

    def test_a_miss_names_those_who_were_responsible_on_that_day(self, office: Office) -> None:
        issued = office.issue(executor=office.party("MIN-C"), co_executors=[])
        for day, name in (("2021-01-01", "Ахметов Қ."), ("2021-05-01", "Оспанов Д.")):
            entry = {
                "first_head": {"name": name, "position": "министр"},
                "deputies": [{"name": "Сейітов А.", "position": "вице-министр", "areas": ["finance"]}],
                "from": day,
            }
            assert office.control.put("/organizations/MIN-C/control-subjects", json=entry).status_code == 200
        office.on("2021-05-20")
        office.control.post(f"/assignments/{issued['id']}/corrections", json={"reason": "Қате", "clause": "2"})

        missed = next(event for event in office.history(issued["id"]) if event["type"] == "DeadlineMissed")

        assert [(o["role"], o["name"]) for o in missed["data"]["responsible"]] == [
            ("first_head", "Ахметов Қ."),
            ("deputy", "Сейітов А."),
        ]


class TestWhoMay:
    def test_who_has_no_place_in_it_does_not_see_it(self, office: Office) -> None:
        path = f"/assignments/{office.issue()['id']}"
        stranger = office.executors["MIN-C"]

        for call, body in (
            ("proposals", {"organization": "MIN-C", "text": "Ұсыныс"}),
            ("extension-requests", LETTER),
            ("reports", {"text": "Орындалды"}),
        ):
            answer = stranger.post(f"{path}/{call}", json=body, headers={"If-Match": '"99"'})
            assert answer.status_code == 404, answer.text

    def test_a_co_executor_neither_asks_nor_reports_nor_proposes_for_another(self, office: Office) -> None:
        path = f"/assignments/{office.issue()['id']}"
        co_executor = office.executors["MIN-B"]

        asked = co_executor.post(f"{path}/extension-requests", json=LETTER)
        reported = co_executor.post(f"{path}/reports", json={"text": "Орындалды"})
        proposed = co_executor.post(f"{path}/proposals", json={"organization": "MIN-C", "text": "Ұсыныс"})

        assert ("RK-703:103-3", "only-the-executor-asks", None) in grounds(asked)
        assert grounds(reported) == [(None, "only-the-executor-reports", None)]
        assert proposed.status_code == 403

    @pytest.mark.parametrize(
        "call",
        [
            "extension-requests/1/opinion",
            "extension-requests/1/grant",
            "extension-requests/1/refusal",
            "extension-requests/1/notice",
            "reports/1/acceptance",
            "reports/1/return",
            "corrections",
            "executors",
            "withdrawal",
            "misses/2021-04-30/rescission",
        ],
    )
    def test_what_is_the_controlling_sides_is_not_the_executors(self, office: Office, call: str) -> None:
        answer = office.executors["MIN-A"].post(f"/assignments/{uuid4()}/{call}", json={})

        assert answer.status_code in (403, 422)
        if answer.status_code == 422:  # a body that lacks its form is seen first; what the caller learns is the form
            assert call == "executors"

    def test_an_executor_issues_nothing_and_an_auditor_changes_nothing(self, office: Office) -> None:
        assert office.executors["MIN-A"].post("/assignments", json=office.assignment()).status_code == 403
        assert office.auditor.post("/assignments", json=office.assignment()).status_code == 403


class TestTurnedBack:
    def test_an_attempt_is_kept_for_the_auditor_without_its_words(self, office: Office) -> None:
        issued = office.issue()
        office.on("2021-05-03")
        answer = office.executors["MIN-A"].post(f"/assignments/{issued['id']}/extension-requests", json=LETTER)
        assert grounds(answer) == [("RK-703:103-3", "letter-late", "submitted_on")]

        found = office.auditor.get(f"/assignments/{issued['id']}/attempts")

        (attempt,) = found.json()["items"]
        assert attempt["day"] == "2021-05-03"
        assert [ground["reason"] for ground in attempt["grounds"]] == ["letter-late"]
        assert "Сараптама" not in found.text
        assert all(event["type"] != "ExtensionRequested" for event in office.history(issued["id"]))

    def test_a_letter_on_paper_is_entered_with_its_day_and_what_shows_it(self, office: Office) -> None:
        issued = office.issue()
        office.on("2021-05-03")
        path = f"/assignments/{issued['id']}/extension-requests"
        paper = LETTER | {"submitted_on": "2021-04-29"}

        without = office.control.post(path, json=paper)
        taken = office.control.post(path, json=paper | {"evidence": "Кіріс № 17"})

        assert grounds(without) == [("RK-703:103-3", "evidence-missing", "evidence")]
        assert taken.status_code == 201, taken.text
        assert taken.json()["number"] == 1


class TestOnce:
    def test_the_same_key_answers_the_same_without_a_second_effect(self, office: Office) -> None:
        issued = office.issue()
        office.on("2021-03-10")
        path, key = f"/assignments/{issued['id']}/proposals", {"Idempotency-Key": str(uuid4())}
        body = {"organization": "MIN-B", "text": "Ұсыныс"}

        first = office.executors["MIN-B"].post(path, json=body, headers=key)
        again = office.executors["MIN-B"].post(path, json=body, headers=key)

        assert (first.status_code, first.json()["late"]) == (201, False)
        assert again.json() == first.json()
        assert [event["type"] for event in office.history(issued["id"])] == ["AssignmentIssued", "ProposalSubmitted"]

    def test_a_change_of_another_version_is_not_made(self, office: Office) -> None:
        issued = office.issue()
        path = f"/assignments/{issued['id']}/corrections"

        stale = office.control.post(path, json={"reason": "Қате", "clause": "2"}, headers={"If-Match": '"7"'})
        fresh = office.control.post(path, json={"reason": "Қате", "clause": "2"}, headers={"If-Match": '"1"'})

        assert stale.status_code == 412
        assert (fresh.status_code, fresh.headers["etag"]) == (200, '"2"')


class TestLife:
    def test_a_report_in_time_returned_after_the_deadline_is_missed_then_and_rescinded_on_evidence(
        self, office: Office
    ) -> None:
        issued = office.issue(co_executors=[])
        path = f"/assignments/{issued['id']}"
        office.on("2021-04-30")
        reported = office.executors["MIN-A"].post(f"{path}/reports", json={"text": "Орындалды"})
        office.on("2021-05-10")
        early = office.control.post(f"{path}/misses/2021-04-30/rescission", json={"reason": "Қате", "evidence": "№ 1"})
        returned = office.control.post(f"{path}/reports/1/return", json={"reason": "Толық емес"})
        rescinded = office.control.post(
            f"{path}/misses/2021-04-30/rescission", json={"reason": "Қате", "evidence": "№ 1"}
        )
        never = office.control.post(f"{path}/misses/2021-04-29/rescission", json={"reason": "Қате", "evidence": "№ 1"})

        assert reported.json()["status"] == "reported"
        assert grounds(early) == [(None, "deadline-not-missed", None)]
        assert returned.json()["status"] == "open"
        assert office.control.get(path).json()["reports"] == [
            {
                "number": 1,
                "reported_on": "2021-04-30",
                "on_paper": False,
                "text": "Орындалды",
                "evidence": None,
                "deadline": "2021-04-30",
                "accepted_on": None,
                "returned_on": "2021-05-10",
                "return_reason": "Толық емес",
            }
        ]
        assert rescinded.status_code == 200
        assert never.status_code == 404
        assert [event["type"] for event in office.history(issued["id"])] == [
            "AssignmentIssued",
            "ExecutionReported",
            "ExecutionReturned",
            "DeadlineMissed",
            "DeadlineMissRescinded",
        ]

    def test_an_accepted_report_takes_it_off_control_also_without_a_body(self, office: Office) -> None:
        issued = office.issue(co_executors=[])
        path = f"/assignments/{issued['id']}"
        office.on("2021-04-29")
        office.executors["MIN-A"].post(f"{path}/reports", json={"text": "Орындалды"})

        accepted = office.control.post(f"{path}/reports/1/acceptance")
        again = office.control.post(f"{path}/reports/1/acceptance", json={"decided_on": "2021-04-29"})

        assert accepted.json()["status"] == "completed"
        assert grounds(again) == [(None, "report-not-under-review", None), (None, "assignment-closed", None)]

    def test_after_a_reorganization_the_new_executor_sees_it_and_the_old_one_no_longer(self, office: Office) -> None:
        issued = office.issue()
        path = f"/assignments/{issued['id']}"
        office.on("2021-03-15")

        replaced = office.control.post(
            f"{path}/executors",
            json={"reason": "Қайта құру", "previous": "MIN-A", "replacement": office.party("MIN-C")},
        )

        assert replaced.status_code == 200, replaced.text
        report = {"text": "Орындалды"}
        assert office.executors["MIN-A"].post(f"{path}/reports", json=report).status_code == 404
        assert office.executors["MIN-C"].post(f"{path}/reports", json=report).status_code == 201

    def test_the_governments_notice_is_due_after_a_refusal_and_shown_as_late(self, office: Office) -> None:
        issued = office.issue(occasion="public_event")
        path = f"/assignments/{issued['id']}/extension-requests"
        office.on("2021-04-20")
        office.executors["MIN-A"].post(path, json=LETTER)
        refused = office.control.post(f"{path}/1/refusal", json={"decided_by": "prime_minister", "reason": "Негізсіз"})
        office.on("2021-06-01")
        given = office.control.post(f"{path}/1/notice", json={"reference": "11-3/77"})

        assert refused.json()["notice_due"] == "2021-05-05"
        assert refused.json()["notice_derivation"]["working_days"] == 10
        assert given.json()["late"]
        assert "NoticeMissed" in [event["type"] for event in office.history(issued["id"])]

    def test_a_withdrawn_assignment_is_withdrawn_once(self, office: Office) -> None:
        issued = office.issue()
        path = f"/assignments/{issued['id']}/withdrawal"

        assert grounds(office.control.post(path, json={})) == [(None, "reason-missing", "reason")]
        assert office.control.post(path, json={"reason": "Күшін жойды"}).json()["status"] == "withdrawn"
        assert grounds(office.control.post(path, json={"reason": "Тағы"})) == [(None, "assignment-closed", None)]

    def test_what_the_path_names_and_is_not_there_is_not_found(self, office: Office) -> None:
        issued = office.issue()["id"]
        for path in (
            f"/assignments/{uuid4()}/withdrawal",
            f"/assignments/{issued}/extension-requests/1/refusal",
            f"/assignments/{issued}/extension-requests/0/opinion",
            f"/assignments/{issued}/extension-requests/{10**30}/notice",
            f"/assignments/{issued}/reports/2/return",
            f"/assignments/{issued}/misses/2021-05-01/rescission",
        ):
            assert office.control.post(path, json={}).status_code == 404, path


ODD: dict[str, Any] = {
    "nul": "a\u0000b",
    "far": "9999-12-31",
    "first": "0001-01-01",
    "number": 20210301,
    "instant": "2021-03-01T00:00:00Z",
    "list": ["2021-03-01"],
    "object": {"a": 1},
    "empty": "",
    "blank": "   ",
    "long": "ұ" * 30_000,
    "true": True,
    "none": None,
    "negative": -1,
    "float": 1e308,
}


class TestBadInput:
    @pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
    def test_odd_values_in_any_field_are_answered_never_a_fault(self, office: Office, odd: Any) -> None:
        issued = office.issue()["id"]
        version = 1
        calls = {
            "proposals": {"organization": "MIN-B", "text": "Ұсыныс", "submitted_on": "2021-03-02"},
            "extension-requests": LETTER | {"submitted_on": "2021-03-01", "evidence": None, "to_control": None},
            "extension-requests/1/grant": {"decided_by": "president", "decided_on": "2021-03-02"},
            "reports": {"text": "", "reported_on": "2021-03-02", "evidence": ""},
            "corrections": {"reason": None, "clause": "1", "text": "т", "area": "finance"},
            "executors": {"reason": None, "previous": "MIN-A", "replacement": office.party("MIN-C")},
            "misses/2021-04-30/rescission": {"reason": None, "evidence": None},
        }
        for call, body in calls.items():
            for name in body:
                answer = office.control.post(f"/assignments/{issued}/{call}", json=body | {name: odd})
                assert answer.status_code in (200, 201, 404, 409, 422), (call, name, answer.text)
                assert answer.status_code > 201 or odd != ODD["nul"], (call, name)
                version = answer.json().get("version", version)
        for name in office.assignment():
            answer = office.control.post("/assignments", json=office.assignment() | {name: odd})
            assert answer.status_code in (201, 409, 422), (name, answer.text)
        assert office.control.get("/health/ready").status_code == 200
        assert office.control.get(f"/assignments/{issued}").json()["version"] == version

    def test_lone_surrogates_malformed_json_and_unknown_fields_are_422(self, office: Office) -> None:
        issued = office.issue()["id"]
        path = f"/assignments/{issued}/withdrawal"
        headers = {"content-type": "application/json"}

        for content in (
            b'{"reason": "\\ud800"}',
            b'{"reason": "a", "\\udfff": 1}',
            b'{"reason": ',
            b"\xff\xfe",
            b'{"reason": "a", "deadline": "2022-01-01"}',
            b"[]",
            b'{"reason": ' + b"[" * 100_000,
        ):
            answer = office.control.post(path, content=content, headers=headers)
            assert answer.status_code in (400, 422), (content[:30], answer.text)

    def test_a_list_longer_than_a_record_can_carry_is_refused(self, office: Office) -> None:
        body = office.assignment(co_executors=[office.party("MIN-B")] * 301)

        assert office.control.post("/assignments", json=body).status_code == 422

"""The story, as its people would check it: through HTTP alone."""

import pytest
from baqylau_infra.system import System

from demo.client import Line
from tests.end_to_end import wire
from tests.end_to_end.conftest import Telling

pytestmark = pytest.mark.real


def test_the_resolution_is_refused_without_its_executor_and_then_registered_with_a_number(told: Telling) -> None:
    assert told.grounds("the_resolution") == [{("RK-703:43", "executor-surname-missing")}]

    assert told.story.acts.numbers["no. 809"] == "PMO-01-2020/1"


def test_three_working_days_from_11_december_end_on_the_working_sunday(told: Telling) -> None:
    issued = told.happenings["three_working_days"][0]

    (reckoning,) = issued.details[1:]
    assert reckoning == (
        "MJ and MDDI may propose until Sun 20.12.2020: 3 working days forwards from Fri 11.12., "
        "passing over 12–13.12., 16–19.12. (calendar 1)"
    )


def test_the_missing_proposal_is_missed_once_and_the_officials_of_its_area_are_named(told: Telling) -> None:
    missed = told.happenings["three_working_days"][2]

    assert set(missed.by) == {"RK-703:103-1", "RK-703:103-2"}
    assert missed.details[1:] == ("responsible: Т. Оспан, министр", "responsible: Д. Ким, вице-министр")
    assert _types(told, "guidance").count("ProposalMissed") == 1


def test_a_letter_is_turned_back_with_a_ground_for_each_thing_that_it_lacks(told: Telling) -> None:
    turned_back = next(happening for happening in told.happenings["more_time"] if happening.grounds)

    assert {(ground.citation, ground.reason, ground.field) for ground in turned_back.grounds} == {
        ("RK-703:103-3", "agreement-missing", "agreement"),
        ("RK-703:103-3", "responsible-persons-missing", "responsible.MCS"),
        ("RK-703:103-3", "responsible-persons-missing", "responsible.MF"),
    }


def test_the_wrong_office_may_not_grant_and_nobody_may_before_the_opinion(told: Telling) -> None:
    _, wrong_office = told.grounds("more_time")

    assert wrong_office == {("RK-703:103-4", "may-not-decide"), ("RK-703:103-4", "opinion-missing")}


def test_the_grant_moves_the_deadline_and_the_dates_that_were_counted_back_from_it(told: Telling) -> None:
    granted = told.happenings["more_time"][-1]

    assert granted.what.endswith("until Fri 30.04.2021")
    assert "RK-703:103-4" in granted.by
    (reckoning,) = granted.details
    assert reckoning.startswith(
        "MCS and MF may propose until Fri 16.04.2021: 10 working days backwards from Fri 30.04."
    )


def test_the_passed_deadline_is_missed_once_and_names_the_first_head_and_the_deputy_of_the_area(told: Telling) -> None:
    missed = told.happenings["a_deadline_passes"][2]

    assert "RK-703:103-1" in missed.by
    assert missed.details[1:] == (
        "responsible in person: Ж. Бекова, министр",
        "responsible in person: Е. Дүйсен, вице-министр",
    )
    assert _types(told, "money").count("DeadlineMissed") == 1


def test_what_each_assignment_went_through_stands_in_its_history_in_order(told: Telling) -> None:
    assert _types(told, "guidance") == [
        "AssignmentIssued",
        "ProposalSubmitted",
        "ProposalMissed",
        "ProposalSubmitted",
        "ExecutionReported",
        "AssignmentCompleted",
    ]
    assert _types(told, "systems") == [
        "AssignmentIssued",
        "ExtensionRequested",
        "ExpertOpinionIssued",
        "ExtensionGranted",
        "ProposalSubmitted",
        "ProposalSubmitted",
        "ExecutionReported",
        "AssignmentCompleted",
    ]
    assert _types(told, "money") == [
        "AssignmentIssued",
        "ProposalSubmitted",
        "DeadlineMissed",
        "ExecutionReported",
        "AssignmentCompleted",
    ]


def test_a_secret_order_finds_no_place_on_the_open_line(told: Telling) -> None:
    in_open_unit, in_secret_unit = told.grounds("a_secret_order")

    assert in_open_unit == {("RK-703:2", "classification-of-other-regime")}
    assert in_secret_unit == {("RK-703:2", "classification-of-other-regime"), ("RK-703:2", "unit-regime-unknown")}
    assert told.story.acts.numbers["secret"] == "MD-08-2021/1"


def test_the_confidential_inbox_names_ids_and_nothing_else(told: Telling) -> None:
    notices = told.story.notices["MD-08"]
    subjects = {told.story.acts.documents["secret"], told.story.acts.assignments["secrets"]}

    assert {notice["subject_id"] for notice in notices} == subjects
    assert len(notices) == 4
    for notice in notices:
        assert (notice["kind"], notice["citations"]) == (None, [])
        said = notice["text"].replace(notice["subject_id"], "")
        assert said == notices[0]["text"].replace(notices[0]["subject_id"], "")
        assert not any(character.isdigit() for character in said)


def test_the_open_inbox_says_in_kazakh_what_happened_and_by_which_paragraph(told: Telling) -> None:
    notices = told.story.notices["MF-02"]

    (missed,) = (notice for notice in notices if notice["kind"] == "DeadlineMissed")

    assert "RK-703:103-1" in missed["text"]
    assert "22.03.2021" in missed["text"]


def test_the_open_line_does_not_have_what_the_confidential_line_has(system: System, told: Telling) -> None:
    everything = wire.feeds(system)
    secret_ids = {told.story.acts.documents["secret"], told.story.acts.assignments["secrets"]}
    secret_ids.add(told.story.acts.units["MD-08"])

    open_side = [item for topic, items in everything.items() if f".{Line.OPEN}." in topic for item in items]

    assert open_side
    assert not any(secret_id in str(item) for item in open_side for secret_id in secret_ids)


def _types(told: Telling, word: str, line: Line = Line.OPEN) -> list[str]:
    control = told.story.stage.control(line)
    history = control.get(f"/assignments/{told.story.acts.assignments[word]}/history")
    return [item["type"] for item in history["items"]]

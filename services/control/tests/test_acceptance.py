"""The acceptance cases and further ones of ours, also counted by hand, run against the rule functions by a desk that
keeps an assignment's standing and no more.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from baqylau.refusals import Ground, Refused, refuse_if
from control.domain.calendar import ProductionCalendar, first_calendar
from control.domain.decisions import grant_grounds, granted, refusal_grounds
from control.domain.issuing import CoExecutor, NewAssignment, issue_grounds, proposals_at_issue
from control.domain.letters import letter_grounds, opinion_grounds, opinion_late, taken_in
from control.domain.paragraph_103_2 import own_date_grounds, proposal_term
from control.domain.paragraph_103_3 import notice_term
from control.domain.rule_sets import rule_book
from control.domain.values import (
    Agreement,
    AgreementGiver,
    Control,
    Decider,
    Decision,
    ExtensionKind,
    Letter,
    LetterTaken,
    Occasion,
    Origin,
    Originator,
    ResponsiblePerson,
    Source,
    Standing,
    Urgency,
)

CASES = Path(__file__).parents[3] / "tests" / "acceptance"
TERMS = json.loads((CASES / "terms.json").read_text())
EXTENSIONS = json.loads((CASES / "extensions.json").read_text())
FURTHER = json.loads((Path(__file__).parent / "further_extensions.json").read_text())


@pytest.mark.parametrize("case", TERMS, ids=lambda case: str(case["id"]))
def test_a_co_executors_date_is_the_one_counted_by_hand(case: dict[str, Any], calendar: ProductionCalendar) -> None:
    rules = rule_book().in_force_on(day(case["received_on"]))
    assert rules is not None
    urgency = Urgency(case["urgency"]) if case["urgency"] else None
    dates: dict[str, Any] = {
        "received_on": day(case["received_on"]),
        "deadline": day(case["deadline"]),
        "proposal_due": optional_day(case["proposal_due"]),
    }

    grounds = own_date_grounds(rules, urgency, **dates, field="proposal_due")

    if "refused" in case["expect"]:
        assert {ground.citation for ground in grounds} == set(case["expect"]["refused"])
    else:
        assert grounds == ()
        term = proposal_term(rules, calendar, control=Control(case["control"]), urgency=urgency, **dates)
        assert {"due": term.due.isoformat(), "compressed": term.compressed} == case["expect"]


@pytest.mark.parametrize("case", [*EXTENSIONS, *FURTHER], ids=lambda case: str(case["id"]))
def test_each_call_is_answered_as_the_law_has_it(case: dict[str, Any]) -> None:
    desk = Desk(case["assignment"])
    for step in case["steps"]:
        expected = step["expect"]
        answer, grounds = desk.answer(step["call"], step["body"])
        assert (not grounds) is expected["accepted"], grounds
        if grounds:
            assert {ground.citation for ground in grounds} == set(expected["citations"])
            assert len(grounds) == expected.get("grounds", len(grounds))
        asked = {key: value for key, value in expected.items() if key not in ("accepted", "citations", "grounds")}
        assert {key: answer[key] for key in asked} == asked


def day(text: str) -> date:
    return date.fromisoformat(text)


def optional_day(text: str | None) -> date | None:
    return day(text) if text else None


class Desk:
    """Receives the calls of one assignment on the day that each names."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.calendar = first_calendar()
        self.letters: dict[int, LetterTaken] = {}
        new = NewAssignment(
            origin=Origin(
                Source(body["source"]),
                Originator(body["originator"]),
                body["personal"],
                Occasion(body["occasion"]) if body["occasion"] else None,
                body["touches_government_powers"],
            ),
            control=Control(body["control"]),
            urgency=Urgency(body["urgency"]) if body["urgency"] else None,
            issued_on=day(body["issued_on"]),
            received_on=day(body["received_on"]),
            deadline=day(body["deadline"]),
            executor="MIN-A",
            co_executors=(CoExecutor("MIN-B"),),
        )
        refuse_if(issue_grounds(new, rule_book(), self.calendar, new.received_on))
        rules = rule_book().in_force_on(new.issued_on)
        assert rules is not None
        self.proposals = proposals_at_issue(new, rules, self.calendar)
        self.standing = Standing(rules, new.origin, new.issued_on, new.deadline, new.control, new.executor, ("MIN-B",))

    def answer(self, path: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Ground, ...]]:
        try:
            return self.call(path, body), ()
        except Refused as refusal:
            return {}, refusal.grounds

    def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if path == "extension-requests":
            return self.letter(body)
        _, number, what = path.split("/")
        call: Callable[[int, Mapping[str, Any]], dict[str, Any]] = getattr(self, what)
        return call(int(number), body) | {
            "deadline": self.standing.deadline.isoformat(),
            "control": self.standing.control.value,
        }

    def letter(self, body: Mapping[str, Any]) -> dict[str, Any]:
        agreement = body.get("agreement")
        letter = Letter(
            kind=ExtensionKind(body["kind"]),
            submitted_on=day(body["submitted_on"]),
            asked_by="MIN-A",
            new_deadline=optional_day(body.get("new_deadline")),
            to_control=Control(body["to_control"]) if body.get("to_control") else None,
            current_state=body.get("current_state"),
            justification=body.get("justification"),
            responsible=tuple(ResponsiblePerson(**person) for person in body.get("responsible", ())),
            agreement=agreement
            and Agreement(AgreementGiver(agreement["by"]), day(agreement["agreed_on"]), agreement["reference"]),
        )
        refuse_if(letter_grounds(self.standing, letter, self.calendar, letter.submitted_on, by_executor=True))
        outcome = taken_in(self.standing, letter, self.calendar)
        assert letter.kind is not None
        assert letter.new_deadline is not None
        self.letters[outcome.number] = LetterTaken(
            kind=letter.kind,
            submitted_on=letter.submitted_on,
            new_deadline=letter.new_deadline,
            to_control=letter.to_control,
            asked_again=outcome.repeated,
            opinion_under=outcome.opinion_under,
            opinion_due=outcome.opinion_due.due if outcome.opinion_due else None,
        )
        self.standing = replace(self.standing, letters=outcome.number, undecided_letter=True)
        reviews = [
            event
            for event, raised in (
                ("DisciplinaryReviewRaised", outcome.disciplinary_review),
                ("PenaltyReviewRaised", outcome.penalty_review),
            )
            if raised
        ]
        return {
            "number": outcome.number,
            "addressed_to": outcome.addressed_to.value,
            "repeated": outcome.repeated,
            "opinion_due": outcome.opinion_due.due.isoformat() if outcome.opinion_due else None,
            "may_decide": [decider.value for decider in outcome.may_decide],
            "events": ["ExtensionRequested", *reviews],
        }

    def opinion(self, number: int, body: Mapping[str, Any]) -> dict[str, Any]:
        letter, issued_on = self.letters[number], day(body["issued_on"])
        said = {key: body.get(key) for key in ("unit", "supports", "text")}
        refuse_if(opinion_grounds(self.standing, letter, issued_on, issued_on, **said))
        self.letters[number] = replace(letter, opinion_on=issued_on)
        return {"late": opinion_late(letter, issued_on), "events": ["ExpertOpinionIssued"]}

    def grant(self, number: int, body: Mapping[str, Any]) -> dict[str, Any]:
        letter, decision = self.letters[number], self.decision(body)
        refuse_if(grant_grounds(self.standing, letter, decision, self.calendar, decision.decided_on))
        grant = granted(
            self.standing,
            letter,
            decision,
            proposals=self.proposals,
            calendar=self.calendar,
            today=decision.decided_on,
        )
        self.standing = replace(
            self.standing, deadline=grant.deadline, control=grant.control, grants=self.standing.grants + 1
        )
        event = "ControlTransferred" if letter.kind is ExtensionKind.TRANSFER else "ExtensionGranted"
        return self.decided(number, decision, event)

    def refusal(self, number: int, body: Mapping[str, Any]) -> dict[str, Any]:
        decision = self.decision(body)
        refuse_if(refusal_grounds(self.standing, self.letters[number], decision, decision.decided_on))
        return self.decided(number, decision, "ExtensionRefused")

    def decided(self, number: int, decision: Decision, event: str) -> dict[str, Any]:
        notice = notice_term(self.standing.rules, self.standing.origin, decision.decided_on, self.calendar)
        self.letters[number] = replace(self.letters[number], decided_on=decision.decided_on)
        self.standing = replace(self.standing, undecided_letter=False)
        return {
            "events": [event, "GovernmentDecisionNoticeDue"] if notice else [event],
            "notice_due": notice.due.isoformat() if notice else None,
        }

    def decision(self, body: Mapping[str, Any]) -> Decision:
        return Decision(
            decided_by=Decider(body["decided_by"]),
            decided_on=day(body["decided_on"]),
            new_deadline=optional_day(body.get("new_deadline")),
            exceptional_circumstances=body.get("exceptional_circumstances"),
            disciplinary_outcome=body.get("disciplinary_outcome"),
            reason=body.get("reason"),
        )


def test_the_desk_reports_every_ground_not_only_the_first() -> None:
    desk = Desk(EXTENSIONS[0]["assignment"])

    with pytest.raises(Refused) as refusal:
        desk.letter({"kind": "extension", "submitted_on": "2021-05-01", "new_deadline": "2021-04-01"})

    assert [(ground.reason, ground.of_payload) for ground in refusal.value.grounds] == [
        ("current-state-missing", True),
        ("justification-missing", True),
        ("responsible-persons-missing", True),
        ("responsible-persons-missing", True),
        ("letter-late", False),
        ("new-deadline-not-later", False),
    ]
    assert all(isinstance(ground, Ground) and ground.citation == "RK-703:103-3" for ground in refusal.value.grounds)

"""Every public event: named as designed, thin, described, and equal to its approved form."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from baqylau.contracts import PublicEvent, contract_of, contracts_of
from baqylau.contracts.base import contract
from baqylau.contracts.control import DeadlineMissed
from baqylau.contracts.notifications import NotificationSent
from baqylau.contracts.registry import DocumentWithdrawn
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import BaseModel, Field, ValidationError

from tests.contracts.approve import approved_path, forms
from tests.contracts.compatibility import incompatibilities, property_names
from tests.contracts.samples import SAMPLES

DESIGNED = {
    "secrecy-gate": (
        "OrganizationRegistered UnitEstablished UnitMoved UnitRegimeAssigned UnitDissolved EmployeePosted"
        " EmployeeReleased SegregationBreached"
    ),
    "registry": "DocumentRegistered DocumentCorrected DocumentWithdrawn",
    "control": (
        "AssignmentIssued ProposalSubmitted ProposalMissed ExtensionRequested ExpertOpinionIssued ExtensionGranted"
        " ControlTransferred ExtensionRefused ExecutionReported ExecutionReturned AssignmentCompleted"
        " AssignmentCorrected ExecutorReplaced AssignmentWithdrawn DeadlineMissed DeadlineMissRescinded OpinionMissed"
        " DisciplinaryReviewRaised PenaltyReviewRaised GovernmentDecisionNoticeDue GovernmentDecisionNoticeGiven"
        " NoticeMissed CalendarAmended TermsRederived"
    ),
    "notifications": "NotificationSent NotificationFailed",
}
EVENTS = [event for service in DESIGNED for event in contracts_of(service)]

PERSONAL_OR_CONTENT = """
    name names surname phone telephone email address birth position title text wording content subject comment note
    remark description state justification circumstances reason reference evidence signature signed secret sha256 digest
"""
PUBLIC_NAMES = {
    "baqylau.secrecy-gate.OrganizationRegistered.v1",
    "baqylau.secrecy-gate.UnitEstablished.v1",
    "baqylau.secrecy-gate.UnitRegimeAssigned.v1",
}


def personal_or_content_fields(event: type[BaseModel]) -> list[str]:
    return [
        f"{owner}.{name}"
        for owner, name in property_names(event.model_json_schema() | {"title": getattr(event, "event_type", str)()})
        if set(PERSONAL_OR_CONTENT.split()).intersection(name.split("_"))
        and not name.endswith("_code")
        and not (name == "names" and owner in PUBLIC_NAMES)
    ]


each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event_type())
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).event_type())


class TestTheEventsOfTheDesign:
    @pytest.mark.parametrize("service", DESIGNED)
    def test_each_service_emits_exactly_the_designed_events(self, service: str) -> None:
        assert sorted(event.__name__ for event in contracts_of(service)) == sorted(DESIGNED[service].split())

    @each_event
    def test_an_event_is_found_by_its_type_on_the_wire(self, event: type[PublicEvent]) -> None:
        assert contract_of(f"baqylau.{event.service}.{event.__name__}.v1") is event

    def test_an_unknown_type_is_nothing_to_fail_over(self) -> None:
        assert contract_of("baqylau.control.DeadlineMissed.v2") is None
        assert contracts_of("archive") == ()

    def test_a_type_can_not_be_taken_twice(self) -> None:
        class Impostor(DeadlineMissed):
            pass

        Impostor.__name__ = "DeadlineMissed"

        with pytest.raises(ValueError, match="defined twice"):
            contract(Impostor)
        assert contract_of("baqylau.control.DeadlineMissed.v1") is DeadlineMissed

    @each_event
    def test_an_event_and_each_of_its_fields_are_described(self, event: type[PublicEvent]) -> None:
        schema = event.json_schema()

        assert schema["description"]
        assert [name for name, field in schema["properties"].items() if not field.get("description")] == []


class TestThinness:
    @each_event
    def test_no_field_is_personal_or_content(self, event: type[PublicEvent]) -> None:
        assert personal_or_content_fields(event) == []

    def test_a_personal_field_would_be_noticed_however_deep(self) -> None:
        class Person(BaseModel):
            given_name: str
            post_code: str

        class Event(BaseModel):
            title: str
            signed_by: tuple[Person, ...] = Field(())
            names: str

        assert personal_or_content_fields(Event) == [".title", ".signed_by", ".names", "Person.given_name"]


class TestJson:
    def test_a_field_of_a_later_version_is_ignored_at_every_depth(self) -> None:
        event = next(sample for sample in SAMPLES if isinstance(sample, DeadlineMissed))
        later = json.loads(event.to_json())
        later["severity"] = {"grade": 3}
        later["executor"]["region"] = "ALA"

        assert DeadlineMissed.model_validate_json(json.dumps(later)) == event

    def test_an_event_can_not_be_changed(self) -> None:
        event = DocumentWithdrawn(document_id=uuid4(), organization="A", unit_id=uuid4(), withdrawn_on=date(2021, 3, 5))

        with pytest.raises(ValidationError, match="frozen"):
            event.organization = "B"  # type: ignore[misc]

    def test_an_instant_is_written_in_utc(self) -> None:
        event = next(sample for sample in SAMPLES if isinstance(sample, NotificationSent))
        almaty = datetime(2021, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=6)))

        parsed = NotificationSent.model_validate(event.model_dump() | {"sent_at": almaty})

        assert parsed.sent_at == datetime(2021, 3, 2, 4, 0, tzinfo=UTC)
        assert json.loads(parsed.to_json())["sent_at"] == "2021-03-02T04:00:00Z"

    def test_an_instant_without_a_zone_is_refused(self) -> None:
        event = next(sample for sample in SAMPLES if isinstance(sample, NotificationSent))

        with pytest.raises(ValidationError, match="timezone"):
            NotificationSent.model_validate(event.model_dump() | {"sent_at": "2021-03-02T04:00:00"})

    @each_event
    @pytest.mark.parametrize("malformed", [b"", b"null", b"[]", b"{", b"{}", b'{"document_id": 7}', b"\xff"])
    def test_what_is_not_the_event_is_refused(self, event: type[PublicEvent], malformed: bytes) -> None:
        with pytest.raises(ValidationError):
            event.model_validate_json(malformed)


class TestApprovedForms:
    def test_there_is_one_sample_for_each_event(self) -> None:
        assert sorted(type(sample).event_type() for sample in SAMPLES) == sorted(event.event_type() for event in EVENTS)

    @each_sample
    def test_the_approved_forms_are_those_of_today(self, sample: PublicEvent) -> None:
        """Red after a deliberate change: `python -m tests.contracts.approve`, and review what it wrote."""
        for what, text in forms(sample).items():
            assert approved_path(type(sample), what).read_text() == text, what

    @each_sample
    def test_the_full_sample_has_every_field(self, sample: PublicEvent) -> None:
        assert json.loads(sample.to_json()).keys() == type(sample).model_fields.keys()

    @each_event
    @pytest.mark.parametrize("what", ["full", "minimal"])
    def test_an_approved_sample_parses_and_writes_the_same_json(self, event: type[PublicEvent], what: str) -> None:
        approved = approved_path(event, what).read_bytes()

        parsed = event.model_validate_json(approved)

        assert json.loads(parsed.to_json()) == json.loads(approved)
        assert event.model_validate_json(parsed.to_json()) == parsed

    @each_event
    @pytest.mark.parametrize("what", ["full", "minimal"])
    def test_an_approved_sample_keeps_to_the_approved_schema(self, event: type[PublicEvent], what: str) -> None:
        schema = json.loads(approved_path(event, "schema").read_text())
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

        Draft202012Validator.check_schema(schema)
        assert list(validator.iter_errors(json.loads(approved_path(event, what).read_text()))) == []

    @each_event
    def test_a_contract_breaks_no_reader_of_its_approved_schema(self, event: type[PublicEvent]) -> None:
        approved = json.loads(approved_path(event, "schema").read_text())

        assert incompatibilities(approved, event.json_schema()) == []

    def test_nothing_is_approved_that_is_no_contract(self) -> None:
        expected = {approved_path(event, what) for event in EVENTS for what in ("full", "minimal", "schema")}

        assert {path for event in EVENTS for path in approved_path(event, "full").parent.iterdir()} == expected

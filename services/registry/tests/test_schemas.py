"""What the parser judges, and what it leaves to the law."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from registry.api.schemas import CorrectDocument, RegisterDocument
from registry.domain.values import Requisites

ORDINARY: dict[str, Any] = {
    "organization": "MIN-A",
    "unit_id": str(uuid4()),
    "kind": "order",
    "form": "paper",
    "classification": "public",
    "title": "Туралы",
    "language": "kk",
    "dated": "2021-03-01",
    "sheets": 1,
    "on_letterhead": True,
}


@pytest.mark.parametrize("empty", [{}, {"executor": None, "signature": None}, {"executor": {}, "signature": {}}])
def test_what_the_law_asks_for_may_be_missing_to_the_parser(empty: dict[str, Any]) -> None:
    requisites = Requisites.model_validate(RegisterDocument.model_validate(ORDINARY | empty))

    assert requisites.executor.surname is None
    assert requisites.signature.job_title is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "a\0b"),
        ("title", "\ud800"),
        ("title", "  "),
        ("title", "x" * 4001),
        ("executor", {"surname": "\0"}),
        ("executor", {"surname": "x", "middle_name": "y"}),
        ("signature", {"name": "x" * 301}),
        ("sheets", 0),
        ("sheets", 10**30),
        ("sheets", True),
        ("sheets", "1"),
        ("on_letterhead", 1),
        ("dated", 1614556800),
        ("dated", "1614556800"),
        ("dated", "2021-03-01T00:00:00"),
        ("dated", "2021-02-29"),
        ("language", "de"),
        ("content_sha256", "abc"),
        ("organization", "MIN A"),
        ("number", "A-01-2021/1"),
    ],
)
def test_what_can_not_be_stored_or_is_not_of_the_form_is_refused(field: str, value: object) -> None:
    RegisterDocument.model_validate(ORDINARY)

    with pytest.raises(ValidationError) as refused:
        RegisterDocument.model_validate(ORDINARY | {field: value})

    assert {error["loc"][0] for error in refused.value.errors()} == {field}


def test_a_correction_can_name_every_requisite_and_nothing_else() -> None:
    assert set(CorrectDocument.model_fields) - {"reason"} == set(Requisites.model_fields)


def test_a_correction_leaves_what_it_does_not_name_and_takes_away_what_it_names_null() -> None:
    body = CorrectDocument.model_validate({"reason": "қате", "addressee": None, "sheets": 2})

    assert body.given == {"addressee": None, "sheets": 2}


@pytest.mark.parametrize("field", sorted(set(Requisites.model_fields) - {"addressee", "answers_id"}))
def test_only_addressee_and_answer_can_be_taken_away(field: str) -> None:
    if field in ("executor", "signature"):
        body = CorrectDocument.model_validate({"reason": "қате", field: None})
        assert all(value is None for value in body.given[field].model_dump().values())
    else:
        with pytest.raises(ValidationError):
            CorrectDocument.model_validate({"reason": "қате", field: None})

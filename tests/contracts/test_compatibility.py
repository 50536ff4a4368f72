"""What may change in a contract without a new version, shown on small models."""

from datetime import date
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model

from tests.contracts.compatibility import incompatibilities


class Outcome(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


class MoreOutcomes(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"
    POSTPONED = "postponed"


class Party(BaseModel):
    organization: str


class PartyWithOptionalUnit(Party):
    unit: str | None = None


class PartyWithUnit(Party):
    unit: str


FIELDS: dict[str, Any] = {
    "outcome": (Outcome, ...),
    "due": (date, ...),
    "number": (int | None, None),
    "party": (Party, ...),
    "parties": (tuple[Party, ...], ...),
}


def schema(**changed: Any) -> dict[str, Any]:
    """The schema of the event with these fields changed; a field that becomes None is left out."""
    fields = {name: field for name, field in (FIELDS | changed).items() if field is not None}
    decided: type[BaseModel] = create_model("Decided", **fields)
    return decided.model_json_schema()


def test_a_contract_may_stay_as_it_is() -> None:
    assert incompatibilities(schema(), schema()) == []


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"late": (bool, False)}, id="an optional field more"),
        pytest.param({"late": (bool | None, None)}, id="a field more that may be absent"),
        pytest.param({"party": (PartyWithOptionalUnit, ...)}, id="an optional field more in a part"),
        pytest.param({"parties": (tuple[PartyWithOptionalUnit, ...], ...)}, id="the same in a list"),
        pytest.param({"due": (date, Field(description="Last day"))}, id="another description"),
    ],
)
def test_it_may_take_optional_fields_and_better_words(changed: dict[str, Any]) -> None:
    assert incompatibilities(schema(), schema(**changed)) == []


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        pytest.param({"late": (bool, ...)}, "/late", id="a required field more"),
        pytest.param({"due": None}, "/due", id="a required field less"),
        pytest.param({"number": None}, "/number", id="an optional field less"),
        pytest.param({"due": (str, ...)}, "/due", id="another type"),
        pytest.param({"due": (date | None, None)}, "/due", id="a required field that becomes optional"),
        pytest.param({"number": (int | None, ...)}, "/number", id="an optional field that becomes required"),
        pytest.param({"number": (int | str | None, None)}, "/number", id="a field that takes more types"),
        pytest.param({"outcome": (MoreOutcomes, ...)}, "/outcome", id="a word more in a vocabulary"),
        pytest.param({"party": (PartyWithUnit, ...)}, "/party/unit", id="a required field more in a part"),
        pytest.param({"parties": (tuple[PartyWithUnit, ...], ...)}, "/parties/items/unit", id="the same in a list"),
        pytest.param({"party": (tuple[Party, ...], ...)}, "/party", id="a list in place of one"),
        pytest.param({"due": (date, Field(alias="dueOn"))}, "/due", id="another name"),
    ],
)
def test_any_other_change_names_the_place(changed: dict[str, Any], where: str) -> None:
    found = incompatibilities(schema(), schema(**changed))

    assert found
    assert any(place.startswith(where) for place in found), found


def test_a_word_less_in_a_vocabulary_is_a_break_too() -> None:
    assert incompatibilities(schema(outcome=(MoreOutcomes, ...)), schema())


def test_fields_that_happen_to_be_called_like_annotations_are_looked_at() -> None:
    assert incompatibilities(schema(description=(str, ...)), schema(description=(int, ...)))
    assert incompatibilities(schema(title=(str, ...)), schema())

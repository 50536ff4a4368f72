"""Paragraph 2 is enforced in several places that may not import each other: they say the same."""

from itertools import product

import pytest
from baqylau import segregation
from baqylau.contracts.values import Classification, Regime
from registry.domain import paragraph_2 as of_registry
from secrecy_gate.domain import paragraph_2 as of_gate

SECRET, OPEN = Regime.CONFIDENTIAL, Regime.NON_CONFIDENTIAL
MAYBE = (None, *Regime)


def test_all_cite_the_same_paragraph() -> None:
    assert {segregation.CITATION, of_registry.CITATION, of_gate.CITATION} == {"RK-703:2"}


@pytest.mark.parametrize("classification", list(Classification))
@pytest.mark.parametrize("unit_has", list(Regime))
def test_the_registry_keeps_a_document_where_the_gate_permits_its_handling(
    classification: Classification, unit_has: Regime
) -> None:
    regime = of_registry.regime_of_classification(classification)

    kept = of_registry.classification_grounds(classification, unit_has) == ()

    assert kept is (of_gate.handling_permitted(regime, unit_has, ()) is None)


@pytest.mark.parametrize(
    ("asked", "unit_has", "serves", "reason"),
    [
        (SECRET, SECRET, (), None),
        (OPEN, OPEN, (OPEN,), None),
        (OPEN, None, (), "unit-regime-unknown"),
        (OPEN, SECRET, (), "unit-has-other-regime"),
        (SECRET, OPEN, (OPEN,), "unit-has-other-regime"),
        (SECRET, SECRET, (OPEN,), "employee-serves-other-regime"),
    ],
)
def test_handling_is_permitted_in_a_unit_of_the_records_regime_by_who_serves_no_other(
    asked: Regime, unit_has: Regime | None, serves: tuple[Regime, ...], reason: str | None
) -> None:
    assert of_gate.handling_permitted(asked, unit_has, serves) == reason


@pytest.mark.parametrize(("line", "states", "unit_has"), list(product(Regime, MAYBE, MAYBE)))
def test_the_audit_finds_what_the_gate_would_not_have_permitted_on_that_line(
    line: Regime, states: Regime | None, unit_has: Regime | None
) -> None:
    permitted = states is line and of_gate.handling_permitted(line, unit_has, ()) is None

    assert of_gate.record_breaches(line, states, unit_has) is not permitted

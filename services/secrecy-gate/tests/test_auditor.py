"""What the auditor makes of a record's attributes, whatever they are: it reports, and is never stopped by one."""

from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Regime
from baqylau.lines import Line
from hypothesis import given
from hypothesis.strategies import dictionaries, sampled_from, text
from secrecy_gate.api.audit_schemas import Finding as Reported
from secrecy_gate.auditor.check import findings

KNOWN, FOREIGN, DOCUMENT = uuid4(), uuid4(), uuid4()
LINE, PLACE = Line.NON_CONFIDENTIAL, "topic/0/7"


def attributes(**more: str) -> dict[str, str]:
    usual = {"type": "baqylau.registry.DocumentRegistered.v1", "subject": str(DOCUMENT), "regime": "non_confidential"}
    return usual | {"unitids": str(KNOWN)} | more


def found(headers: dict[str, str], known: set[UUID] | None = None) -> list[tuple[UUID, UUID, str | None]]:
    known = {KNOWN} if known is None else known
    return [(f.record_id, f.unit_id, f.record_regime) for f in findings(LINE, known, PLACE, "registry", headers)]


def test_a_record_of_the_line_in_a_unit_of_the_line_is_in_order() -> None:
    assert found(attributes()) == []


@pytest.mark.parametrize("regime", ["confidential", "", "Confidential", "non_confidential\0"])
def test_a_record_of_another_regime_is_reported_also_in_a_unit_that_is_known(regime: str) -> None:
    states = Regime.CONFIDENTIAL if regime == "confidential" else None

    assert found(attributes(regime=regime)) == [(DOCUMENT, KNOWN, states)]
    assert found(attributes(regime=regime, unitids="")) == [(DOCUMENT, UUID(int=0), states)]


def test_each_unit_that_is_not_known_is_reported() -> None:
    assert found(attributes(unitids=f"{KNOWN},{FOREIGN}")) == [(DOCUMENT, FOREIGN, Regime.NON_CONFIDENTIAL)]


@given(dictionaries(sampled_from(["type", "subject", "regime", "unitids", "id"]), text(max_size=200)))
def test_whatever_a_record_says_of_itself_its_finding_is_one_that_the_gate_takes(headers: dict[str, str]) -> None:
    for finding in findings(LINE, {KNOWN}, PLACE, "registry", headers):
        Reported.model_validate_json(
            Reported(
                recorded_by=finding.recorded_by,
                record_type=finding.record_type,
                record_id=finding.record_id,
                unit_id=finding.unit_id,
                record_regime=finding.record_regime,
            ).model_dump_json()
        )

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


def found(headers: dict[str, str], service: str = "registry") -> list[tuple[UUID, UUID, str | None]]:
    return [(f.record_id, f.unit_id, f.record_regime) for f in findings(LINE, {KNOWN}, PLACE, service, headers)]


def test_a_record_of_the_line_in_a_unit_of_the_line_is_in_order() -> None:
    assert found(attributes()) == []


@pytest.mark.parametrize("regime", ["confidential", "", "Confidential", "non_confidential\0"])
def test_a_record_of_another_regime_is_reported_also_in_a_unit_that_is_known(regime: str) -> None:
    states = Regime.CONFIDENTIAL if regime == "confidential" else None

    assert found(attributes(regime=regime)) == [(DOCUMENT, KNOWN, states)]
    assert found(attributes(regime=regime, unitids="")) == [(DOCUMENT, UUID(int=0), states)]


def test_each_unit_that_is_not_known_is_reported() -> None:
    assert found(attributes(unitids=f"{KNOWN},{FOREIGN}")) == [(DOCUMENT, FOREIGN, Regime.NON_CONFIDENTIAL)]


@pytest.mark.parametrize("units", ["", "garbage", f"{KNOWN},garbage", f"{KNOWN},", f"{KNOWN} ,"])
def test_a_record_that_does_not_say_its_units_is_reported_with_the_nil_unit(units: str) -> None:
    assert found(attributes(unitids=units)) == [(DOCUMENT, UUID(int=0), Regime.NON_CONFIDENTIAL)]
    assert found(attributes(unitids=units, type="of.somebody.v1")) == [(DOCUMENT, UUID(int=0), Regime.NON_CONFIDENTIAL)]


def test_what_concerns_no_unit_need_name_none() -> None:
    assert found(attributes(unitids="", type="baqylau.control.CalendarAmended.v1")) == []
    assert found(attributes(unitids="", type="baqylau.secrecy-gate.OrganizationRegistered.v1")) == []


def test_every_record_of_the_gate_is_put_to_the_gate() -> None:
    registered = attributes(unitids="", type="baqylau.secrecy-gate.OrganizationRegistered.v1")

    assert found(attributes(), "secrecy-gate") == [(DOCUMENT, KNOWN, Regime.NON_CONFIDENTIAL)]
    assert found(registered, "secrecy-gate") == [(DOCUMENT, UUID(int=0), Regime.NON_CONFIDENTIAL)]


@pytest.mark.parametrize(("stated", "position"), [("7", 7), ("", None), ("-1", None), ("7,7", None), ("9" * 19, None)])
def test_a_finding_says_where_its_record_says_that_it_stands(stated: str, position: int | None) -> None:
    finding = findings(LINE, (), PLACE, "registry", attributes(position=stated))[0]

    assert finding.position == position


@given(dictionaries(sampled_from(["type", "subject", "regime", "unitids", "id", "position"]), text(max_size=200)))
def test_whatever_a_record_says_of_itself_its_finding_is_one_that_the_gate_takes(headers: dict[str, str]) -> None:
    for finding in findings(LINE, {KNOWN}, PLACE, "registry", headers):
        Reported.model_validate_json(
            Reported(
                recorded_by=finding.recorded_by,
                record_type=finding.record_type,
                record_id=finding.record_id,
                unit_id=finding.unit_id,
                record_regime=finding.record_regime,
                position=finding.position,
            ).model_dump_json()
        )

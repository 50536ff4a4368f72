"""Segregation within one organization: the rules, the aggregate that carries them out, and the proof over its log."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Names, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.mapper import PydanticMapper
from baqylau.lines import Line
from baqylau.refusals import Refused
from eventsourcing.persistence import JSONTranscoder
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization
from secrecy_gate.domain.proof import Proof
from secrecy_gate.publications import publish
from secrecy_gate.verify import export_line, verify

CAUSE = Cause(actor="officer", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="c")
NAMES = Names(kk="Бөлім", ru="Отдел", en="Unit")
SECRET, OPEN = Regime.CONFIDENTIAL, Regime.NON_CONFIDENTIAL


@pytest.fixture
def ministry() -> Organization:
    organization = Organization(Organization.id_for("MIN-A"))
    organization.register("MIN-A", NAMES, OrganizationKind.STATE_BODY, territorial=False, cause=CAUSE)
    return organization


def unit(organization: Organization, code: str, parent: UUID | None = None, *, service: bool = False) -> UUID:
    return organization.establish(uuid4(), code, NAMES, parent, documentation_service=service, cause=CAUSE).id


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str | None, str]]:
    return [(ground.citation, ground.reason) for ground in refused.value.grounds]


def test_a_regime_given_anywhere_in_a_tree_is_stated_for_every_unit_of_it(ministry: Organization) -> None:
    top = unit(ministry, "1")
    middle = unit(ministry, "1.1", top)
    leaf = unit(ministry, "1.1.1", middle)
    other = unit(ministry, "2")

    ministry.assign_regime(middle, SECRET, CAUSE)

    assert {id_: ministry.units[id_].regime for id_ in (top, middle, leaf, other)} == {
        top: SECRET,
        middle: SECRET,
        leaf: SECRET,
        other: None,
    }


def test_a_line_is_not_told_of_a_unit_dissolved_before_its_tree_had_a_regime_when_that_tree_moves(
    ministry: Organization,
) -> None:
    top = unit(ministry, "1")
    middle = unit(ministry, "1.1", top)
    leaf = unit(ministry, "1.1.1", middle)
    gone = unit(ministry, "1.1.2", middle)
    ministry.dissolve(gone, "r", date(2021, 3, 1), has_postings=False, cause=CAUSE)
    ministry.assign_regime(top, OPEN, CAUSE)
    ministry.collect_events()

    ministry.move(middle, None, CAUSE)

    (event,) = ministry.collect_events()
    said = publish(event)
    assert said is not None
    assert set(said.unit_ids) == {middle, leaf}
    assert set(getattr(said.event, "moved_unit_ids")) == {middle, leaf}  # noqa: B009
    assert ministry.root_of(gone) == middle


def test_a_tree_takes_no_second_regime_and_the_same_again_is_nothing_new(ministry: Organization) -> None:
    top = unit(ministry, "1")
    leaf = unit(ministry, "1.1", top)
    ministry.assign_regime(top, SECRET, CAUSE)
    ministry.collect_events()

    ministry.assign_regime(leaf, SECRET, CAUSE)
    with pytest.raises(Refused) as refused:
        ministry.assign_regime(leaf, OPEN, CAUSE)

    assert reasons(refused) == [("RK-703:2", "unit-tree-has-other-regime")]
    assert ministry.collect_events() == []


def test_a_unit_that_joins_a_tree_with_a_regime_is_told_it_at_once(ministry: Organization) -> None:
    top = unit(ministry, "1")
    ministry.assign_regime(top, OPEN, CAUSE)
    ministry.collect_events()

    joined = unit(ministry, "1.1", top)

    assert [type(event).__name__ for event in ministry.collect_events()] == ["UnitEstablished", "UnitRegimeAssigned"]
    assert ministry.units[joined].regime is OPEN


def test_a_unit_moves_only_between_trees_of_one_regime_or_out_of_none(ministry: Organization) -> None:
    secret, opened, none = unit(ministry, "1"), unit(ministry, "2"), unit(ministry, "3")
    under_none = unit(ministry, "3.1", none)
    ministry.assign_regime(secret, SECRET, CAUSE)
    ministry.assign_regime(opened, OPEN, CAUSE)

    for moved, target in ((secret, opened), (opened, secret), (secret, none)):
        with pytest.raises(Refused) as refused:
            ministry.move(moved, target, CAUSE)
        assert reasons(refused) == [("RK-703:2", "regimes-differ")]
    ministry.move(none, secret, CAUSE)

    assert ministry.units[under_none].regime is SECRET
    assert ministry.root_of(under_none) == secret


def test_a_unit_does_not_move_under_itself(ministry: Organization) -> None:
    top = unit(ministry, "1")
    leaf = unit(ministry, "1.1", top)

    with pytest.raises(Refused) as refused:
        ministry.move(top, leaf, CAUSE)

    assert reasons(refused) == [(None, "unit-moved-under-itself")]


def test_an_organization_has_one_documentation_service_for_each_regime(ministry: Organization) -> None:
    first, second, third = (unit(ministry, code, service=True) for code in "123")
    ministry.assign_regime(first, OPEN, CAUSE)
    ministry.assign_regime(second, SECRET, CAUSE)

    with pytest.raises(Refused) as by_regime:
        ministry.assign_regime(third, OPEN, CAUSE)
    with pytest.raises(Refused) as by_move:
        ministry.move(third, second, CAUSE)
    with pytest.raises(Refused) as by_birth:
        unit(ministry, "1.1", first, service=True)

    for refused in (by_regime, by_move, by_birth):
        assert reasons(refused) == [("RK-703:2", "documentation-service-exists")]


def test_a_unit_with_sub_units_or_employees_is_not_dissolved(ministry: Organization) -> None:
    top = unit(ministry, "1")
    leaf = unit(ministry, "1.1", top)

    with pytest.raises(Refused) as refused:
        ministry.dissolve(top, "қайта құру", date(2021, 3, 1), has_postings=True, cause=CAUSE)
    ministry.dissolve(leaf, "қайта құру", date(2021, 3, 1), has_postings=False, cause=CAUSE)
    ministry.dissolve(top, "қайта құру", date(2021, 3, 1), has_postings=False, cause=CAUSE)

    assert reasons(refused) == [(None, "unit-has-sub-units"), (None, "unit-has-postings")]
    assert ministry.units[top].dissolved_on == date(2021, 3, 1)


def test_an_employee_serves_units_of_one_regime_at_one_time() -> None:
    employee = Employee(uuid4())
    person, first, second = uuid4(), uuid4(), uuid4()

    def post(unit_id: UUID, regime: Regime | None) -> UUID:
        posting = uuid4()
        employee.post(posting, person, unit_id, "MIN-A", regime, dissolved=False, cause=CAUSE)
        return posting

    held = post(first, SECRET)
    with pytest.raises(Refused) as other:
        post(second, OPEN)
    with pytest.raises(Refused) as none:
        post(second, None)
    employee.release(held, person, CAUSE)
    employee.release(held, person, CAUSE)
    post(second, OPEN)

    assert reasons(other) == [("RK-703:2", "employee-serves-other-regime")]
    assert reasons(none) == [("RK-703:2", "unit-regime-unknown")]
    assert [type(event).__name__ for event in employee.collect_events()] == [
        "EmployeePosted",
        "EmployeeReleased",
        "EmployeePosted",
    ]


def test_a_line_hears_of_the_units_of_its_own_regime_alone(ministry: Organization) -> None:
    top = unit(ministry, "1")
    unit(ministry, "2")
    ministry.assign_regime(top, SECRET, CAUSE)
    ministry.move(unit(ministry, "1.1", top), None, CAUSE)

    told = {line: [] for line in Line}  # type: dict[Line, list[str]]
    for event in ministry.collect_events():
        publication = publish(event)
        assert publication is not None
        for line in publication.lines:
            told[line].append(type(publication.event).__name__)

    assert told[Line.NON_CONFIDENTIAL] == ["OrganizationRegistered"]
    assert told[Line.CONFIDENTIAL] == [
        "OrganizationRegistered",
        "UnitRegimeAssigned",
        "UnitRegimeAssigned",
        "UnitMoved",
    ]
    assert len(told[Line.GATE]) == 7


def test_the_reason_for_dissolving_a_unit_does_not_become_public(ministry: Organization) -> None:
    leaf = unit(ministry, "1")
    ministry.dissolve(leaf, "құпия себеп", date(2021, 3, 1), has_postings=False, cause=CAUSE)

    publication = publish(ministry.collect_events()[-1])

    assert publication is not None
    assert "себеп" not in publication.event.to_json().decode()


def test_the_proof_shows_the_one_regime_of_each_tree_and_the_event_that_gave_it(ministry: Organization) -> None:
    top = unit(ministry, "1")
    ministry.assign_regime(top, SECRET, CAUSE)
    proof = Proof()

    for position, event in enumerate(ministry.collect_events(), start=1):
        proof.follow(position, event)

    assert proof.holds
    assert [(held.regime, held.since.position) for held in proof.trees[top].held] == [(SECRET, 3)]


def test_the_proof_fails_on_a_planted_breach(ministry: Organization) -> None:
    top = unit(ministry, "1")
    leaf = unit(ministry, "1.1", top)
    ministry.assign_regime(top, SECRET, CAUSE)
    planted = {
        "unit_id": leaf,
        "organization": "MIN-A",
        "code": "1.1",
        "names": NAMES,
        "parent_id": top,
        "root_id": top,
        "documentation_service": False,
        "regime": OPEN,
    }
    ministry.trigger(Organization.UnitRegimeAssigned, CAUSE, **planted)
    proof = Proof()

    for position, event in enumerate(ministry.collect_events(), start=1):
        proof.follow(position, event)

    assert [failure.reason for failure in proof.failures] == ["unit-changed-its-regime", "tree-holds-two-regimes"]
    assert proof.failures[0].shown_by.position == 6


def exported(organization: Organization) -> list[bytes]:
    mapper, digest, lines = PydanticMapper(JSONTranscoder()), GENESIS, []
    for position, event in enumerate(organization.collect_events(), start=1):
        stored = mapper.to_stored_event(event)
        digest = link(digest, position, stored)
        lines.append(export_line(position, stored, digest))
    return lines


def test_an_exported_proof_is_checked_without_the_gate(ministry: Organization) -> None:
    ministry.assign_regime(unit(ministry, "1"), SECRET, CAUSE)

    found = verify(lines := exported(ministry), lines[-1].decode().split('"digest":"')[1][:64])

    assert found.failures == ()
    assert (found.events, found.trees) == (3, 1)


def test_an_exported_log_that_was_changed_cut_or_reordered_fails(ministry: Organization) -> None:
    ministry.assign_regime(unit(ministry, "1"), SECRET, CAUSE)
    lines = exported(ministry)
    digest = lines[-1].decode().split('"digest":"')[1][:64]

    changed = verify([lines[0], lines[1].replace(b"1", b"2", 1), lines[2]])
    without_one = verify([lines[0], lines[2]])
    cut = verify(lines[:2], digest)
    reordered = verify([lines[1], lines[0], lines[2]])

    assert all(found.failures for found in (changed, without_one, cut, reordered))

"""How far trees and organizations reach, and that what is far out costs no more than it must."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Names, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.messaging.envelope import attributes, encode
from baqylau.refusals import Refused
from pydantic import ValidationError
from secrecy_gate.api.schemas import RegisterOrganization
from secrecy_gate.domain.organization import MAX_LEVELS, MAX_UNITS, Organization
from secrecy_gate.domain.proof import Proof
from secrecy_gate.publications import publish

CAUSE = Cause(actor="officer", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="c")
NAMES = Names(kk="Б", ru="О", en="U")
BROKERS_LIMIT = 1024 * 1024


@pytest.fixture
def ministry() -> Organization:
    organization = Organization(Organization.id_for("MIN-A"))
    organization.register("MIN-A", NAMES, OrganizationKind.STATE_BODY, territorial=False, cause=CAUSE)
    return organization


def unit(organization: Organization, parent: UUID | None = None) -> UUID:
    made = uuid4()
    organization.establish(made, str(made), NAMES, parent, documentation_service=False, cause=CAUSE)
    return made


def chain(organization: Organization, levels: int) -> list[UUID]:
    made = [unit(organization)]
    while len(made) < levels:
        made.append(unit(organization, made[-1]))
    return made


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [ground.reason for ground in refused.value.grounds]


def test_a_tree_has_so_many_levels_and_no_more(ministry: Organization) -> None:
    deepest = chain(ministry, MAX_LEVELS)

    with pytest.raises(Refused) as below:
        unit(ministry, deepest[-1])
    ministry.assign_regime(deepest[-1], Regime.CONFIDENTIAL, CAUSE)

    assert reasons(below) == ["unit-tree-too-deep"]
    assert ministry.units[deepest[0]].regime is Regime.CONFIDENTIAL


def test_a_tree_is_not_moved_to_where_it_would_be_too_deep(ministry: Organization) -> None:
    upper, lower = chain(ministry, MAX_LEVELS - 2), chain(ministry, 3)

    with pytest.raises(Refused) as refused:
        ministry.move(lower[0], upper[-1], CAUSE)
    ministry.move(lower[1], upper[-1], CAUSE)

    assert reasons(refused) == ["unit-tree-too-deep"]
    assert ministry.root_of(lower[2]) == upper[0]


def test_moving_the_largest_organization_there_can_be_fits_into_a_record(ministry: Organization) -> None:
    other = unit(ministry)
    top = unit(ministry)
    for _ in range(MAX_UNITS - 2):
        unit(ministry, top)
    with pytest.raises(Refused) as one_more:
        unit(ministry, top)
    ministry.collect_events()

    ministry.move(top, other, CAUSE)

    event = ministry.collect_events()[0]
    publication = publish(event)
    assert publication is not None
    header = sum(len(value) for value in attributes(publication, event, publication.lines[0]).values())
    assert header + len(encode(publication)) < BROKERS_LIMIT * 0.9
    assert reasons(one_more) == ["organization-has-too-many-units"]


def established(made: UUID, parent: UUID | None, root: UUID) -> Organization.UnitEstablished:
    return Organization.UnitEstablished(
        originator_id=Organization.id_for("MIN-A"),
        originator_version=1,
        cause=CAUSE,
        unit_id=made,
        organization="MIN-A",
        code=str(made),
        names=NAMES,
        parent_id=parent,
        root_id=root,
        documentation_service=False,
    )


def moved(tree: list[UUID], to: UUID | None, previous: UUID) -> Organization.UnitMoved:
    return Organization.UnitMoved(
        originator_id=Organization.id_for("MIN-A"),
        originator_version=1,
        cause=CAUSE,
        unit_id=tree[0],
        organization="MIN-A",
        parent_id=to,
        previous_root_id=previous,
        root_id=to or tree[0],
        moved_unit_ids=tuple(tree),
        regime=None,
    )


def regime_given(made: UUID, parent: UUID | None, root: UUID, regime: Regime) -> Organization.UnitRegimeAssigned:
    said = established(made, parent, root).model_dump(exclude={"cause"})
    return Organization.UnitRegimeAssigned(**said, cause=CAUSE, regime=regime)


def test_the_proof_follows_a_log_with_a_tree_far_deeper_than_the_gate_makes_one() -> None:
    """Whoever checks an export doesn't know who wrote it."""
    deep, beside = [uuid4() for _ in range(5000)], uuid4()
    above = [None, *deep[:-1]]
    proof, log = Proof(), iter(range(1, 100_000))
    for made, parent in zip(deep, above, strict=True):
        proof.follow(next(log), established(made, parent, deep[0]))
    proof.follow(next(log), established(beside, None, beside))
    proof.follow(next(log), moved(deep, beside, deep[0]))
    proof.follow(next(log), moved(deep, None, beside))
    for made, parent in zip(deep, above, strict=True):
        proof.follow(next(log), regime_given(made, parent, deep[0], Regime.CONFIDENTIAL))

    assert proof.holds
    assert len(proof.trees[deep[0]].units) == 5000

    proof.follow(next(log), regime_given(deep[-1], deep[-2], deep[0], Regime.NON_CONFIDENTIAL))

    assert {failure.reason for failure in proof.failures} == {"unit-changed-its-regime", "tree-holds-two-regimes"}


@pytest.mark.parametrize("kk", ["", "ұ" * 501, None, 1])
def test_a_name_is_text_of_a_bounded_length(kk: object) -> None:
    body = {"code": "A", "names": {"kk": kk, "ru": "О", "en": "O"}, "kind": "state_body", "territorial": False}

    with pytest.raises(ValidationError):
        RegisterOrganization.model_validate(body)
    with pytest.raises(ValidationError):
        RegisterOrganization.model_validate(body | {"names": {"kk": "Ұ", "ru": "О", "en": "O", "de": "O"}})

"""43: the note on the executor and the addressee, on paper and electronically, in ordinary and security bodies."""

from collections.abc import Callable

import pytest
from baqylau.contracts.values import DocumentForm, DocumentKind, OrganizationKind
from baqylau.refusals import Ground
from baqylau.segregation import KnownOrganization
from hypothesis import given
from hypothesis import strategies as st
from registry.domain import paragraph_43
from registry.domain.paragraph_43 import part_4_sub_10, part_5_sub_8, part_5_sub_11
from registry.domain.values import Addressee, Circumstances, Executor, Requisites

BODY, ORGANIZATION = OrganizationKind.STATE_BODY, OrganizationKind.ORGANIZATION
COMMITTEE, SECURITY = OrganizationKind.NATIONAL_SECURITY_COMMITTEE, OrganizationKind.NATIONAL_SECURITY_BODY
SURNAME, GIVEN, PHONE = "executor.surname", "executor.given_name", "executor.phone"


def fields(grounds: tuple[Ground, ...]) -> list[str | None]:
    return [ground.field for ground in grounds]


@pytest.mark.parametrize(
    ("executor", "kind", "lacking"),
    [
        (Executor(surname="Ахметов", phone="74 00 00"), BODY, []),
        (Executor(surname="Ахметов"), BODY, [PHONE]),
        (Executor(phone="74 00 00"), ORGANIZATION, [SURNAME]),
        (Executor(surname=" ", given_name="Асан", phone="\t"), BODY, [SURNAME, PHONE]),
        (Executor(), BODY, [SURNAME, PHONE]),
        (Executor(), None, [SURNAME, PHONE]),
        (Executor(surname="Ахметов", phone="74 00 00"), SECURITY, [GIVEN]),
        (Executor(surname="Ахметов", phone="74 00 00"), COMMITTEE, [GIVEN]),
        (Executor(surname="Ахметов", given_name="Асан", phone="74 00 00"), COMMITTEE, []),
        (Executor(), SECURITY, [SURNAME, GIVEN, PHONE]),
    ],
)
def test_paper_asks_for_surname_and_telephone_and_in_security_bodies_for_the_full_name(
    executor: Executor, kind: OrganizationKind | None, lacking: list[str]
) -> None:
    assert fields(part_4_sub_10(executor, kind)) == lacking


@pytest.mark.parametrize(
    ("executor", "kind", "lacking"),
    [
        (Executor(surname="Ахметов"), BODY, []),
        (Executor(given_name="Асан", phone="74 00 00"), BODY, [SURNAME]),
        (Executor(surname="Ахметов"), SECURITY, [GIVEN]),
        (Executor(given_name="Асан"), COMMITTEE, [SURNAME]),
        (Executor(surname="Ахметов", given_name="Асан"), SECURITY, []),
    ],
)
def test_electronically_no_telephone_is_asked_for(
    executor: Executor, kind: OrganizationKind, lacking: list[str]
) -> None:
    assert fields(part_5_sub_11(executor, kind)) == lacking


@pytest.mark.parametrize(
    ("addressee", "kind", "reasons"),
    [
        (None, None, ["addressee-missing"]),
        (Addressee(organization="MIN-B"), BODY, []),
        (Addressee(), None, ["addressee-organization-missing"]),
        (Addressee(organization=" "), None, ["addressee-organization-missing"]),
        (Addressee(territorial=True), None, []),
        (Addressee(organization="TERR", territorial=True), BODY, []),
        (Addressee(organization="KNB"), COMMITTEE, ["addressee-unit-code-missing"]),
        (Addressee(organization="KNB", territorial=True), COMMITTEE, ["addressee-unit-code-missing"]),
        (Addressee(organization="KNB", unit_code="5-2"), COMMITTEE, []),
        (Addressee(unit_code="5-2"), None, []),
        (Addressee(organization="SGO", unit_code="5-2"), SECURITY, ["unit-code-outside-national-security-committee"]),
        (Addressee(organization="MIN-B", unit_code="5"), BODY, ["unit-code-outside-national-security-committee"]),
        (Addressee(organization="SGO"), SECURITY, []),
    ],
)
def test_an_electronic_letter_names_the_body_or_the_code_of_the_committees_unit(
    addressee: Addressee | None, kind: OrganizationKind | None, reasons: list[str]
) -> None:
    found = part_5_sub_8(DocumentKind.LETTER, addressee, kind)

    assert [ground.reason for ground in found] == reasons


@pytest.mark.parametrize("kind", set(DocumentKind) - {DocumentKind.LETTER})
def test_only_a_letter_must_have_an_addressee_but_any_that_is_there_is_judged(kind: DocumentKind) -> None:
    assert part_5_sub_8(kind, None, None) == ()
    assert part_5_sub_8(kind, Addressee(), None) != ()


def test_the_form_chooses_the_profile(
    requisites: Callable[..., Requisites], circumstances: Callable[..., Circumstances]
) -> None:
    bare = {"kind": DocumentKind.LETTER, "executor": Executor(surname="Ахметов")}

    on_paper = paragraph_43.grounds(requisites(form=DocumentForm.PAPER, **bare), circumstances())
    electronic = paragraph_43.grounds(requisites(form=DocumentForm.ELECTRONIC, **bare), circumstances())

    assert fields(on_paper) == [PHONE]
    assert fields(electronic) == ["addressee"]


texts = st.none() | st.sampled_from(["", "  ", "а", "Ахметов"])
executors = st.builds(Executor, surname=texts, given_name=texts, phone=texts)


@given(executor=executors, kind=st.sampled_from(OrganizationKind))
def test_each_missing_element_has_one_ground_of_its_own_cited_and_of_the_payload(
    executor: Executor, kind: OrganizationKind
) -> None:
    found = part_4_sub_10(executor, kind)

    asked = {SURNAME, PHONE} | ({GIVEN} if kind in (COMMITTEE, SECURITY) else set())
    missing = {field for field in asked if not (getattr(executor, field.removeprefix("executor.")) or "").strip()}
    assert sorted(map(str, fields(found))) == sorted(missing)
    assert all(ground.citation == "RK-703:43" and ground.of_payload for ground in found)


@given(executor=executors, kind=st.sampled_from(OrganizationKind))
def test_paper_never_asks_for_less_than_electronic(executor: Executor, kind: OrganizationKind) -> None:
    assert set(part_5_sub_11(executor, kind)) <= set(part_4_sub_10(executor, kind))


def test_a_national_security_body_is_told_by_the_organizations_kind(
    requisites: Callable[..., Requisites], circumstances: Callable[..., Circumstances]
) -> None:
    security = KnownOrganization("SGO", SECURITY, territorial=False)

    assert paragraph_43.grounds(requisites(), circumstances()) == ()
    assert fields(paragraph_43.grounds(requisites(), circumstances(organization=security))) == [GIVEN]

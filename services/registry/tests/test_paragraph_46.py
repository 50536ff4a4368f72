"""46 part 16: the signature of an order of one sheet on letterhead, and of every other order."""

from collections.abc import Callable

import pytest
from baqylau.contracts.values import DocumentKind
from hypothesis import given
from hypothesis import strategies as st
from registry.domain import paragraph_46
from registry.domain.paragraph_46 import part_16, signatory
from registry.domain.values import Requisites, Signature

FULL = Signature(name="Сапаров", job_title="Қазақстан Республикасының министрі")
SHORT = Signature(name="Сапаров", short_title="Министр")
BARE = Signature(name="Сапаров")
BOTH = Signature(name="Сапаров", job_title="Қазақстан Республикасының министрі", short_title="Министр")


@pytest.mark.parametrize(
    ("sheets", "on_letterhead", "signature", "reasons"),
    [
        (1, True, FULL, ["job-title-on-one-sheet-order"]),
        (1, True, BOTH, ["job-title-on-one-sheet-order"]),
        (1, True, SHORT, []),
        (1, True, BARE, []),
        (1, True, Signature(name="Сапаров", job_title="  "), []),
        (1, False, FULL, []),
        (1, False, SHORT, ["job-title-missing"]),
        (2, True, FULL, []),
        (2, True, BARE, ["job-title-missing"]),
        (2, False, Signature(name="Сапаров", job_title=" "), ["job-title-missing"]),
    ],
)
def test_only_a_one_sheet_order_on_letterhead_goes_without_the_full_job_title(
    sheets: int, on_letterhead: bool, signature: Signature, reasons: list[str]
) -> None:
    found = part_16(sheets, signature, on_letterhead=on_letterhead)

    assert [(ground.citation, ground.reason) for ground in found] == [("RK-703:46", reason) for reason in reasons]


@given(sheets=st.integers(1, 1000), on_letterhead=st.booleans())
def test_of_an_order_with_and_the_same_without_full_job_title_exactly_one_is_lawful(
    sheets: int, on_letterhead: bool
) -> None:
    with_title = part_16(sheets, FULL, on_letterhead=on_letterhead)
    without = part_16(sheets, SHORT, on_letterhead=on_letterhead)

    assert (with_title == ()) != (without == ())


@pytest.mark.parametrize("kind", set(DocumentKind) - {DocumentKind.ORDER})
def test_of_other_kinds_no_job_title_is_asked_for_or_forbidden(
    kind: DocumentKind, requisites: Callable[..., Requisites]
) -> None:
    for signature in (FULL, BARE):
        assert paragraph_46.grounds(requisites(kind=kind, sheets=1, signature=signature)) == ()


def test_an_order_without_any_signature_has_a_ground_for_each_missing_element(
    requisites: Callable[..., Requisites],
) -> None:
    found = paragraph_46.grounds(requisites(kind=DocumentKind.ORDER, signature=Signature()))

    assert [ground.field for ground in found] == ["signature.name", "signature.job_title"]
    assert all(ground.of_payload for ground in found)


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_signature_names_who_signed(name: str | None) -> None:
    assert [ground.reason for ground in signatory(Signature(name=name))] == ["signature-name-missing"]

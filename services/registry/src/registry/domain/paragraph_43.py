"""Paragraph 43: requisites of a document, part 4 on paper and part 5 electronic.

Each function answers one ground for each missing element.
"""

from baqylau.contracts.values import DocumentForm, DocumentKind, OrganizationKind
from baqylau.refusals import Ground

from registry.domain.values import Addressee, Circumstances, Executor, Requisites, blank

CITATION = "RK-703:43"

NATIONAL_SECURITY_BODIES = frozenset(
    {OrganizationKind.NATIONAL_SECURITY_COMMITTEE, OrganizationKind.NATIONAL_SECURITY_BODY}
)


def grounds(requisites: Requisites, circumstances: Circumstances) -> tuple[Ground, ...]:
    """By the profile of the document's form. Reading: part 4 is the profile of paper, part 5 the electronic one."""
    kind = circumstances.organization_kind
    if requisites.form is DocumentForm.PAPER:
        return part_4_sub_10(requisites.executor, kind)
    return (
        *part_5_sub_8(requisites.kind, requisites.addressee, circumstances.addressee_kind),
        *part_5_sub_11(requisites.executor, kind),
    )


def part_4_sub_10(executor: Executor, organization: OrganizationKind | None) -> tuple[Ground, ...]:
    """Paper, note on the executor: surname and telephone; in national security bodies full name and telephone."""
    return _name_grounds(executor, organization) + _missing(executor.phone, "executor-phone", "executor.phone")


def part_5_sub_8(
    kind: DocumentKind, addressee: Addressee | None, addressee_kind: OrganizationKind | None
) -> tuple[Ground, ...]:
    """Electronic: the name of the addressee state body, territorial bodies excepted; in the National Security
    Committee units are named by their codes.

    Reading: of the kinds of documents a letter is the one that is sent to somebody, so it has an addressee; another
    document may go without one, and where it has one, that is judged alike.
    Reading: a body is named by its organization's code. The Committee is addressed by a unit's code; the codes are the
    Committee's alone, so one without an organization is enough, and one in another organization is none.
    """
    if addressee is None:
        return (_ground("addressee-missing", "addressee"),) if kind is DocumentKind.LETTER else ()
    has_code = not blank(addressee.unit_code)
    if addressee_kind is OrganizationKind.NATIONAL_SECURITY_COMMITTEE:
        return () if has_code else (_ground("addressee-unit-code-missing", "addressee.unit_code"),)
    if has_code and addressee_kind is not None:
        return (_ground("unit-code-outside-national-security-committee", "addressee.unit_code"),)
    if has_code or addressee.territorial:
        return ()
    return _missing(addressee.organization, "addressee-organization", "addressee.organization")


def part_5_sub_11(executor: Executor, organization: OrganizationKind | None) -> tuple[Ground, ...]:
    """Electronic: the executor's surname; in national security bodies the executor's full name."""
    return _name_grounds(executor, organization)


def _name_grounds(executor: Executor, organization: OrganizationKind | None) -> tuple[Ground, ...]:
    """The full name is surname and given name."""
    surname = _missing(executor.surname, "executor-surname", "executor.surname")
    if organization in NATIONAL_SECURITY_BODIES:
        return surname + _missing(executor.given_name, "executor-given-name", "executor.given_name")
    return surname


def _missing(text: str | None, element: str, field: str) -> tuple[Ground, ...]:
    return (_ground(f"{element}-missing", field),) if blank(text) else ()


def _ground(reason: str, field: str) -> Ground:
    return Ground(CITATION, reason, field, of_payload=True)

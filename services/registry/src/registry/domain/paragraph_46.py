"""Paragraph 46: the signature requisite."""

from baqylau.contracts.values import DocumentKind
from baqylau.refusals import Ground

from registry.domain.values import Requisites, Signature, blank

CITATION = "RK-703:46"


def grounds(requisites: Requisites) -> tuple[Ground, ...]:
    """What the signature lacks, or has too much."""
    found = signatory(requisites.signature)
    if requisites.kind is DocumentKind.ORDER:
        found += part_16(requisites.sheets, requisites.signature, on_letterhead=requisites.on_letterhead)
    return found


def signatory(signature: Signature) -> tuple[Ground, ...]:
    """Reading: a signature requisite names at least who signed."""
    if blank(signature.name):
        return (Ground(CITATION, "signature-name-missing", "signature.name", of_payload=True),)
    return ()


def part_16(sheets: int, signature: Signature, *, on_letterhead: bool) -> tuple[Ground, ...]:
    """An order of one sheet on the organization's letterhead: the signature doesn't carry the full job title.

    Reading: there the full one must be absent, and a short one may stand; in every other order it must be there.
    """
    carries = not blank(signature.job_title)
    if sheets == 1 and on_letterhead:
        if carries:
            return (Ground(CITATION, "job-title-on-one-sheet-order", "signature.job_title", of_payload=True),)
        return ()
    if not carries:
        return (Ground(CITATION, "job-title-missing", "signature.job_title", of_payload=True),)
    return ()

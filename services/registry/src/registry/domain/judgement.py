"""All grounds against an act on a document, those of the law and those of the state, in one list."""

from collections.abc import Sequence

from baqylau.refusals import Ground, Refused, refuse_if
from baqylau.segregation import PermittedUnit

from registry.domain import paragraph_2, paragraph_43, paragraph_46
from registry.domain.values import Circumstances, Requisites, blank

CITATIONS = (paragraph_2.CITATION, paragraph_43.CITATION, paragraph_46.CITATION)
"""What a registered document has been judged by."""


def accept(unit: PermittedUnit | Ground, others: Sequence[Ground]) -> PermittedUnit:
    """The unit, where neither it nor anything else speaks against the act. Raises `Refused` with every ground."""
    if isinstance(unit, Ground):
        raise Refused([unit, *others])
    refuse_if(others)
    return unit


def grounds(requisites: Requisites, circumstances: Circumstances) -> tuple[Ground, ...]:
    """Why a document with these requisites may not be kept. Empty: it may."""
    return (
        *paragraph_2.classification_grounds(requisites.classification, circumstances.regime),
        *paragraph_43.grounds(requisites, circumstances),
        *paragraph_46.grounds(requisites),
        *_date_grounds(requisites, circumstances),
        *_known_grounds(requisites, circumstances),
    )


def _date_grounds(requisites: Requisites, circumstances: Circumstances) -> tuple[Ground, ...]:
    if requisites.dated > circumstances.today:
        return (Ground(None, "dated-in-the-future", "dated", of_payload=True),)
    return ()


def _known_grounds(requisites: Requisites, circumstances: Circumstances) -> tuple[Ground, ...]:
    """Whoever and whatever the document names must be known here (yet)."""
    found = []
    if circumstances.organization is None:
        found.append(Ground(None, "organization-unknown", "organization"))
    addressee = requisites.addressee
    if addressee is not None and not blank(addressee.organization) and circumstances.addressee is None:
        found.append(Ground(None, "organization-unknown", "addressee.organization"))
    if requisites.answers_id is not None and not circumstances.answered_is_known:
        found.append(Ground(None, "document-unknown", "answers_id"))
    return tuple(found)

"""An ordinary document and its circumstances, which a test changes in the one respect that it is about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Classification, DocumentForm, DocumentKind, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.segregation import KnownOrganization, PermittedUnit
from registry.domain.document import Document
from registry.domain.journal import Journal
from registry.domain.values import Circumstances, Executor, Language, Requisites, Signature

TODAY = date(2021, 3, 2)
MIN_A = KnownOrganization("MIN-A", OrganizationKind.STATE_BODY, territorial=False)


@pytest.fixture
def cause() -> Cause:
    return Cause(actor="registrar-1", recorded_at=datetime(2021, 3, 2, 6, tzinfo=UTC), correlation_id="c-1")


@pytest.fixture
def unit() -> PermittedUnit:
    id_ = uuid4()
    return PermittedUnit(id_, "MIN-A", "A-01", id_, documentation_service=False)


@pytest.fixture
def requisites() -> Callable[..., Requisites]:
    """An electronic instruction with everything that the law asks for."""

    def build(**changes: Any) -> Requisites:
        ordinary = Requisites(
            kind=DocumentKind.INSTRUCTION,
            form=DocumentForm.ELECTRONIC,
            classification=Classification.PUBLIC,
            title="Тапсырмаларды орындау туралы",
            language=Language.KK,
            dated=date(2021, 3, 1),
            sheets=3,
            on_letterhead=True,
            executor=Executor(surname="Ахметов", phone="+7 7172 74 00 00"),
            signature=Signature(name="Сапаров", job_title="Министр"),
        )
        return ordinary.model_copy(update=changes)

    return build


@pytest.fixture
def circumstances() -> Callable[..., Circumstances]:
    """The non-confidential line, on a day after the document's."""

    def build(**changes: Any) -> Circumstances:
        return replace(Circumstances(Regime.NON_CONFIDENTIAL, MIN_A, None, False, TODAY), **changes)

    return build


@pytest.fixture
def journal(unit: PermittedUnit) -> Journal:
    return Journal(Journal.id_for(unit.id, TODAY.year))


@pytest.fixture
def registered(
    unit: PermittedUnit,
    journal: Journal,
    requisites: Callable[..., Requisites],
    circumstances: Callable[..., Circumstances],
    cause: Cause,
) -> Callable[..., Document]:
    """A document that is registered already; its events are collected."""

    def build(content_sha256: str | None = None, **changes: Any) -> Document:
        document = Document(UUID(int=len(changes) + 1))
        document.register(unit, "MIN-A", requisites(**changes), circumstances(), content_sha256, journal, cause)
        document.collect_events()
        return document

    return build

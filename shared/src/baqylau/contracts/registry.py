"""Events of the registry: documents registered, corrected, withdrawn. Content, titles and signatories stay inside."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from baqylau.contracts.base import PublicEvent, contract
from baqylau.contracts.values import Citations, Classification, DocumentForm, DocumentKind


class DocumentEvent(PublicEvent):
    """Base of the registry's events."""

    service: ClassVar[str] = "registry"

    document_id: UUID = Field(description="The document")
    organization: str = Field(description="Code of the organization that registered it")
    unit_id: UUID = Field(description="Unit that it's registered in")


@contract
class DocumentRegistered(DocumentEvent):
    """A document with the requisites of 43 and 46 got its registration number."""

    kind: DocumentKind = Field(description="Kind of document")
    form: DocumentForm = Field(description="Paper (43 part 4) or electronic (43 part 5)")
    classification: Classification = Field(description="Secrecy, of the line's regime (2)")
    language: str = Field(description="Language of the document: kk, ru, en")
    dated: date = Field(description="The document's own date")
    registered_on: date = Field(description="Day of registration")
    registration_number: str = Field(description="<unit code>-<year>/<n>, unique and without gaps for unit and year")
    answers_id: UUID | None = Field(None, description="The document that it answers")
    citations: Citations


@contract
class DocumentCorrected(DocumentEvent):
    """Metadata of a document were corrected; its content never is."""

    corrected: tuple[str, ...] = Field(description="Names of the corrected fields, without their contents")
    corrected_on: date = Field(description="Day of the correction")


@contract
class DocumentWithdrawn(DocumentEvent):
    """A document was withdrawn. Its number stays used."""

    withdrawn_on: date = Field(description="Day of the withdrawal")

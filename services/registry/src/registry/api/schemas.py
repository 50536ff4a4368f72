"""The registry's HTTP shapes.

What the law asks for is optional to the parser: its absence is judged by the law, one cited ground for each element.
"""

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from baqylau.contracts.values import Classification, DocumentForm, DocumentKind, Regime
from baqylau.platform.commands import Answer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from registry.domain.values import Addressee, Executor, Language, Signature, Status

STORABLE = r"^[^\x00]*$"
"""PostgreSQL stores every character but this one."""


def _iso_day(value: object) -> object:
    """Only `2021-03-01`: pydantic alone would take the number of a second, too."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is None:
        raise PydanticCustomError("date_format", "Not a date such as 2021-03-01")
    if isinstance(value, int | float):
        raise PydanticCustomError("date_format", "Not a date such as 2021-03-01")
    return value


def _absent_is_empty(value: object) -> object:
    return {} if value is None else value


Day = Annotated[date, BeforeValidator(_iso_day)]
Code = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,40}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=STORABLE)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=STORABLE)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=STORABLE)]
Sheets = Annotated[int, Field(strict=True, ge=1, le=100_000, description="Sheets (парақ) of the document.")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
Flag = Annotated[bool, Field(strict=True)]


class Body(BaseModel):
    """A request's body: a field that isn't known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExecutorNote(Body):
    """43: surname; telephone on paper; given name in national security bodies."""

    surname: Words | None = None
    given_name: Words | None = None
    phone: Words | None = None


class AddresseeName(Body):
    """43 part 5 sub 8: a body by its organization's code, a unit of the National Security Committee by its own."""

    organization: Words | None = None
    unit_code: Words | None = None
    territorial: Flag = False


class SignatureRequisite(Body):
    """46: who signed, with the full job title but on an order of one sheet on letterhead."""

    name: Words | None = None
    job_title: Words | None = None
    short_title: Words | None = None


JudgedExecutor = Annotated[ExecutorNote, BeforeValidator(_absent_is_empty)]
JudgedSignature = Annotated[SignatureRequisite, BeforeValidator(_absent_is_empty)]


class RegisterDocument(Body):
    organization: Code
    unit_id: UUID
    kind: DocumentKind
    form: DocumentForm
    classification: Classification
    title: Title
    language: Language
    dated: Day = Field(description="The document's own date, not in the future.")
    sheets: Sheets
    on_letterhead: Flag
    executor: JudgedExecutor = ExecutorNote()
    addressee: AddresseeName | None = None
    signature: JudgedSignature = SignatureRequisite()
    answers_id: UUID | None = Field(None, description="The document that this one answers, registered here.")
    content_sha256: Digest | None = Field(None, description="What the content's digest must be.")


LEFT_OUT: Any = None
"""What a field holds that the body doesn't name; null isn't allowed there."""


def _without_defaults(schema: dict[str, Any]) -> None:
    for shape in schema["properties"].values():
        shape.pop("default", None)


class CorrectDocument(Body):
    """What is left out stays; `addressee` and `answers_id` null are taken away. Number, unit and content are final."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    reason: Reason
    kind: DocumentKind = LEFT_OUT
    form: DocumentForm = LEFT_OUT
    classification: Classification = LEFT_OUT
    title: Title = LEFT_OUT
    language: Language = LEFT_OUT
    dated: Day = LEFT_OUT
    sheets: Sheets = LEFT_OUT
    on_letterhead: Flag = LEFT_OUT
    executor: JudgedExecutor = LEFT_OUT
    addressee: AddresseeName | None = None
    signature: JudgedSignature = LEFT_OUT
    answers_id: UUID | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The requisites that the body names, with their new values."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"reason"}}


class WithdrawDocument(Body):
    reason: Reason


class RegisteredDocument(Answer):
    id: UUID
    registration_number: str = Field(description="<unit code>-<year>/<n>, without gaps for each unit and year.")
    registered_on: date


class ChangedDocument(Answer):
    id: UUID
    status: Status


class StoredContent(Answer):
    id: UUID
    content_sha256: str


class Content(BaseModel):
    size: int = Field(description="In bytes.")
    media_type: str


class Correction(BaseModel):
    corrected: list[str] = Field(description="Names of the corrected fields.")
    reason: str
    corrected_on: date
    corrected_by: str


class Withdrawal(BaseModel):
    withdrawn_on: date
    reason: str


class DocumentView(Answer):
    """A document. `content` null: none is stored yet."""

    id: UUID
    organization: str
    unit_id: UUID
    regime: Regime
    status: Status
    registration_number: str
    registered_on: date
    kind: DocumentKind
    form: DocumentForm
    classification: Classification
    title: str
    language: Language
    dated: date
    sheets: int
    on_letterhead: bool
    executor: Executor
    addressee: Addressee | None = None
    signature: Signature
    answers_id: UUID | None = None
    content_sha256: str | None
    content: Content | None
    corrections: list[Correction]
    withdrawal: Withdrawal | None


class DocumentList(BaseModel):
    """Newest first. `next`: what to send as `after` for the rest; null: this is all."""

    items: list[DocumentView]
    next: str | None

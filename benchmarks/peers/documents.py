"""A registry of documents as a team would write it: tables, a row-locked counter for the number, an outbox row.

One transaction a request. What it leaves out of ours: the judgement by law, the regimes, the history, the search index,
and whoever sends the outbox on.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, ForeignKey, Index, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from benchmarks.peers.platform import Session, Tables, role, serve, units_of


class Kind(StrEnum):
    ACT = "act"
    INSTRUCTION = "instruction"
    ORDER = "order"
    LETTER = "letter"
    MINUTES = "minutes"
    MEMO = "memo"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Executor(Body):
    surname: str | None = Field(None, max_length=300)
    given_name: str | None = Field(None, max_length=300)
    phone: str | None = Field(None, max_length=300)


class Addressee(Body):
    organization: str | None = Field(None, max_length=300)
    unit_code: str | None = Field(None, max_length=300)
    territorial: bool = False


class Signature(Body):
    name: str = Field(max_length=300)
    job_title: str | None = Field(None, max_length=300)
    short_title: str | None = Field(None, max_length=300)


class RegisterDocument(Body):
    organization: str = Field(pattern=r"^[\w.-]{1,40}$")
    unit_id: UUID
    kind: Kind
    form: str = Field(pattern="^(paper|electronic)$")
    classification: str = Field(pattern="^(public|restricted)$")
    title: str = Field(min_length=1, max_length=4000)
    language: str = Field(pattern="^(kk|ru|en)$")
    dated: date
    sheets: int = Field(ge=1, le=100_000)
    on_letterhead: bool
    executor: Executor
    addressee: Addressee | None = None
    signature: Signature
    answers_id: UUID | None = None
    content_sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class RegisteredDocument(BaseModel):
    id: UUID
    registration_number: str
    registered_on: date


class DocumentView(RegisteredDocument):
    model_config = ConfigDict(from_attributes=True)

    organization: str
    unit_id: UUID
    kind: str
    form: str
    classification: str
    title: str
    language: str
    dated: date
    sheets: int
    on_letterhead: bool
    executor: Executor
    addressee: Addressee | None
    signature: Signature
    answers_id: UUID | None
    content_sha256: str | None


class DocumentList(BaseModel):
    items: list[DocumentView]


class Unit(Tables):
    __tablename__ = "units"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization: Mapped[str]
    code: Mapped[str]


class Counter(Tables):
    __tablename__ = "counters"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Document(Tables):
    __tablename__ = "documents"
    __table_args__ = (Index("documents_by_unit", "unit_id", "registered_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization: Mapped[str]
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("units.id"))
    registration_number: Mapped[str] = mapped_column(unique=True)
    registered_on: Mapped[date]
    kind: Mapped[str]
    form: Mapped[str]
    classification: Mapped[str]
    title: Mapped[str]
    language: Mapped[str]
    dated: Mapped[date]
    sheets: Mapped[int]
    on_letterhead: Mapped[bool]
    executor: Mapped[dict[str, Any]] = mapped_column(JSONB)
    addressee: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    signature: Mapped[dict[str, Any]] = mapped_column(JSONB)
    answers_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id"))
    content_sha256: Mapped[str | None]
    registered_by: Mapped[str]
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Outbox(Tables):
    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sent: Mapped[bool] = mapped_column(default=False)


router = APIRouter()
Registrar = Annotated[dict[str, Any], Depends(role("registrar"))]


class NewUnit(Body):
    id: UUID
    organization: str
    code: str


@router.post("/units", status_code=201)
async def add_unit(body: NewUnit, session: Session, _: Registrar) -> dict[str, str]:
    """Make a unit known."""
    session.add(Unit(**body.model_dump()))
    await session.commit()
    return {"id": str(body.id)}


@router.post("/documents", status_code=201)
async def register(body: RegisterDocument, session: Session, caller: Registrar) -> RegisteredDocument:
    """Register a document with the next number of its unit and year."""
    if body.unit_id not in units_of(caller):
        raise HTTPException(403, "The token isn't for this unit.")
    unit = await session.scalar(select(Unit).where(Unit.id == body.unit_id))
    if unit is None or unit.organization != body.organization:
        raise HTTPException(409, "The unit isn't known here.")
    today = datetime.now(UTC).date()
    counted = insert(Counter).values(unit_id=unit.id, year=today.year, last=1)
    number = await session.scalar(
        counted.on_conflict_do_update(
            index_elements=[Counter.unit_id, Counter.year], set_={"last": Counter.last + 1}
        ).returning(Counter.last)
    )
    document = Document(
        id=uuid4(),
        registration_number=f"{unit.code}-{today.year}/{number}",
        registered_on=today,
        registered_by=caller["sub"],
        **body.model_dump(),
    )
    payload = {
        "document_id": str(document.id),
        "registration_number": document.registration_number,
        **body.model_dump(mode="json", include={"organization", "unit_id", "kind", "classification", "dated"}),
    }
    session.add_all((document, Outbox(key=str(document.id), type="DocumentRegistered", payload=payload)))
    await session.commit()
    return RegisteredDocument(
        id=document.id, registration_number=document.registration_number, registered_on=document.registered_on
    )


@router.get("/documents/{id}")
async def document(id: UUID, session: Session, caller: Registrar) -> DocumentView:  # noqa: A002
    """One document of the caller's units."""
    found = await session.get(Document, id)
    if found is None or found.unit_id not in units_of(caller):
        raise HTTPException(404)
    return DocumentView.model_validate(found)


@router.get("/documents")
async def documents(
    session: Session, caller: Registrar, unit_id: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> DocumentList:
    """The documents of the caller's units, newest first."""
    asked = select(Document).where(Document.unit_id.in_(units_of(caller)))
    if unit_id is not None:
        asked = asked.where(Document.unit_id == unit_id)
    found = await session.scalars(asked.order_by(Document.registered_at.desc(), Document.id.desc()).limit(limit))
    return DocumentList(items=[DocumentView.model_validate(one) for one in found])


if __name__ == "__main__":
    serve(router)

"""The registry's use cases: load, command, answer. What is written is written by the caller's transaction."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

from baqylau.contracts.values import DocumentKind, Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.store import Store
from baqylau.eventstore.work import NotFound, Work
from baqylau.refusals import Ground, Refused
from baqylau.segregation import KnownUnits

from registry.api.schemas import (
    ChangedDocument,
    CorrectDocument,
    RegisterDocument,
    RegisteredDocument,
    StoredContent,
    WithdrawDocument,
)
from registry.domain.document import Document
from registry.domain.journal import Journal
from registry.domain.values import Circumstances, Requisites, Status, blank
from registry.projections.search import question

_DOCUMENT: LiteralString = (
    "SELECT id, organization, unit_id, regime, registration_number, registered_on, requisites, content_sha256, "
    "content_size, content_media_type, corrections, withdrawn_on, withdrawal_reason, version, recorded_at "
    "FROM documents WHERE "
)

Shown = dict[str, Any]
"""What `DocumentView` or `DocumentList` describes, in plain values, as they were judged when they were stored."""

Units = Collection[UUID] | None
"""The units whose documents a caller may see; None: all of the line."""


@dataclass(frozen=True, slots=True)
class Received:
    """A content as it was received: where its pieces are, and what it is."""

    upload_id: UUID
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for. `first`, `last`: days of registration. `after`: a cursor."""

    q: str | None
    unit_id: UUID | None
    kind: DocumentKind | None
    first: date | None
    last: date | None
    after: str | None
    limit: int


class Registry:
    """The registry of one line. Commands change a work; reads see what is committed."""

    def __init__(self, store: Store, units: KnownUnits, regime: Regime) -> None:
        self._store = store
        self._units = units
        self._regime = regime

    def register(self, work: Work, body: RegisterDocument, today: date, cause: Cause) -> RegisteredDocument:
        """Register a document in a unit."""
        unit = self._units.permitted(work, body.unit_id, "unit_id")
        requisites = Requisites.model_validate(body)
        circumstances = self._circumstances(work, body.organization, requisites, today)
        journal = work.find_or_new(Journal, Journal.id_for(body.unit_id, today.year))
        document = work.add(Document(uuid4()))
        document.register(unit, body.organization, requisites, circumstances, body.content_sha256, journal, cause)
        return RegisteredDocument(
            version=document.version,
            id=document.id,
            registration_number=document.registration_number,
            registered_on=document.registered_on,
        )

    def correct(
        self, work: Work, id_: UUID, units: Units, body: CorrectDocument, today: date, cause: Cause
    ) -> ChangedDocument:
        """Correct metadata of a document."""
        document = self._own(work, id_, units)
        if not body.given:
            raise Refused([Ground(None, "nothing-to-correct", None, of_payload=True)])
        unit = self._units.permitted(work, document.unit_id, "unit_id")
        requisites = Requisites.model_validate(vars(document.requisites) | body.given)
        circumstances = self._circumstances(work, document.organization, requisites, today)
        document.correct(unit, requisites, circumstances, body.reason, cause)
        return _changed(document)

    def withdraw(
        self, work: Work, id_: UUID, units: Units, body: WithdrawDocument, today: date, cause: Cause
    ) -> ChangedDocument:
        """Withdraw a document."""
        document = self._own(work, id_, units)
        document.withdraw(self._units.permitted(work, document.unit_id, "unit_id"), body.reason, today, cause)
        return _changed(document)

    def store_content(self, work: Work, id_: UUID, units: Units, content: Received, cause: Cause) -> StoredContent:
        """Make what was received the content of a document.

        Its pieces are held fast until this is committed: whoever gives the upload up at the same moment waits, and then
        finds it stored. An upload that was given up before is no content any more.
        """
        document = self._own(work, id_, units)
        if not work.read("SELECT 1 FROM content_uploads WHERE id = %s FOR UPDATE", (content.upload_id,)):
            raise Refused([Ground(None, "upload-given-up")])
        unit = self._units.permitted(work, document.unit_id, "unit_id")
        document.store_content(unit, content.upload_id, content.sha256, content.size, content.media_type, cause)
        return StoredContent(version=document.version, id=id_, content_sha256=content.sha256)

    def document(self, id_: UUID, units: Units) -> Shown:
        """One document. Raises `NotFound`, also where it is of a unit that the caller doesn't see."""
        rows = self._store.read(_DOCUMENT + "id = %s", (id_,))
        if not rows or not _sees(units, rows[0][2]):
            raise NotFound
        return _view(rows[0])

    def documents(self, asked: Asked, units: Units) -> Shown:
        """The documents of the caller's units that fit, newest first."""
        conditions: list[LiteralString] = ["true"]
        parameters: list[Any] = []

        def narrow(condition: LiteralString, *values: Any) -> None:
            conditions.append(condition)
            parameters.extend(values)

        if units is not None:
            narrow("unit_id = ANY(%s)", list(units))
        if asked.unit_id is not None:
            narrow("unit_id = %s", asked.unit_id)
        if asked.kind is not None:
            narrow("kind = %s", asked.kind.value)
        if asked.first is not None:
            narrow("registered_on >= %s", asked.first)
        if asked.last is not None:
            narrow("registered_on <= %s", asked.last)
        if not blank(asked.q):
            tsquery, words = question(asked.q or "")
            narrow(f"search @@ {tsquery}", *words)
        if asked.after is not None:
            narrow("(recorded_at, id) < (%s, %s)", *_position(asked.after))
        rows = self._store.search(
            _DOCUMENT + " AND ".join(conditions) + " ORDER BY recorded_at DESC, id DESC LIMIT %s",
            (*parameters, asked.limit + 1),
        )
        page = rows[: asked.limit]
        return {
            "items": [_view(row) for row in page],
            "next": _cursor(page[-1]) if len(rows) > len(page) else None,
        }

    def content(self, id_: UUID, units: Units) -> Received:
        """The stored content of a document. Raises `NotFound`, also where none is stored yet."""
        rows = self._store.read(
            "SELECT unit_id, content_upload, content_sha256, content_size, content_media_type "
            "FROM documents WHERE id = %s",
            (id_,),
        )
        if not rows or not _sees(units, rows[0][0]) or rows[0][1] is None:
            raise NotFound
        return Received(*rows[0][1:])

    def _own(self, work: Work, id_: UUID, units: Units) -> Document:
        """The document of the path, where it is one and the caller's. Checks `If-Match`."""
        rows = work.read("SELECT unit_id FROM documents WHERE id = %s", (id_,))
        if not rows or not _sees(units, rows[0][0]):
            raise NotFound
        return work.resource(Document, id_)

    def _circumstances(self, work: Work, organization: str, requisites: Requisites, today: date) -> Circumstances:
        addressee = requisites.addressee
        code = None if addressee is None or blank(addressee.organization) else addressee.organization
        answers = requisites.answers_id
        return Circumstances(
            regime=self._regime,
            organization=self._units.organization(work, organization),
            addressee=self._units.organization(work, code) if code else None,
            answered_is_known=answers is not None
            and bool(work.read("SELECT 1 FROM documents WHERE id = %s", (answers,))),
            today=today,
        )


def _sees(units: Units, unit_id: UUID) -> bool:
    return units is None or unit_id in units


def _changed(document: Document) -> ChangedDocument:
    status = Status.WITHDRAWN if document.withdrawn else Status.REGISTERED
    return ChangedDocument(version=document.version, id=document.id, status=status)


def _view(row: tuple[Any, ...]) -> Shown:
    (id_, organization, unit_id, regime, number, registered_on, requisites, sha256, size, media_type) = row[:10]
    (corrections, withdrawn_on, reason, version, _) = row[10:]
    return {
        "version": version,
        "id": id_,
        "organization": organization,
        "unit_id": unit_id,
        "regime": regime,
        "status": Status.REGISTERED if withdrawn_on is None else Status.WITHDRAWN,
        "registration_number": number,
        "registered_on": registered_on,
        **requisites,
        "content_sha256": sha256,
        "content": None if size is None else {"size": size, "media_type": media_type},
        "corrections": corrections,
        "withdrawal": None if withdrawn_on is None else {"withdrawn_on": withdrawn_on, "reason": reason},
    }


def _cursor(row: tuple[Any, ...]) -> str:
    return urlsafe_b64encode(f"{row[-1].isoformat()} {row[0]}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        recorded_at, id_ = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").rsplit(" ", 1)
        return datetime.fromisoformat(recorded_at), UUID(id_)
    except ValueError:
        raise Refused([Ground(None, "cursor-malformed", "after", of_payload=True)]) from None

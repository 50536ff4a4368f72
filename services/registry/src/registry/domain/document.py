"""A document: registered once with its number, its metadata corrected, its content stored once, withdrawn.

Each command takes what `KnownUnits` answered about the document's unit, so that none forgets to ask (paragraph 2).
"""

from datetime import date
from uuid import UUID

from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import Ground
from baqylau.segregation import PermittedUnit

from registry.domain import judgement
from registry.domain.journal import Journal
from registry.domain.values import Circumstances, Requisites


class Document(Aggregate):
    """`content_sha256`: the digest that the content has, or must have; None: neither is known yet."""

    requisites: Requisites
    organization: str
    unit_id: UUID
    registration_number: str
    registered_on: date
    content_sha256: str | None
    content_stored: bool
    withdrawn: bool

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.organization = ""
        self.unit_id = UUID(int=0)
        self.registration_number = ""
        self.registered_on = date.min
        self.content_sha256 = None
        self.content_stored = False
        self.withdrawn = False

    class DocumentRegistered(DomainEvent):
        organization: str
        unit_id: UUID
        regime: Regime
        registration_number: str
        registered_on: date
        requisites: Requisites
        content_sha256: str | None = None

        def apply(self, document: "Document") -> None:
            document.organization, document.unit_id = self.organization, self.unit_id
            document.registration_number, document.registered_on = self.registration_number, self.registered_on
            document.requisites, document.content_sha256 = self.requisites, self.content_sha256

    class DocumentCorrected(DomainEvent):
        """`requisites`: all of them, as they are after the correction. `corrected`: the names of those that changed."""

        organization: str
        unit_id: UUID
        registration_number: str
        requisites: Requisites
        corrected: tuple[str, ...]
        reason: str
        corrected_on: date

        def apply(self, document: "Document") -> None:
            document.requisites = self.requisites

    class DocumentWithdrawn(DomainEvent):
        organization: str
        unit_id: UUID
        reason: str
        withdrawn_on: date

        def apply(self, document: "Document") -> None:
            document.withdrawn = True

    class ContentStored(DomainEvent):
        """`upload_id`: what its pieces are stored under. `size`: in bytes."""

        upload_id: UUID
        sha256: str
        size: int
        media_type: str

        def apply(self, document: "Document") -> None:
            document.content_sha256, document.content_stored = self.sha256, True

    def register(
        self,
        unit: PermittedUnit | Ground,
        organization: str,
        requisites: Requisites,
        circumstances: Circumstances,
        content_sha256: str | None,
        journal: Journal,
        cause: Cause,
    ) -> None:
        """Register in a unit, with the next number of its journal, on the day of the act."""
        grounds = judgement.grounds(requisites, circumstances)
        if isinstance(unit, PermittedUnit) and unit.organization != organization:
            grounds += (Ground(None, "unit-of-other-organization", "organization"),)
        unit = judgement.accept(unit, grounds)
        year = circumstances.today.year
        number = journal.enter(unit, year, self.id, cause)
        self.trigger(
            self.DocumentRegistered,
            cause,
            organization=organization,
            unit_id=unit.id,
            regime=circumstances.regime,
            registration_number=f"{unit.code}-{year}/{number}",
            registered_on=circumstances.today,
            requisites=requisites,
            content_sha256=content_sha256,
        )

    def correct(
        self,
        unit: PermittedUnit | Ground,
        requisites: Requisites,
        circumstances: Circumstances,
        reason: str,
        cause: Cause,
    ) -> None:
        """Correct metadata; the whole is judged again. What is so already: nothing new."""
        grounds = self._standing_grounds() + judgement.grounds(requisites, circumstances)
        if requisites.answers_id == self.id:
            grounds += (Ground(None, "document-answers-itself", "answers_id", of_payload=True),)
        unit = judgement.accept(unit, grounds)
        corrected = tuple(
            name for name in Requisites.model_fields if getattr(requisites, name) != getattr(self.requisites, name)
        )
        if corrected:
            self.trigger(
                self.DocumentCorrected,
                cause,
                organization=self.organization,
                unit_id=unit.id,
                registration_number=self.registration_number,
                requisites=requisites,
                corrected=corrected,
                reason=reason,
                corrected_on=circumstances.today,
            )

    def withdraw(self, unit: PermittedUnit | Ground, reason: str, on: date, cause: Cause) -> None:
        """Withdraw, once."""
        unit = judgement.accept(unit, self._standing_grounds())
        self.trigger(
            self.DocumentWithdrawn,
            cause,
            organization=self.organization,
            unit_id=unit.id,
            reason=reason,
            withdrawn_on=on,
        )

    def store_content(
        self, unit: PermittedUnit | Ground, upload_id: UUID, sha256: str, size: int, media_type: str, cause: Cause
    ) -> None:
        """Store the content, which is final. The same again: nothing new.

        Where registration named no digest, the first content gives it.
        """
        if self.content_stored and self.content_sha256 == sha256:
            return
        grounds = self._standing_grounds()
        if size == 0:
            grounds += (Ground(None, "content-empty", None, of_payload=True),)
        if self.content_stored:
            grounds += (Ground(None, "content-final"),)
        elif self.content_sha256 not in (None, sha256):
            grounds += (Ground(None, "content-digest-differs", "content_sha256"),)
        judgement.accept(unit, grounds)
        self.trigger(self.ContentStored, cause, upload_id=upload_id, sha256=sha256, size=size, media_type=media_type)

    def _standing_grounds(self) -> tuple[Ground, ...]:
        return (Ground(None, "document-withdrawn"),) if self.withdrawn else ()

"""What a document is described by: the requisites of paragraphs 43 and 46, and what they are judged by."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from baqylau.contracts.values import Classification, DocumentForm, DocumentKind, OrganizationKind, Regime
from baqylau.segregation import KnownOrganization
from pydantic import BaseModel, ConfigDict


class Language(StrEnum):
    """Language of a document: Kazakh, Russian, English."""

    KK = "kk"
    RU = "ru"
    EN = "en"


class Status(StrEnum):
    """A withdrawn document stays, and so does its number."""

    REGISTERED = "registered"
    WITHDRAWN = "withdrawn"


class Described(BaseModel):
    """Base of the values that are stored in events. They judge nothing: what was stored must stay readable."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Executor(Described):
    """The note on the executor (43 part 4 sub 10, part 5 sub 11)."""

    surname: str | None = None
    given_name: str | None = None
    phone: str | None = None


class Addressee(Described):
    """The addressee (43 part 5 sub 8): a state body by its organization's code, or a unit by its own code."""

    organization: str | None = None
    unit_code: str | None = None
    territorial: bool = False


class Signature(Described):
    """The signature requisite (46). `job_title`: the full one."""

    name: str | None = None
    job_title: str | None = None
    short_title: str | None = None


class Requisites(Described):
    """Everything about a document that can be corrected. An element that the law asks for may be missing here."""

    kind: DocumentKind
    form: DocumentForm
    classification: Classification
    title: str
    language: Language
    dated: date
    sheets: int
    on_letterhead: bool
    executor: Executor = Executor()
    addressee: Addressee | None = None
    signature: Signature = Signature()
    answers_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What requisites are judged by, besides themselves.

    `organization`, `addressee`: as the gate told of them, None where it told of none. `answered_is_known`: whether the
    document that this one answers is registered here. `today`: the day of the act, in Asia/Almaty.
    """

    regime: Regime
    organization: KnownOrganization | None
    addressee: KnownOrganization | None
    answered_is_known: bool
    today: date

    @property
    def organization_kind(self) -> OrganizationKind | None:
        """Kind of the organization that registers."""
        return None if self.organization is None else self.organization.kind

    @property
    def addressee_kind(self) -> OrganizationKind | None:
        """Kind of the addressee."""
        return None if self.addressee is None else self.addressee.kind


def blank(text: str | None) -> bool:
    """Whether an element is missing: absent, empty, or nothing but spaces."""
    return text is None or not text.strip()

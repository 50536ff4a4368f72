"""What an assignment is made of: its parties, its reports and its misses. Its letters stand by their events."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from baqylau.segregation import PermittedUnit

from control.domain.paragraph_103_1 import ResponsibleOfficial
from control.domain.terms import Term


class PartyRole(StrEnum):
    EXECUTOR = "executor"
    CO_EXECUTOR = "co_executor"


class ComputedTerm(StrEnum):
    """A computed date that an amended calendar can move."""

    PROPOSAL = "proposal"
    OPINION = "opinion"
    NOTICE = "notice"


class DecisionMade(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Party:
    """An organization that executes or co-executes, the unit addressed, and the area its officials follow from."""

    organization: str
    unit_id: UUID
    area: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """A party on its way in: its unit is one in which this line may handle records (paragraph 2)."""

    unit: PermittedUnit
    area: str

    @property
    def party(self) -> Party:
        return Party(self.unit.organization, self.unit.id, self.area)


@dataclass(frozen=True, slots=True)
class MovedTerm:
    """A computed date that an amended calendar moved. `organization` of a proposal, `number` of a letter."""

    what: ComputedTerm
    was: date
    term: Term
    organization: str | None = None
    number: int | None = None


@dataclass(slots=True)
class Report:
    """A report of execution, and what became of it. Neither returned nor accepted: under review."""

    reported_on: date
    on_paper: bool
    text: str = field(repr=False)
    evidence: str | None = field(repr=False)
    deadline: date
    returned_on: date | None = None
    return_reason: str | None = field(default=None, repr=False)
    accepted_on: date | None = None

    @property
    def under_review(self) -> bool:
        return self.returned_on is None and self.accepted_on is None


@dataclass(slots=True)
class Miss:
    """A missed deadline. It stays, also when it is rescinded."""

    extension_pending: bool
    responsible: tuple[ResponsibleOfficial, ...]
    rescinded_on: date | None = None

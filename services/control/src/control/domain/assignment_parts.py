"""What an assignment is made of: its parties, its letters with what became of them, its reports and its misses."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from baqylau.segregation import PermittedUnit

from control.domain.paragraph_103_1 import ResponsibleOfficial
from control.domain.terms import Term
from control.domain.values import LetterTaken

if TYPE_CHECKING:
    from control.domain.assignment_events import (
        ExecutionReported,
        ExecutionReturned,
        ExpertOpinionIssued,
        ExtensionRefused,
        ExtensionRequested,
        GovernmentDecisionNoticeGiven,
        Granted,
    )


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
class Request:
    """A letter that was taken in, and what became of it. `taken`: the same as the rules ask about it."""

    asked: "ExtensionRequested"
    taken: LetterTaken
    opinion_term: Term | None = None
    opinion: "ExpertOpinionIssued | None" = None
    decision: "Granted | ExtensionRefused | None" = None
    notice_term: Term | None = None
    notice: "GovernmentDecisionNoticeGiven | None" = None
    reviews: dict[str, tuple[ResponsibleOfficial, ...]] = field(default_factory=dict)
    """Reviews that it raised, by the event's name, with the officials named."""


@dataclass(slots=True)
class Report:
    """A report of execution. Neither returned nor accepted: under review."""

    reported: "ExecutionReported"
    returned: "ExecutionReturned | None" = None
    accepted_on: date | None = None

    @property
    def under_review(self) -> bool:
        return self.returned is None and self.accepted_on is None


@dataclass(slots=True)
class Miss:
    """A missed deadline. It stays, also when it is rescinded."""

    extension_pending: bool
    responsible: tuple[ResponsibleOfficial, ...]
    rescinded_on: date | None = None

"""Words and values that several public events share, spelled as on the wire."""

from datetime import UTC, date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from baqylau.contracts.base import Value

Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""A moment, in UTC."""

Citations = Annotated[
    tuple[str, ...], Field(description="Provisions that the event follows from, such as RK-703:103-4")
]


class Regime(StrEnum):
    """Paragraph 2: how a structural unit keeps records."""

    CONFIDENTIAL = "confidential"
    NON_CONFIDENTIAL = "non_confidential"


class Line(StrEnum):
    """A deployment for one regime."""

    CONFIDENTIAL = "confidential"
    NON_CONFIDENTIAL = "non-confidential"


class OrganizationKind(StrEnum):
    STATE_BODY = "state_body"
    NATIONAL_SECURITY_COMMITTEE = "national_security_committee"
    NATIONAL_SECURITY_BODY = "national_security_body"
    ORGANIZATION = "organization"


class DocumentKind(StrEnum):
    ACT = "act"
    INSTRUCTION = "instruction"
    ORDER = "order"
    LETTER = "letter"
    MINUTES = "minutes"
    MEMO = "memo"


class DocumentForm(StrEnum):
    """Paragraph 43: on paper (part 4) or electronic (part 5)."""

    PAPER = "paper"
    ELECTRONIC = "electronic"


class Classification(StrEnum):
    PUBLIC = "public"
    RESTRICTED = "restricted"
    SECRET = "secret"
    TOP_SECRET = "top_secret"
    SPECIAL_IMPORTANCE = "special_importance"


class Source(StrEnum):
    """What an assignment stands in."""

    ACT = "act"
    INSTRUCTION = "instruction"


class Originator(StrEnum):
    """Who gave the assignment; ``pa_leadership`` is the leaders of the President's Administration but its Head."""

    PRESIDENT = "president"
    HEAD_OF_PA = "head_of_pa"
    PA_LEADERSHIP = "pa_leadership"


class Occasion(StrEnum):
    """Paragraph 102-1: the trip or event that an instruction follows."""

    REGIONAL_TRIP = "regional_trip"
    INTERNATIONAL_EVENT = "international_event"
    PUBLIC_EVENT = "public_event"


class Control(StrEnum):
    """Paragraph 103-2: the kind of control."""

    URGENT = "urgent"
    SHORT_TERM = "short_term"
    MEDIUM_TERM = "medium_term"
    LONG_TERM = "long_term"


class Urgency(StrEnum):
    """Paragraph 103-2: the mark of an assignment under urgent control."""

    VERY_URGENT = "very_urgent"
    URGENT = "urgent"
    ACCELERATE = "accelerate"


class ControllingSide(StrEnum):
    """Who controls an assignment, and whom a letter goes to (102-1, 103-3)."""

    PA = "pa"
    GOVERNMENT = "government"


class ExtensionKind(StrEnum):
    """What a letter asks for (103-3): a later deadline, or control of a longer term as well."""

    EXTENSION = "extension"
    TRANSFER = "transfer"


class Decider(StrEnum):
    """Who may decide on a letter (103-4, 103-5, 103-9)."""

    PRESIDENT = "president"
    HEAD_OF_PA = "head_of_pa"
    PRIME_MINISTER = "prime_minister"
    DEPUTY_PRIME_MINISTER = "deputy_prime_minister"


class AgreementGiver(StrEnum):
    """Who agrees to a letter that touches the Government's powers (103-3)."""

    PRIME_MINISTER = "prime_minister"
    ACTING_PRIME_MINISTER = "acting_prime_minister"
    DEPUTY_PRIME_MINISTER = "deputy_prime_minister"


class Decision(StrEnum):
    """What was decided on a letter."""

    GRANTED = "granted"
    REFUSED = "refused"


class OfficialRole(StrEnum):
    """Paragraph 103-1: a control subject of an organization."""

    FIRST_HEAD = "first_head"
    DEPUTY = "deputy"


class PartyRole(StrEnum):
    EXECUTOR = "executor"
    CO_EXECUTOR = "co_executor"


class Direction(StrEnum):
    """How working days were counted: on from receipt, or back from a deadline."""

    FORWARDS = "forwards"
    BACKWARDS = "backwards"


class ComputedTerm(StrEnum):
    """A computed date that a calendar can move."""

    PROPOSAL = "proposal"
    OPINION = "opinion"
    NOTICE = "notice"


class CorrectedField(StrEnum):
    """What of an assignment can be corrected."""

    CLAUSE = "clause"
    TEXT = "text"
    AREA = "area"


class ChannelKind(StrEnum):
    INBOX = "inbox"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Names(Value):
    """The public name of an organization or a unit."""

    kk: str = Field(description="In Kazakh")
    ru: str = Field(description="In Russian")
    en: str = Field(description="In English")


class Official(Value):
    """A control subject (103-1), as it was on the day of the event."""

    post_id: UUID = Field(description="Id of the post, not of the person in it")
    organization: str = Field(description="Code of the organization")
    role: OfficialRole = Field(description="First head, or deputy supervising the assignment's area")
    acting: bool = Field(description="True where the post was held by an acting head")


class Party(Value):
    """An organization that executes or co-executes, and the unit that the assignment is addressed to."""

    organization: str = Field(description="Code of the organization")
    unit_id: UUID = Field(description="Structural unit that it's addressed to")


class AreaParty(Party):
    """A party with the area from which its responsible officials follow (103-1)."""

    area: str = Field(description="Code of the supervised area")


class Derivation(Value):
    """Why a computed date is that date."""

    citation: str = Field(description="Provision that sets the term, such as RK-703:103-2")
    rule_set: str = Field(description="Rule set that governs the assignment")
    calendar_version: int = Field(description="Version of the production calendar that it was counted by")
    counted_from: date = Field(description="The day counted from, itself not counted")
    direction: Direction = Field(description="Forwards from that day, or backwards")
    working_days: int = Field(description="Number of working days counted")
    counted_to: date = Field(description="Where the count ends: the date itself, unless that is compressed")
    days_off: tuple[date, ...] = Field(description="Days off that were passed over, oldest first")


class ProposalTerm(Value):
    """When a co-executor's proposal must be with the executor (103-2)."""

    due: date = Field(description="Last day for the proposal")
    compressed: bool = Field(description="True where the count ended outside its bounds, such as receipt and deadline")
    fixed: bool = Field(description="True where the assignment sets the date itself; nothing ever counts it again")
    derivation: Derivation | None = Field(None, description="How it was counted; absent where fixed")


class CoExecutor(AreaParty, ProposalTerm):
    """A co-executor of an assignment at its issue."""

    received_on: date = Field(description="Day on which this co-executor received the assignment")


class MovedProposal(Party):
    """A co-executor's date that a new deadline moved (103-2), counted back from it."""

    previous_due: date = Field(description="The date before")
    due: date = Field(description="The date now")
    compressed: bool = Field(description="True where the count ended outside its bounds, such as receipt and deadline")
    derivation: Derivation = Field(description="How it was counted")


class MovedTerm(Value):
    """A computed date that an amended calendar moved."""

    what: ComputedTerm = Field(description="A co-executor's proposal, an expert opinion or the Government's notice")
    organization: str | None = Field(None, description="Code of the co-executor, for a proposal")
    unit_id: UUID | None = Field(None, description="Unit of the co-executor, for a proposal")
    number: int | None = Field(None, description="Number of the letter, for an opinion or a notice")
    previous_due: date = Field(description="The date before")
    due: date = Field(description="The date now")
    compressed: bool = Field(description="True where the count ended outside its bounds, such as receipt and deadline")
    derivation: Derivation = Field(description="How it was counted")


class Agreement(Value):
    """The agreement that a letter needs where it touches the Government's powers (103-3)."""

    by: AgreementGiver = Field(description="Who agreed")
    agreed_on: date = Field(description="Day of the agreement")


class CalendarDay(Value):
    """One day as a decree has it."""

    day: date = Field(description="The day")
    working: bool = Field(description="True for a working day")

"""The words of paragraphs 102-1 to 103-9, as they stand on the wire, and the facts that the rules are asked about.

Dates are days in Asia/Almaty. Organizations are known by code. Texts and people's names are left out of every `repr`,
so that a value in a log or an error shows none of them.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from control.domain.rule_sets import RuleSet


class Source(StrEnum):
    """What an assignment is a clause of."""

    ACT = "act"
    INSTRUCTION = "instruction"


class Originator(StrEnum):
    """Who gave the assignment. `pa_leadership`: the leaders of the President's Administration other than its Head."""

    PRESIDENT = "president"
    HEAD_OF_PA = "head_of_pa"
    PA_LEADERSHIP = "pa_leadership"


class Occasion(StrEnum):
    """What an instruction followed; with one, paragraph 102-1 applies."""

    REGIONAL_TRIP = "regional_trip"
    INTERNATIONAL_EVENT = "international_event"
    PUBLIC_EVENT = "public_event"


class Control(StrEnum):
    URGENT = "urgent"
    SHORT_TERM = "short_term"
    MEDIUM_TERM = "medium_term"
    LONG_TERM = "long_term"


class Urgency(StrEnum):
    """The mark of urgent control: өте шұғыл, шұғыл, жылдамдатылсын."""

    VERY_URGENT = "very_urgent"
    URGENT = "urgent"
    ACCELERATE = "accelerate"


class ControllingSide(StrEnum):
    """Who controls an assignment and whom its letters go to."""

    PA = "pa"
    GOVERNMENT = "government"


class ExtensionKind(StrEnum):
    EXTENSION = "extension"
    TRANSFER = "transfer"


class Decider(StrEnum):
    PRESIDENT = "president"
    HEAD_OF_PA = "head_of_pa"
    PRIME_MINISTER = "prime_minister"
    DEPUTY_PRIME_MINISTER = "deputy_prime_minister"


class AgreementGiver(StrEnum):
    """Whose agreement 103-3 asks for where the Government's powers are touched."""

    PRIME_MINISTER = "prime_minister"
    ACTING_PRIME_MINISTER = "acting_prime_minister"
    DEPUTY_PRIME_MINISTER = "deputy_prime_minister"


class Status(StrEnum):
    OPEN = "open"
    REPORTED = "reported"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"

    @property
    def closed(self) -> bool:
        """Completed or withdrawn: off control, for good."""
        return self in (Status.COMPLETED, Status.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an assignment comes from. It carries this from birth: nothing changes it later."""

    source: Source
    originator: Originator
    personal: bool = False
    occasion: Occasion | None = None
    touches_government_powers: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an assignment stands at the moment that a rule is asked about it.

    `rules`: the rule set in force on the day of issue. `grants`: extensions and transfers granted so far. `letters`:
    letters taken in so far. `undecided_letter`: one of them waits for its decision.
    """

    rules: RuleSet
    origin: Origin
    issued_on: date
    deadline: date
    control: Control
    executor: str
    co_executors: tuple[str, ...] = ()
    status: Status = Status.OPEN
    grants: int = 0
    letters: int = 0
    undecided_letter: bool = False


@dataclass(frozen=True, slots=True)
class ResponsiblePerson:
    """A political civil servant or official whom a letter names as responsible."""

    organization: str
    name: str = field(repr=False)
    position: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Agreement:
    by: AgreementGiver | None
    agreed_on: date | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class PaperLetter:
    """The requisites of the letter itself."""

    registration_number: str
    dated: date
    signed_by: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter under 103-3 as it was handed in; what it lacks is None or empty, for the law to judge.

    `submitted_on`: the day of its receipt. `asked_by`: the organization in whose name it comes. `evidence`: what shows
    the day of receipt of one that came on paper.
    """

    kind: ExtensionKind | None
    submitted_on: date
    asked_by: str
    new_deadline: date | None = None
    to_control: Control | None = None
    current_state: str | None = field(default=None, repr=False)
    justification: str | None = field(default=None, repr=False)
    responsible: tuple[ResponsiblePerson, ...] = ()
    agreement: Agreement | None = None
    paper: PaperLetter | None = None
    evidence: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LetterTaken:
    """A letter that was taken in, as far as its opinion, decision and notice need it.

    `asked_again`: a grant came before it. `opinion_under`: the citation of the paragraph that asks for an opinion
    before a grant, or None. `opinion_on`, `decided_on`, `notice_given_on`: the day when it was done. `opinion_missed`,
    `notice_missed`: the miss is recorded.
    """

    kind: ExtensionKind
    submitted_on: date
    new_deadline: date
    to_control: Control | None = None
    asked_again: bool = False
    opinion_under: str | None = None
    opinion_due: date | None = None
    opinion_on: date | None = None
    opinion_missed: bool = False
    decided_on: date | None = None
    notice_due: date | None = None
    notice_given_on: date | None = None
    notice_missed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A grant or a refusal as it was handed in. `new_deadline`: None for the date that the letter asks."""

    decided_by: Decider | None
    decided_on: date
    new_deadline: date | None = None
    exceptional_circumstances: str | None = field(default=None, repr=False)
    disciplinary_outcome: str | None = field(default=None, repr=False)
    reason: str | None = field(default=None, repr=False)


def blank(text: str | None) -> bool:
    """Whether a text says nothing: absent, empty or spaces."""
    return text is None or not text.strip()

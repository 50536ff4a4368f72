"""Events of letters, opinions and decisions (103-3 to 103-9), and of the production calendar (103-2)."""

from datetime import date

from pydantic import Field

from baqylau.contracts.base import contract
from baqylau.contracts.control import AssignmentEvent, ControlEvent, ResponsibleEvent
from baqylau.contracts.values import (
    Agreement,
    CalendarDay,
    Control,
    ControllingSide,
    Decider,
    Decision,
    Derivation,
    ExtensionKind,
    MovedProposal,
    MovedTerm,
    Official,
)


class LetterEvent(AssignmentEvent):
    """Base of the events of one letter."""

    number: int = Field(description="Number of the letter on this assignment, from 1; letters turned back have none")


@contract
class ExtensionRequested(LetterEvent):
    """A letter of the executor asking for a later deadline or longer control was taken in (103-3)."""

    kind: ExtensionKind = Field(description="What it asks for")
    deadline: date = Field(description="Deadline on that day")
    new_deadline: date = Field(description="The concrete deadline asked for")
    to_control: Control | None = Field(None, description="Control asked for, in a transfer")
    submitted_on: date = Field(description="Day of the letter's receipt")
    on_paper: bool = Field(description="True where the controlling side entered it, with evidence")
    repeated: bool = Field(description="True where an earlier letter was granted (103-5)")
    agreement: Agreement | None = Field(None, description="Agreement of the Government's side, where given")
    addressed_to: ControllingSide = Field(description="Where it goes (103-3)")
    may_decide: tuple[Decider, ...] = Field(description="Who may grant or refuse it (103-4, 103-5, 103-9)")
    opinion_due: date | None = Field(
        None, description="Last day for the expert opinion (103-6, 103-7); absent: none set"
    )
    opinion_derivation: Derivation | None = Field(None, description="How that day was counted")


@contract
class DisciplinaryReviewRaised(LetterEvent):
    """With a letter that asks again: disciplinary liability of the responsible officials is considered (103-5)."""

    raised_on: date = Field(description="Day of the letter")
    responsible: tuple[Official, ...] = Field(description="Officials concerned, as on that day (103-1)")


@contract
class PenaltyReviewRaised(LetterEvent):
    """With the third letter and each after it: punishing the first heads is considered (103-8)."""

    raised_on: date = Field(description="Day of the letter")
    responsible: tuple[Official, ...] = Field(
        description="First heads of the executor and the co-executors on that day; none where one isn't known"
    )


@contract
class ExpertOpinionIssued(LetterEvent):
    """The responsible unit gave its opinion on a letter (103-4, 103-6, 103-7). It informs, it doesn't bind."""

    supports: bool = Field(description="True where it supports the letter")
    issued_on: date = Field(description="Day of the opinion")
    due: date | None = Field(None, description="Last day for it; absent: none set")
    late: bool = Field(description="True where it came after that day")


@contract
class OpinionMissed(LetterEvent):
    """An expert opinion was not in at the end of the day on which it was due (103-6, 103-7). Once for each due date."""

    due: date = Field(description="The day that passed")
    addressed_to: ControllingSide = Field(description="Whose unit owes it")


class Granted(ResponsibleEvent):
    """Base of the two grants: the new deadline and what moved with it."""

    number: int = Field(description="Number of the letter")
    decided_by: Decider = Field(description="Who decided")
    decided_on: date = Field(description="Day of the decision")
    previous_deadline: date = Field(description="Deadline before")
    new_deadline: date = Field(description="Deadline now, perhaps another than the one asked for")
    control: Control = Field(description="Control now")
    repeated: bool = Field(description="True where an earlier letter was granted (103-5)")
    proposals: tuple[MovedProposal, ...] = Field(description="Co-executors' dates counted again (103-2)")


@contract
class ExtensionGranted(Granted):
    """A later deadline was granted (103-4, 103-5, 103-9)."""


@contract
class ControlTransferred(Granted):
    """Control of a longer term was granted, with a later deadline (103-4, 103-9)."""

    previous_control: Control = Field(description="Control before")


@contract
class ExtensionRefused(LetterEvent):
    """A letter was refused; the deadline stays, and the letter counts for 103-8."""

    kind: ExtensionKind = Field(description="What the letter asked for")
    decided_by: Decider = Field(description="Who decided")
    decided_on: date = Field(description="Day of the decision")
    deadline: date = Field(description="Deadline, unmoved")
    repeated: bool = Field(description="True where an earlier letter was granted (103-5)")


@contract
class GovernmentDecisionNoticeDue(LetterEvent):
    """After a decision under 102-1, also a refusal, the Government tells the PA within 10 working days (103-3)."""

    decision: Decision = Field(description="What was decided")
    decided_on: date = Field(description="Day of the decision, which it's counted from")
    due: date = Field(description="Last day for telling the PA")
    derivation: Derivation = Field(description="How that day was counted")


@contract
class GovernmentDecisionNoticeGiven(LetterEvent):
    """The Government told the PA of its decision (103-3)."""

    given_on: date = Field(description="Day of the notice")
    due: date = Field(description="Last day for it")
    late: bool = Field(description="True where given after that day")


@contract
class NoticeMissed(LetterEvent):
    """The PA was not told at the end of the day on which it was due (103-3). Once for each due date."""

    due: date = Field(description="The day that passed")


@contract
class CalendarAmended(ControlEvent):
    """An operator entered days off and working days that a decree moved (103-2)."""

    concerns_units = False

    calendar_version: int = Field(description="Version of the calendar from now on")
    days: tuple[CalendarDay, ...] = Field(description="The days that the decree changes")
    decree: str = Field(description="Number of the decree")


@contract
class TermsRederived(AssignmentEvent):
    """An amended calendar moved computed dates of an open assignment that had not yet been reached (103-2)."""

    calendar_version: int = Field(description="Version of the calendar that they're now counted by")
    moved: tuple[MovedTerm, ...] = Field(description="The dates that moved")

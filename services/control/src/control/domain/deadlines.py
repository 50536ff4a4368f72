"""What is missed, and when. A deadline is a date and lasts to the end of its day in Asia/Almaty.

What is due is worked out from how the assignment stands, so that a service which was down at midnight finds the same
misses, in the same order and for the same dates, when it is back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from control.domain.paragraph_103_2 import ProposalExpected
from control.domain.values import LetterTaken, Standing

ALMATY = ZoneInfo("Asia/Almaty")


class DutyKind(StrEnum):
    """In the order in which misses of one day are recorded."""

    PROPOSAL = "proposal"
    OPINION = "opinion"
    NOTICE = "notice"
    DEADLINE = "deadline"


_ORDER = tuple(DutyKind)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that will be missed at the end of `due`. `subject`: the co-executor's code, the letter's number, or
    empty.
    """

    kind: DutyKind
    due: date
    subject: str = ""


def end_of_day(day: date) -> datetime:
    """The instant, in UTC, from which something due on `day` is missed: the next day's midnight in Almaty."""
    return datetime.combine(day + timedelta(days=1), time(), ALMATY).astimezone(UTC)


def day_in_almaty(now: datetime) -> date:
    """Which day an instant belongs to. `now` is aware."""
    return now.astimezone(ALMATY).date()


def report_in_time(reported_on: date, deadline: date) -> bool:
    """A report on the deadline's own day is in time."""
    return reported_on <= deadline


def open_duties(
    standing: Standing,
    proposals: Iterable[ProposalExpected],
    letters: Mapping[int, LetterTaken],
    *,
    report_in_review: date | None,
    deadline_missed: bool,
) -> tuple[Duty, ...]:
    """Everything that can still be missed, by due date, then in the order of `DutyKind`.

    `report_in_review`: the day of the report that waits for acceptance. `deadline_missed`: the present deadline's miss
    is recorded, rescinded or not. A report in time that is under review holds the deadline's miss back; returned, it
    doesn't, and the miss comes then, for the deadline's date. The Government owes its notice also after the assignment
    is off control.
    """
    duties: list[Duty] = []
    for number, letter in letters.items():
        if letter.notice_due is not None and letter.notice_given_on is None and not letter.notice_missed:
            duties.append(Duty(DutyKind.NOTICE, letter.notice_due, str(number)))
    if not standing.status.closed:
        held_back = report_in_review is not None and report_in_time(report_in_review, standing.deadline)
        if not deadline_missed and not held_back:
            duties.append(Duty(DutyKind.DEADLINE, standing.deadline))
        duties.extend(
            Duty(DutyKind.PROPOSAL, proposal.term.due, proposal.organization)
            for proposal in proposals
            if proposal.awaited
        )
        duties.extend(
            Duty(DutyKind.OPINION, letter.opinion_due, str(number))
            for number, letter in letters.items()
            if letter.opinion_due is not None
            and letter.opinion_on is None
            and letter.decided_on is None
            and not letter.opinion_missed
        )
    return tuple(sorted(duties, key=lambda duty: (duty.due, _ORDER.index(duty.kind), duty.subject)))


def missed_by(duties: Iterable[Duty], today: date) -> tuple[Duty, ...]:
    """Which of the duties are missed on `today`: their day is over."""
    return tuple(duty for duty in duties if duty.due < today)


def next_due(duties: Iterable[Duty]) -> date | None:
    """The day that the watcher's index holds for the assignment, or None where nothing can be missed any more."""
    return min((duty.due for duty in duties), default=None)


def extension_pending(standing: Standing) -> bool:
    """Whether a miss comes while a letter in time is undecided: every letter taken in was in time."""
    return standing.undecided_letter

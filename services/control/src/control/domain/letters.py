"""A letter under 103-3 on its way in: every ground on which it is turned back, and what its being taken in brings.

Turned back is not refused: nothing is recorded but the attempt, and it doesn't count for 103-8.
"""

from dataclasses import dataclass
from datetime import date

from baqylau.refusals import Ground

from control.domain import paragraph_103_3
from control.domain.calendar import ProductionCalendar
from control.domain.days_of_doing import day_grounds
from control.domain.issuing import deadline_covered_grounds
from control.domain.paragraph_103_4 import opinion_under_103_4, transfer_grounds
from control.domain.paragraph_103_5 import asked_again, decision_paragraph, disciplinary_review_raised
from control.domain.paragraph_103_6_7 import asking_again_grounds, opinion_term, paragraph_of_asking_again
from control.domain.paragraph_103_8 import penalty_review_raised
from control.domain.paragraph_103_9 import may_decide
from control.domain.terms import Term
from control.domain.values import ControllingSide, Decider, Letter, LetterTaken, Standing, blank


@dataclass(frozen=True, slots=True)
class LetterTakenIn:
    """What taking a letter in brings.

    `opinion_due`: where 103-6 or 103-7 governs. `opinion_under`: the citation of the paragraph whose opinion a grant
    waits for, with or without a date, or None. `disciplinary_review`, `penalty_review`: the events that follow it, in
    this order.
    """

    number: int
    addressed_to: ControllingSide
    repeated: bool
    may_decide: tuple[Decider, ...]
    opinion_under: str | None
    opinion_due: Term | None
    disciplinary_review: bool
    penalty_review: bool


def letter_grounds(
    standing: Standing, letter: Letter, calendar: ProductionCalendar, today: date, *, by_executor: bool
) -> tuple[Ground, ...]:
    """Why the letter is turned back, each ground under its paragraph. `by_executor`: through the system, not from
    paper.
    """
    paragraph = paragraph_of_asking_again(standing)
    if paragraph is None:
        timeliness = paragraph_103_3.timeliness_grounds(standing, letter)
    else:
        timeliness = asking_again_grounds(standing, letter, paragraph, calendar)
    covered: tuple[Ground, ...] = ()
    if letter.new_deadline is not None:
        covered = deadline_covered_grounds(letter.new_deadline, calendar, "new_deadline")
    return (
        *paragraph_103_3.receipt_grounds(standing, letter, today, by_executor=by_executor),
        *paragraph_103_3.content_grounds(standing, letter),
        *paragraph_103_3.agreement_grounds(standing, letter, today),
        *timeliness,
        *paragraph_103_3.state_grounds(standing, letter),
        *transfer_grounds(standing, letter),
        *covered,
    )


def taken_in(standing: Standing, letter: Letter, calendar: ProductionCalendar) -> LetterTakenIn:
    """What follows from a letter without grounds against it; `standing` is as it was before it."""
    rules, again = standing.rules, paragraph_of_asking_again(standing)
    repeated = asked_again(standing)
    return LetterTakenIn(
        number=standing.letters + 1,
        addressed_to=paragraph_103_3.addressed_to(standing.origin),
        repeated=repeated,
        may_decide=may_decide(standing.origin),
        opinion_under=again if repeated else opinion_under_103_4(rules, standing.origin),
        opinion_due=None if again is None else opinion_term(standing, again, letter.submitted_on, calendar),
        disciplinary_review=disciplinary_review_raised(standing),
        penalty_review=penalty_review_raised(standing),
    )


def opinion_grounds(
    standing: Standing,
    letter: LetterTaken,
    issued_on: date,
    today: date,
    *,
    unit: str | None,
    supports: bool | None,
    text: str | None,
) -> tuple[Ground, ...]:
    """Why an expert opinion isn't taken in. One that no paragraph asks for is welcome; a late one is accepted."""
    cite = letter.opinion_under or decision_paragraph(standing.rules, again=letter.asked_again)
    grounds = [
        Ground(cite, f"{field}-missing", field, of_payload=True)
        for field, lacking in (("unit", blank(unit)), ("supports", supports is None), ("text", blank(text)))
        if lacking
    ]
    grounds.extend(day_grounds("issued_on", issued_on, issued_on=standing.issued_on, today=today))
    if issued_on < letter.submitted_on:
        grounds.append(Ground(cite, "opinion-before-letter", "issued_on"))
    if letter.opinion_on is not None:
        grounds.append(Ground(cite, "opinion-already-given"))
    if letter.decided_on is not None:
        grounds.append(Ground(cite, "letter-already-decided"))
    return tuple(grounds)


def opinion_late(letter: LetterTaken, issued_on: date) -> bool:
    """Reading: a late opinion is accepted, and shown as late. Without a due date none is late."""
    return letter.opinion_due is not None and issued_on > letter.opinion_due

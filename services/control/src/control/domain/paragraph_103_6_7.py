"""103-6 and 103-7: asking again where the term is over three months.

103-6: acts and instructions of the President and of the Head of the PA. 103-7: all instructions under 102-1.
"""

from calendar import monthrange
from datetime import date

from baqylau.refusals import Ground

from control.domain.calendar import ProductionCalendar
from control.domain.paragraph_102_1 import under_102_1
from control.domain.paragraph_103_5 import asked_again
from control.domain.terms import Count, Direction, Term, counted
from control.domain.values import Letter, Originator, Standing


def over_three_months(standing: Standing) -> bool:
    """Reading: the present deadline is later than the day of issue plus three calendar months."""
    months = standing.issued_on.month - 1 + standing.rules.over_months
    year, month = standing.issued_on.year + months // 12, months % 12 + 1
    day = min(standing.issued_on.day, monthrange(year, month)[1])
    return standing.deadline > date(year, month, day)


def paragraph_of_asking_again(standing: Standing) -> str | None:
    """The citation of 103-6 or 103-7 where one of them governs the letter, else None: then 103-3's time limit holds
    and no opinion is needed again.
    """
    if not asked_again(standing) or not over_three_months(standing):
        return None
    if under_102_1(standing.origin):
        return standing.rules.cite("103-7")
    if standing.origin.originator in (Originator.PRESIDENT, Originator.HEAD_OF_PA):
        return standing.rules.cite("103-6")
    return None


def last_day_to_ask_again(standing: Standing, paragraph: str, calendar: ProductionCalendar) -> Term:
    """15 working days before the deadline; `paragraph` is the citation that governs."""
    rules = standing.rules
    return counted(
        Count(paragraph, rules.name, standing.deadline, Direction.BACKWARDS, rules.asking_again_days), calendar
    )


def asking_again_grounds(
    standing: Standing, letter: Letter, paragraph: str, calendar: ProductionCalendar
) -> tuple[Ground, ...]:
    """Too late for the paragraph that governs. It stands instead of 103-3's limit."""
    if letter.submitted_on > last_day_to_ask_again(standing, paragraph, calendar).due:
        return (Ground(paragraph, "asked-again-late", "submitted_on"),)
    return ()


def opinion_term(standing: Standing, paragraph: str, submitted_on: date, calendar: ProductionCalendar) -> Term:
    """The expert opinion is due within 10 working days of receiving the proposal."""
    rules = standing.rules
    return counted(Count(paragraph, rules.name, submitted_on, Direction.FORWARDS, rules.opinion_days), calendar)

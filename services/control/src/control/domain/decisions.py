"""A decision on a letter: every ground against it, and what a grant changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from baqylau.refusals import Ground

from control.domain.calendar import ProductionCalendar
from control.domain.days_of_doing import day_grounds
from control.domain.issuing import deadline_covered_grounds
from control.domain.paragraph_103_2 import MovedProposal, ProposalExpected, terms_after_new_deadline
from control.domain.paragraph_103_5 import decision_paragraph, exceptional_case_grounds
from control.domain.paragraph_103_9 import decider_grounds
from control.domain.values import Control, Decision, LetterTaken, Standing, blank


@dataclass(frozen=True, slots=True)
class Grant:
    """What a grant sets. `control` differs from the standing one after a transfer only. The Government's notice after
    it, as after a refusal, is `notice_term` of 103-3.
    """

    deadline: date
    control: Control
    moved_proposals: tuple[MovedProposal, ...]


def grant_grounds(
    standing: Standing, letter: LetterTaken, decision: Decision, calendar: ProductionCalendar, today: date
) -> tuple[Ground, ...]:
    """Why the letter can't be granted so, each ground under the paragraph that the decision is taken under."""
    new_deadline = decision.new_deadline or letter.new_deadline
    grounds = [*_decision_grounds(standing, letter, decision, today), *_opinion_grounds(letter, decision)]
    # A letter once granted asks for the present deadline: that it is decided says all.
    if letter.decided_on is None and new_deadline <= standing.deadline:
        cite = decision_paragraph(standing.rules, again=letter.asked_again)
        grounds.append(Ground(cite, "new-deadline-not-later", "new_deadline"))
    grounds.extend(exceptional_case_grounds(standing.rules, letter, decision))
    grounds.extend(deadline_covered_grounds(new_deadline, calendar, "new_deadline"))
    return tuple(grounds)


def refusal_grounds(standing: Standing, letter: LetterTaken, decision: Decision, today: date) -> tuple[Ground, ...]:
    """Why the letter can't be refused so. A refusal needs no opinion; that it says why is ours, not the law's."""
    grounds = _decision_grounds(standing, letter, decision, today)
    return (*grounds, Ground(None, "reason-missing", "reason", of_payload=True)) if blank(decision.reason) else grounds


def granted(
    standing: Standing,
    letter: LetterTaken,
    decision: Decision,
    *,
    proposals: Iterable[ProposalExpected],
    calendar: ProductionCalendar,
    today: date,
) -> Grant:
    """What a grant without grounds against it sets. Reading: the decision may set another date than the one asked."""
    deadline = decision.new_deadline or letter.new_deadline
    control = letter.to_control or standing.control
    after = replace(standing, deadline=deadline, control=control)
    return Grant(deadline, control, terms_after_new_deadline(after, proposals, calendar, today))


def _decision_grounds(standing: Standing, letter: LetterTaken, decision: Decision, today: date) -> tuple[Ground, ...]:
    """What grant and refusal share: who decides, when, and whether there is something to decide."""
    cite = decision_paragraph(standing.rules, again=letter.asked_again)
    grounds = [
        *decider_grounds(standing.rules, standing.origin, decision.decided_by, again=letter.asked_again),
        *day_grounds("decided_on", decision.decided_on, issued_on=standing.issued_on, today=today),
    ]
    if decision.decided_on < letter.submitted_on:
        grounds.append(Ground(cite, "decided-before-letter", "decided_on"))
    if letter.decided_on is not None:
        grounds.append(Ground(cite, "letter-already-decided"))
    if standing.status.closed:
        grounds.append(Ground(cite, "assignment-closed"))
    return tuple(grounds)


def _opinion_grounds(letter: LetterTaken, decision: Decision) -> tuple[Ground, ...]:
    """No grant before the opinion, where a paragraph asks for one: under that paragraph."""
    if letter.opinion_under is None:
        return ()
    if letter.opinion_on is None:
        return (Ground(letter.opinion_under, "opinion-missing"),)
    if decision.decided_on < letter.opinion_on:
        return (Ground(letter.opinion_under, "decided-before-opinion", "decided_on"),)
    return ()

"""103-3: the letter of the executor's head when the deadline can't be met, and the Government's notice to the PA."""

from datetime import date

from baqylau.refusals import Ground

from control.domain.calendar import ProductionCalendar
from control.domain.days_of_doing import day_grounds
from control.domain.paragraph_102_1 import controlled_by, under_102_1
from control.domain.rule_sets import RuleSet
from control.domain.terms import Count, Direction, Term, counted
from control.domain.values import ControllingSide, ExtensionKind, Letter, LetterTaken, Origin, Standing, blank


def addressed_to(origin: Origin) -> ControllingSide:
    """The PA; under 102-1 the Government's leadership or the Head of the PM's Office."""
    return controlled_by(origin)


def content_grounds(standing: Standing, letter: Letter) -> tuple[Ground, ...]:
    """What the letter lacks: one ground for each missing element and each organization without responsible persons.

    Reading: the concrete new deadline is needed on both routes. Under 102-1 the responsible persons aren't asked.
    """
    missing = []
    if letter.kind is None:
        missing.append(("kind-missing", "kind"))
    if blank(letter.current_state):
        missing.append(("current-state-missing", "current_state"))
    if blank(letter.justification):
        missing.append(("justification-missing", "justification"))
    if letter.new_deadline is None:
        missing.append(("new-deadline-missing", "new_deadline"))
    if letter.kind is ExtensionKind.TRANSFER and letter.to_control is None:
        missing.append(("to-control-missing", "to_control"))
    if letter.kind is ExtensionKind.EXTENSION and letter.to_control is not None:
        missing.append(("to-control-without-transfer", "to_control"))
    if not under_102_1(standing.origin):
        named = {person.organization for person in letter.responsible if not blank(person.name)}
        missing.extend(
            ("responsible-persons-missing", f"responsible.{organization}")
            for organization in (standing.executor, *standing.co_executors)
            if organization not in named
        )
    return tuple(Ground(standing.rules.cite("103-3"), reason, field, of_payload=True) for reason, field in missing)


def agreement_grounds(standing: Standing, letter: Letter, today: date) -> tuple[Ground, ...]:
    """Where it touches the Government's powers, not under 102-1: only after agreement with the PM, the acting or a
    deputy PM.
    """
    cite = standing.rules.cite("103-3")
    needed = standing.origin.touches_government_powers and not under_102_1(standing.origin)
    agreement = letter.agreement
    if agreement is None:
        return (Ground(cite, "agreement-missing", "agreement", of_payload=True),) if needed else ()
    agreed_on = agreement.agreed_on
    after_letter = agreed_on is not None and agreed_on > letter.submitted_on
    lacking = (
        ("agreement-without-office", "agreement.by", agreement.by is None),
        ("agreement-without-day", "agreement.agreed_on", agreed_on is None),
        ("agreement-without-reference", "agreement.reference", blank(agreement.reference)),
        ("agreement-after-letter", "agreement.agreed_on", after_letter),
    )
    grounds = [Ground(cite, reason, field, of_payload=True) for reason, field, lacks in lacking if needed and lacks]
    # What comes after the letter is no agreement, so where one is needed it's the law that objects, not the calendar.
    if agreed_on is not None and not (needed and after_letter):
        grounds.extend(day_grounds("agreement.agreed_on", agreed_on, issued_on=standing.issued_on, today=today))
    return tuple(grounds)


def receipt_grounds(standing: Standing, letter: Letter, today: date, *, by_executor: bool) -> tuple[Ground, ...]:
    """Reading: a letter handed in through the system (`by_executor`) has today's date; one that came on paper is
    entered by the controlling side with the day of its receipt and what shows it. Only the executor asks.
    """
    cite = standing.rules.cite("103-3")
    grounds = []
    if letter.asked_by != standing.executor:
        grounds.append(Ground(cite, "only-the-executor-asks"))
    if by_executor and letter.submitted_on < today:
        grounds.append(Ground(cite, "letter-not-of-today", "submitted_on", of_payload=True))
    if not by_executor and letter.submitted_on < today and blank(letter.evidence):
        grounds.append(Ground(cite, "evidence-missing", "evidence", of_payload=True))
    grounds.extend(day_grounds("submitted_on", letter.submitted_on, issued_on=standing.issued_on, today=today))
    if letter.paper is not None:
        grounds.extend(day_grounds("letter.dated", letter.paper.dated, issued_on=standing.issued_on, today=today))
    return tuple(grounds)


def state_grounds(standing: Standing, letter: Letter) -> tuple[Ground, ...]:
    """A new deadline not after the present one, an assignment completed or withdrawn, another letter undecided."""
    cite = standing.rules.cite("103-3")
    grounds = []
    if letter.new_deadline is not None and letter.new_deadline <= standing.deadline:
        grounds.append(Ground(cite, "new-deadline-not-later", "new_deadline"))
    if standing.status.closed:
        grounds.append(Ground(cite, "assignment-closed"))
    if standing.undecided_letter:
        grounds.append(Ground(cite, "letter-undecided"))
    return tuple(grounds)


def timeliness_grounds(standing: Standing, letter: Letter) -> tuple[Ground, ...]:
    """No later than the deadline: on its day is in time."""
    if letter.submitted_on > standing.deadline:
        return (Ground(standing.rules.cite("103-3"), "letter-late", "submitted_on"),)
    return ()


def notice_term(rules: RuleSet, origin: Origin, decided_on: date, calendar: ProductionCalendar) -> Term | None:
    """Until when the Government tells the PA of a decision, also a refusal; None where the assignment isn't under
    102-1.

    Reading: within 10 working days of the day of the decision.
    """
    if not under_102_1(origin):
        return None
    count = Count(rules.cite("103-3"), rules.name, decided_on, Direction.FORWARDS, rules.notice_days)
    return counted(count, calendar)


def notice_grounds(
    standing: Standing, letter: LetterTaken, given_on: date, reference: str | None, today: date
) -> tuple[Ground, ...]:
    """Why the Government's notice isn't recorded: none is owed, nothing is decided, it was given, or it says too
    little.
    """
    cite = standing.rules.cite("103-3")
    grounds = list(day_grounds("given_on", given_on, issued_on=standing.issued_on, today=today))
    if blank(reference):
        grounds.append(Ground(cite, "reference-missing", "reference", of_payload=True))
    if not under_102_1(standing.origin):
        grounds.append(Ground(cite, "no-notice-owed"))
    if letter.decided_on is None:
        grounds.append(Ground(cite, "letter-undecided"))
    elif given_on < letter.decided_on:
        grounds.append(Ground(cite, "notice-before-decision", "given_on"))
    if letter.notice_given_on is not None:
        grounds.append(Ground(cite, "notice-already-given"))
    return tuple(grounds)

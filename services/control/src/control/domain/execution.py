"""Reports of execution, their acceptance and return, and the acts that need a reason. No paragraph cites these: they
are the Readings under "Deadlines", so their grounds carry no citation.
"""

from datetime import date

from baqylau.refusals import Ground

from control.domain.days_of_doing import day_grounds
from control.domain.values import Standing, Status, blank


def report_grounds(
    standing: Standing,
    reported_on: date,
    today: date,
    *,
    reported_by: str,
    text: str | None,
    evidence: str | None,
    by_executor: bool,
) -> tuple[Ground, ...]:
    """Why a report isn't taken in. An executor's report is of today; the controlling side may enter an earlier day
    with what shows it.
    """
    grounds = list(day_grounds("reported_on", reported_on, issued_on=standing.issued_on, today=today))
    if blank(text):
        grounds.append(Ground(None, "text-missing", "text", of_payload=True))
    if by_executor and reported_on < today:
        grounds.append(Ground(None, "report-not-of-today", "reported_on", of_payload=True))
    if not by_executor and reported_on < today and blank(evidence):
        grounds.append(Ground(None, "evidence-missing", "evidence", of_payload=True))
    if reported_by != standing.executor:
        grounds.append(Ground(None, "only-the-executor-reports"))
    grounds.extend(closed_grounds(standing))
    if standing.status is Status.REPORTED:
        grounds.append(Ground(None, "report-under-review"))
    return tuple(grounds)


def acceptance_grounds(
    standing: Standing, reported_on: date, decided_on: date, today: date, *, under_review: bool
) -> tuple[Ground, ...]:
    """Why a report can't be accepted, or returned, now. `under_review`: this report waits for it."""
    grounds = list(day_grounds("decided_on", decided_on, issued_on=standing.issued_on, today=today))
    if decided_on < reported_on:
        grounds.append(Ground(None, "decided-before-report", "decided_on"))
    if not under_review:
        grounds.append(Ground(None, "report-not-under-review"))
    return (*grounds, *closed_grounds(standing))


def return_grounds(
    standing: Standing, reported_on: date, decided_on: date, today: date, *, under_review: bool, reason: str | None
) -> tuple[Ground, ...]:
    """As for an acceptance; a return also says why."""
    grounds = acceptance_grounds(standing, reported_on, decided_on, today, under_review=under_review)
    return (*grounds, *reason_grounds(reason))


def reason_grounds(reason: str | None) -> tuple[Ground, ...]:
    """A return, a correction, a withdrawal, a replacement and a rescission say why."""
    return (Ground(None, "reason-missing", "reason", of_payload=True),) if blank(reason) else ()


def closed_grounds(standing: Standing) -> tuple[Ground, ...]:
    """What is completed or withdrawn is off control: nothing about it changes any more."""
    return (Ground(None, "assignment-closed"),) if standing.status.closed else ()


def rescission_grounds(
    *, recorded: bool, rescinded: bool, reason: str | None, evidence: str | None
) -> tuple[Ground, ...]:
    """Why a recorded miss of a deadline can't be rescinded. The miss stays in the history either way."""
    grounds = list(reason_grounds(reason))
    if blank(evidence):
        grounds.append(Ground(None, "evidence-missing", "evidence", of_payload=True))
    if not recorded:
        grounds.append(Ground(None, "deadline-not-missed"))
    if rescinded:
        grounds.append(Ground(None, "miss-already-rescinded"))
    return tuple(grounds)

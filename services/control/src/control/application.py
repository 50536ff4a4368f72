"""Control's use cases on assignments: load, command, answer. What is written is written by the caller's transaction.

`organization`: the executor's or co-executor's that asks, or None where the controlling side does.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.transaction import Question
from baqylau.eventstore.work import NotFound, Work
from baqylau.refusals import Ground
from baqylau.segregation import KnownUnits

from control.api import schemas
from control.domain.assignment import Assignment
from control.domain.assignment_parts import Addressed
from control.domain.assignment_state import Circumstances
from control.domain.control_subjects import ControlSubjectsOf
from control.domain.issuing import CoExecutor, NewAssignment
from control.domain.paragraph_103_1 import ControlSubjects, ResponsibleOfficial, first_heads, responsible_officials
from control.domain.paragraph_103_2 import ProposalExpected
from control.domain.rule_sets import RuleBook
from control.domain.values import Agreement, Decision, Letter, Origin, PaperLetter, ResponsiblePerson
from control.reference import current_calendar


class RecordedOfficials:
    """Control subjects as they are recorded here."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def responsible(self, organization: str, area: str, day: date) -> tuple[ResponsibleOfficial, ...]:
        """The first head and the deputies over the area on that day."""
        return responsible_officials(self._history(organization), area, day)

    def first_heads(self, organizations: Iterable[str], day: date) -> tuple[ResponsibleOfficial, ...]:
        """The first heads on that day."""
        return first_heads((self._history(organization) for organization in organizations), day)

    def _history(self, organization: str) -> Iterable[ControlSubjects]:
        found = self._work.find(ControlSubjectsOf, ControlSubjectsOf.id_for(organization))
        return found.history if found else ()


def circumstances(work: Work, book: RuleBook, today: date, cause: Cause) -> Circumstances:
    """What a command of today is decided in the light of."""
    return Circumstances(today, book, current_calendar(work), RecordedOfficials(work), cause)


def issue(
    work: Work, assignment_id: UUID, body: schemas.IssueAssignment, known_units: KnownUnits, c: Circumstances
) -> schemas.IssuedView:
    """Issue an assignment from a registered document."""
    issued_on = body.issued_on or c.today
    new = NewAssignment(
        origin=Origin(body.source, body.originator, body.personal, body.occasion, body.touches_government_powers),
        control=body.control,
        urgency=body.urgency,
        issued_on=issued_on,
        received_on=body.received_on or c.today,
        deadline=body.deadline,
        executor=body.executor.organization,
        co_executors=tuple(CoExecutor(p.organization, p.received_on, p.proposal_due) for p in body.co_executors),
    )
    assignment = work.add(Assignment(assignment_id))
    assignment.issue(
        new,
        _addressed(work, known_units, body.executor, "executor"),
        [_addressed(work, known_units, p, f"co_executors.{number}") for number, p in enumerate(body.co_executors)],
        c,
        document_id=body.document_id,
        clause=body.clause,
        text=body.text,
        grounds=_document_grounds(work, body.document_id),
    )
    return schemas.IssuedView(
        **_common(assignment), controlled_by=assignment.controlled_by, proposals=_proposals(assignment)
    )


def submit_proposal(
    work: Work, assignment_id: UUID, body: schemas.SubmitProposal, organization: str | None, c: Circumstances
) -> schemas.ProposalSubmittedView:
    """Take a co-executor's proposal in."""
    assignment = _assignment(work, assignment_id, organization)
    late = assignment.submit_proposal(body.organization, body.text, body.submitted_on or c.today, c)
    due = assignment.proposals[body.organization].term.due
    return schemas.ProposalSubmittedView(**_common(assignment), organization=body.organization, due=due, late=late)


def request_extension(
    work: Work, assignment_id: UUID, body: schemas.RequestExtension, organization: str | None, c: Circumstances
) -> schemas.ExtensionRequestedView:
    """Take a letter in, or turn it back."""
    assignment = _assignment(work, assignment_id, organization)
    agreed, paper = body.agreement, body.letter
    letter = Letter(
        kind=body.kind,
        submitted_on=body.submitted_on or c.today,
        asked_by=organization or assignment.executor.organization,
        new_deadline=body.new_deadline,
        to_control=body.to_control,
        current_state=body.current_state,
        justification=body.justification,
        responsible=tuple(ResponsiblePerson(p.organization, p.name, p.position) for p in body.responsible),
        agreement=Agreement(agreed.by, agreed.agreed_on, agreed.reference) if agreed else None,
        paper=PaperLetter(paper.registration_number, paper.dated, paper.signed_by) if paper else None,
        evidence=body.evidence,
    )
    taken = assignment.request_extension(letter, c, by_executor=organization is not None)
    return schemas.ExtensionRequestedView(
        **_common(assignment),
        number=taken.number,
        addressed_to=taken.addressed_to,
        repeated=taken.repeated,
        opinion_due=taken.opinion_due.due if taken.opinion_due else None,
        opinion_derivation=taken.opinion_due.derivation if taken.opinion_due else None,
        may_decide=taken.may_decide,
        disciplinary_review=taken.disciplinary_review,
        penalty_review=taken.penalty_review,
    )


def issue_opinion(
    work: Work, assignment_id: UUID, number: int, body: schemas.IssueOpinion, c: Circumstances
) -> schemas.OpinionView:
    """Record the expert opinion on a letter."""
    assignment = _with_letter(work, assignment_id, number)
    late = assignment.issue_opinion(
        number, c, unit=body.unit, supports=body.supports, text=body.text, issued_on=body.issued_on or c.today
    )
    return schemas.OpinionView(**_common(assignment), late=late)


def grant(work: Work, assignment_id: UUID, number: int, body: schemas.Grant, c: Circumstances) -> schemas.GrantedView:
    """Record that a letter was granted."""
    assignment = _with_letter(work, assignment_id, number)
    decision = Decision(
        decided_by=body.decided_by,
        decided_on=body.decided_on or c.today,
        new_deadline=body.new_deadline,
        exceptional_circumstances=body.exceptional_circumstances,
        disciplinary_outcome=body.disciplinary_outcome,
    )
    moved = assignment.grant(number, decision, c)
    return schemas.GrantedView(
        **_decided(assignment, number),
        moved=tuple(
            schemas.MovedProposalView(
                organization=found.organization,
                was=found.was,
                due=found.term.due,
                compressed=found.term.compressed,
                derivation=found.term.derivation,
            )
            for found in moved
        ),
    )


def refuse(
    work: Work, assignment_id: UUID, number: int, body: schemas.Refusal, c: Circumstances
) -> schemas.DecidedView:
    """Record that a letter was refused."""
    assignment = _with_letter(work, assignment_id, number)
    assignment.refuse(number, Decision(body.decided_by, body.decided_on or c.today, reason=body.reason), c)
    return schemas.DecidedView(**_decided(assignment, number))


def give_notice(
    work: Work, assignment_id: UUID, number: int, body: schemas.GiveNotice, c: Circumstances
) -> schemas.NoticeView:
    """Record that the Government told the PA."""
    assignment = _with_letter(work, assignment_id, number)
    late = assignment.give_notice(number, body.given_on or c.today, body.reference, c)
    return schemas.NoticeView(**_common(assignment), late=late)


def report(
    work: Work, assignment_id: UUID, body: schemas.ReportExecution, organization: str | None, c: Circumstances
) -> schemas.ReportView:
    """Take a report of execution in."""
    assignment = _assignment(work, assignment_id, organization)
    number = assignment.report(
        organization or assignment.executor.organization,
        body.text,
        body.reported_on or c.today,
        body.evidence,
        c,
        by_executor=organization is not None,
    )
    return schemas.ReportView(**_common(assignment), number=number)


def accept_report(
    work: Work, assignment_id: UUID, number: int, body: schemas.AcceptReport, c: Circumstances
) -> schemas.ReportView:
    """Accept a report: the assignment is completed."""
    assignment = _with_report(work, assignment_id, number)
    assignment.accept_report(number, body.decided_on or c.today, c)
    return schemas.ReportView(**_common(assignment), number=number)


def return_report(
    work: Work, assignment_id: UUID, number: int, body: schemas.ReturnReport, c: Circumstances
) -> schemas.ReportView:
    """Return a report: the assignment is open again."""
    assignment = _with_report(work, assignment_id, number)
    assignment.return_report(number, body.reason, body.decided_on or c.today, c)
    return schemas.ReportView(**_common(assignment), number=number)


def correct(work: Work, assignment_id: UUID, body: schemas.Correct, c: Circumstances) -> schemas.AssignmentAnswer:
    """Correct clause, text or area."""
    assignment = _assignment(work, assignment_id)
    assignment.correct(body.reason, c, clause=body.clause, text=body.text, area=body.area)
    return schemas.AssignmentAnswer(**_common(assignment))


def replace_party(
    work: Work, assignment_id: UUID, body: schemas.ReplaceExecutor, known_units: KnownUnits, c: Circumstances
) -> schemas.ReplacedView:
    """Put another organization in the place of the executor or of a co-executor."""
    assignment = _assignment(work, assignment_id)
    addressed = _addressed(work, known_units, body.replacement, "replacement")
    assignment.replace_party(body.previous, addressed, body.reason, c)
    return schemas.ReplacedView(**_common(assignment), proposals=_proposals(assignment))


def withdraw(work: Work, assignment_id: UUID, body: schemas.Withdraw, c: Circumstances) -> schemas.AssignmentAnswer:
    """Take an assignment off control."""
    assignment = _assignment(work, assignment_id)
    assignment.withdraw(body.reason, c)
    return schemas.AssignmentAnswer(**_common(assignment))


def rescind_miss(
    work: Work, assignment_id: UUID, deadline: date, body: schemas.RescindMiss, c: Circumstances
) -> schemas.AssignmentAnswer:
    """Rescind the miss of a deadline. Raises `NotFound` for a date that is neither missed nor the present deadline."""
    assignment = _assignment(work, assignment_id)
    if deadline not in assignment.misses and deadline != assignment.deadline:
        raise NotFound
    assignment.rescind_miss(deadline, body.reason, body.evidence, c)
    return schemas.AssignmentAnswer(**_common(assignment))


def record_misses(work: Work, assignment_id: UUID, c: Circumstances) -> int:
    """Record what is missed by `c.today` and not recorded yet, oldest first. Answers how many misses there were."""
    assignment = work.find(Assignment, assignment_id)
    return 0 if assignment is None else assignment.record_misses(c)


def rederive_terms(work: Work, assignment_id: UUID, c: Circumstances) -> None:
    """Count an assignment's computed dates by the present calendar."""
    assignment = work.find(Assignment, assignment_id)
    if assignment is not None:
        assignment.rederive_terms(c)


def _assignment(work: Work, assignment_id: UUID, organization: str | None = None) -> Assignment:
    """The assignment of the path. One in which the organization has no place doesn't appear to it."""
    assignment = work.find(Assignment, assignment_id)
    if assignment is None or (organization is not None and assignment.party(organization) is None):
        raise NotFound
    work.guard(assignment.version)
    return assignment


def _with_letter(work: Work, assignment_id: UUID, number: int) -> Assignment:
    assignment = _assignment(work, assignment_id)
    if number not in assignment.requests:
        raise NotFound
    return assignment


def _with_report(work: Work, assignment_id: UUID, number: int) -> Assignment:
    assignment = _assignment(work, assignment_id)
    if number not in assignment.reports:
        raise NotFound
    return assignment


def _addressed(work: Work, known_units: KnownUnits, party: schemas.Executor, field: str) -> Addressed | Ground:
    unit = known_units.permitted(work, party.unit_id, f"{field}.unit_id")
    if isinstance(unit, Ground):
        return unit
    if unit.organization != party.organization:
        return Ground(None, "unit-of-another-organization", f"{field}.unit_id")
    return Addressed(unit, party.area)


def document_asked(document_id: UUID) -> Question:
    """What an issue asks about its document."""
    return "SELECT withdrawn FROM documents WHERE id = %s", (document_id,)


def _document_grounds(work: Work, document_id: UUID) -> list[Ground]:
    rows = work.read(*document_asked(document_id))
    if not rows:
        return [Ground(None, "document-unknown", "document_id")]
    return [Ground(None, "document-withdrawn", "document_id")] if rows[0][0] else []


def _common(assignment: Assignment) -> dict[str, Any]:
    return {
        "version": assignment.version,
        "id": assignment.id,
        "status": assignment.status,
        "control": assignment.control,
        "deadline": assignment.deadline,
    }


def _decided(assignment: Assignment, number: int) -> dict[str, Any]:
    notice = assignment.requests[number].notice_term
    return {
        **_common(assignment),
        "number": number,
        "notice_due": notice.due if notice else None,
        "notice_derivation": notice.derivation if notice else None,
    }


def _proposals(assignment: Assignment) -> tuple[schemas.ProposalView, ...]:
    return tuple(_proposal(expected) for expected in assignment.proposals.values())


def _proposal(expected: ProposalExpected) -> schemas.ProposalView:
    return schemas.ProposalView(
        organization=expected.organization,
        due=expected.term.due,
        compressed=expected.term.compressed,
        derivation=expected.term.derivation,
    )

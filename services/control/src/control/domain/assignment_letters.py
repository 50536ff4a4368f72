"""Commands on letters: taken in, opinion, decision, notice (103-3 to 103-9)."""

from datetime import date

from baqylau.refusals import Refused, refuse_if

from control.domain import assignment_events as events
from control.domain.assignment_parts import DecisionMade
from control.domain.assignment_state import AssignmentState, Circumstances
from control.domain.decisions import grant_grounds, granted, refusal_grounds
from control.domain.execution import closed_grounds
from control.domain.letters import LetterTakenIn, letter_grounds, opinion_grounds, opinion_late, taken_in
from control.domain.paragraph_103_2 import MovedProposal
from control.domain.paragraph_103_3 import notice_grounds, notice_term
from control.domain.paragraph_103_5 import decision_paragraph
from control.domain.terms import Term
from control.domain.values import Decision, ExtensionKind, Letter


class TurnedBack(Refused):
    """A letter was turned back: no refusal in the law's sense, so it counts for nothing; the audit alone keeps it."""


class OnLetters(AssignmentState):
    def request_extension(self, letter: Letter, c: Circumstances, *, by_executor: bool) -> LetterTakenIn:
        """Take a letter in. Raises `TurnedBack`. `by_executor`: through the system, not entered from paper."""
        with self._up_to_date(c) as standing:
            grounds = letter_grounds(standing, letter, c.calendar, c.today, by_executor=by_executor)
            if grounds:
                raise TurnedBack(grounds)
            outcome = taken_in(standing, letter, c.calendar)
            rules, number = standing.rules, outcome.number
            under = [rules.cite("103-3"), decision_paragraph(rules, again=outcome.repeated)]
            if outcome.opinion_under:
                under.append(outcome.opinion_under)
            self._record(
                events.ExtensionRequested,
                c,
                under,
                number=number,
                kind=letter.kind,
                submitted_on=letter.submitted_on,
                deadline=standing.deadline,
                new_deadline=letter.new_deadline,
                to_control=letter.to_control,
                current_state=letter.current_state,
                justification=letter.justification,
                responsible_persons=letter.responsible,
                agreement=letter.agreement,
                paper=letter.paper,
                evidence=letter.evidence,
                on_paper=not by_executor,
                repeated=outcome.repeated,
                addressed_to=outcome.addressed_to,
                may_decide=outcome.may_decide,
                opinion_under=outcome.opinion_under,
                opinion_term=outcome.opinion_due,
            )
            raised_on = letter.submitted_on
            if outcome.disciplinary_review:
                responsible = self._responsible(c, raised_on)
                self._record(
                    events.DisciplinaryReviewRaised,
                    c,
                    [rules.cite("103-5")],
                    number=number,
                    raised_on=raised_on,
                    responsible=responsible,
                )
            if outcome.penalty_review:
                heads = c.officials.first_heads((standing.executor, *standing.co_executors), raised_on)
                self._record(
                    events.PenaltyReviewRaised,
                    c,
                    [rules.cite("103-8")],
                    number=number,
                    raised_on=raised_on,
                    responsible=heads,
                )
        return outcome

    def issue_opinion(
        self,
        number: int,
        c: Circumstances,
        *,
        unit: str | None,
        supports: bool | None,
        text: str | None,
        issued_on: date,
    ) -> bool:
        """Take an expert opinion in. Answers whether it is late. Raises KeyError for a letter that isn't there."""
        taken = self.requests[number].taken
        with self._up_to_date(c) as standing:
            said = opinion_grounds(standing, taken, issued_on, c.today, unit=unit, supports=supports, text=text)
            refuse_if((*said, *closed_grounds(standing)))
            late = opinion_late(taken, issued_on)
            self._record(
                events.ExpertOpinionIssued,
                c,
                [taken.opinion_under or decision_paragraph(standing.rules, again=taken.asked_again)],
                number=number,
                unit=unit,
                supports=supports,
                text=text,
                issued_on=issued_on,
                due=taken.opinion_due,
                late=late,
            )
        return late

    def grant(self, number: int, decision: Decision, c: Circumstances) -> tuple[MovedProposal, ...]:
        """Grant a letter. Answers the proposals' dates that moved. Raises KeyError for a letter that isn't there."""
        taken = self.requests[number].taken
        with self._up_to_date(c) as standing:
            refuse_if(grant_grounds(standing, taken, decision, c.calendar, c.today))
            grant = granted(
                standing, taken, decision, proposals=self.proposals.values(), calendar=c.calendar, today=c.today
            )
            notice = notice_term(standing.rules, standing.origin, decision.decided_on, c.calendar)
            citations = self._decision_citations(number)
            if taken.opinion_under:
                citations.append(taken.opinion_under)
            if grant.moved_proposals:
                citations.append(standing.rules.cite("103-2"))
            transfer = taken.kind is ExtensionKind.TRANSFER
            self._record(
                events.ControlTransferred if transfer else events.ExtensionGranted,
                c,
                citations,
                number=number,
                decided_by=decision.decided_by,
                decided_on=decision.decided_on,
                previous_deadline=standing.deadline,
                new_deadline=grant.deadline,
                control=grant.control,
                repeated=taken.asked_again,
                proposals=grant.moved_proposals,
                exceptional_circumstances=decision.exceptional_circumstances,
                disciplinary_outcome=decision.disciplinary_outcome,
                responsible=self._responsible(c, decision.decided_on),
                **({"previous_control": standing.control} if transfer else {}),
            )
            self._owe_notice(number, DecisionMade.GRANTED, decision.decided_on, notice, c)
        return grant.moved_proposals

    def refuse(self, number: int, decision: Decision, c: Circumstances) -> None:
        """Refuse a letter; it counts for 103-8. Raises KeyError for one that isn't there."""
        taken = self.requests[number].taken
        with self._up_to_date(c) as standing:
            refuse_if(refusal_grounds(standing, taken, decision, c.today))
            notice = notice_term(standing.rules, standing.origin, decision.decided_on, c.calendar)
            self._record(
                events.ExtensionRefused,
                c,
                self._decision_citations(number),
                number=number,
                kind=taken.kind,
                decided_by=decision.decided_by,
                decided_on=decision.decided_on,
                reason=decision.reason,
                deadline=standing.deadline,
                repeated=taken.asked_again,
            )
            self._owe_notice(number, DecisionMade.REFUSED, decision.decided_on, notice, c)

    def give_notice(self, number: int, given_on: date, reference: str | None, c: Circumstances) -> bool:
        """Record that the Government told the PA. Answers whether it was late. Raises KeyError as above."""
        taken = self.requests[number].taken
        with self._up_to_date(c) as standing:
            refuse_if(notice_grounds(standing, taken, given_on, reference, c.today))
            assert taken.notice_due is not None
            late = given_on > taken.notice_due
            self._record(
                events.GovernmentDecisionNoticeGiven,
                c,
                [standing.rules.cite("103-3")],
                number=number,
                given_on=given_on,
                reference=reference,
                due=taken.notice_due,
                late=late,
            )
        return late

    def _owe_notice(
        self, number: int, decision: DecisionMade, decided_on: date, notice: Term | None, c: Circumstances
    ) -> None:
        if notice is not None:
            self._record(
                events.GovernmentDecisionNoticeDue,
                c,
                [self.rules.cite("103-3")],
                number=number,
                decision=decision,
                decided_on=decided_on,
                term=notice,
            )

    def _decision_citations(self, number: int) -> list[str]:
        again = self.requests[number].taken.asked_again
        personal = [self.rules.cite("103-9")] if self.origin.personal else []
        return [decision_paragraph(self.rules, again=again), *personal]

"""Commands on proposals, execution and what happens in life: corrections, reorganizations, withdrawal, amendments."""

from dataclasses import replace
from datetime import date

from baqylau.refusals import Ground, refuse_if

from control.domain import assignment_events as events
from control.domain.assignment_parts import Addressed, ComputedTerm, MovedTerm, PartyRole
from control.domain.assignment_state import AssignmentState, Circumstances
from control.domain.days_of_doing import day_grounds
from control.domain.deadlines import report_in_time
from control.domain.execution import (
    acceptance_grounds,
    closed_grounds,
    reason_grounds,
    report_grounds,
    rescission_grounds,
    return_grounds,
)
from control.domain.paragraph_103_2 import ProposalExpected, proposal_term, submission_grounds, terms_after_amendment
from control.domain.terms import Basis, recounted
from control.domain.values import blank


class OnExecution(AssignmentState):
    def submit_proposal(self, organization: str, text: str | None, submitted_on: date, c: Circumstances) -> bool:
        """Take a co-executor's proposal in. Answers whether it is late."""
        with self._up_to_date(c) as standing:
            grounds = [
                *submission_grounds(standing, self.proposals.values(), organization),
                *day_grounds("submitted_on", submitted_on, issued_on=standing.issued_on, today=c.today),
            ]
            if blank(text):
                grounds.append(Ground(standing.rules.cite("103-2"), "text-missing", "text", of_payload=True))
            refuse_if(grounds)
            expected = self.proposals[organization]
            due = expected.term.due
            late = submitted_on > due
            self._record(
                events.ProposalSubmitted,
                c,
                [standing.rules.cite("103-2")],
                organization=organization,
                due=due,
                submitted_on=submitted_on,
                late=late,
                missed=expected.missed,
                text=text,
                responsible=self._responsible(c, submitted_on, organization),
            )
        return late

    def report(
        self,
        reported_by: str,
        text: str | None,
        reported_on: date,
        evidence: str | None,
        c: Circumstances,
        *,
        by_executor: bool,
    ) -> int:
        """Take a report of execution in. Answers its number."""
        with self._up_to_date(c) as standing:
            refuse_if(
                report_grounds(
                    standing,
                    reported_on,
                    c.today,
                    reported_by=reported_by,
                    text=text,
                    evidence=evidence,
                    by_executor=by_executor,
                )
            )
            number = len(self.reports) + 1
            self._record(
                events.ExecutionReported,
                c,
                [standing.rules.cite("103-1")],
                number=number,
                reported_on=reported_on,
                text=text,
                evidence=evidence,
                on_paper=not by_executor,
                deadline=standing.deadline,
            )
        return number

    def accept_report(self, number: int, decided_on: date, c: Circumstances) -> None:
        """Accept a report: the assignment is completed and taken off control. Raises KeyError where it isn't there."""
        report = self.reports[number]
        with self._up_to_date(c) as standing:
            reported_on = report.reported_on
            refuse_if(acceptance_grounds(standing, reported_on, decided_on, c.today, under_review=report.under_review))
            self._record(
                events.AssignmentCompleted,
                c,
                [standing.rules.cite("103-1")],
                number=number,
                reported_on=reported_on,
                completed_on=decided_on,
                deadline=standing.deadline,
                on_time=report_in_time(reported_on, standing.deadline),
                responsible=self._responsible(c, decided_on),
            )

    def return_report(self, number: int, reason: str | None, decided_on: date, c: Circumstances) -> None:
        """Return a report: the assignment is open again. Raises KeyError where it isn't there."""
        report = self.reports[number]
        with self._up_to_date(c) as standing:
            reported_on, under_review = report.reported_on, report.under_review
            refuse_if(
                return_grounds(standing, reported_on, decided_on, c.today, under_review=under_review, reason=reason)
            )
            self._record(
                events.ExecutionReturned,
                c,
                [standing.rules.cite("103-1")],
                number=number,
                reported_on=reported_on,
                returned_on=decided_on,
                reason=reason,
                deadline=standing.deadline,
            )

    def correct(
        self, reason: str | None, c: Circumstances, *, clause: str | None, text: str | None, area: str | None
    ) -> None:
        """Correct clause, text or the executor's area; what is None or the same stays."""
        with self._up_to_date(c) as standing:
            asked = {"clause": clause, "text": text, "area": area}
            present = {"clause": self.clause, "text": self.text, "area": self.executor.area}
            changed = {name: to for name, to in asked.items() if to is not None and to != present[name]}
            grounds = [*reason_grounds(reason), *closed_grounds(standing)]
            if all(to is None for to in asked.values()):
                grounds.append(Ground(None, "correction-missing", of_payload=True))
            elif not changed:
                grounds.append(Ground(None, "nothing-to-correct"))
            refuse_if(grounds)
            executor = replace(self.executor, area=changed.get("area", self.executor.area))
            self._record(
                events.AssignmentCorrected,
                c,
                [standing.rules.cite("103-1")],
                executor=executor,
                corrected_on=c.today,
                reason=reason,
                responsible=c.officials.responsible(executor.organization, executor.area, c.today),
                **changed,
            )

    def replace_party(self, previous: str, addressed: Addressed | Ground, reason: str | None, c: Circumstances) -> None:
        """Put another in the place of an executor or co-executor after a reorganization.

        Reading, ours: what was done stays done, and what was missed missed. A new co-executor receives the assignment
        on the day of the replacement. One that has a place already keeps it, the executor's before a co-executor's,
        and the other place falls away. `addressed`: the replacement, or what was found against it.
        """
        with self._up_to_date(c) as standing:
            found = self.party(previous)
            grounds = [*reason_grounds(reason), *closed_grounds(standing)]
            if isinstance(addressed, Ground):
                grounds.append(addressed)
            elif found == addressed.party:
                grounds.append(Ground(None, "nothing-to-replace", "replacement"))
            if found is None:
                grounds.append(Ground(None, "not-a-party", "previous"))
            refuse_if(grounds)
            assert found is not None
            assert isinstance(addressed, Addressed)
            replacement = addressed.party
            of_executor = found == self.executor
            executor = replacement if of_executor else self.executor
            other = self.party(replacement.organization) if replacement.organization != previous else None
            proposal = None
            if of_executor or other is not None:
                gone = {previous, executor.organization}
                co_executors = tuple(party for party in self.co_executors if party.organization not in gone)
            else:
                co_executors = tuple(replacement if party == found else party for party in self.co_executors)
                proposal = self._taken_over(previous, replacement.organization, c)
            self._record(
                events.ExecutorReplaced,
                c,
                [standing.rules.cite("103-1"), *([standing.rules.cite("103-2")] if proposal else [])],
                executor=executor,
                co_executors=co_executors,
                role=PartyRole.EXECUTOR if of_executor else PartyRole.CO_EXECUTOR,
                previous=found,
                replacement=replacement,
                replaced_on=c.today,
                reason=reason,
                proposal=proposal,
                responsible=c.officials.responsible(executor.organization, executor.area, c.today),
            )

    def _taken_over(self, previous: str, organization: str, c: Circumstances) -> ProposalExpected:
        """What is expected of a new co-executor. A date that the assignment set itself stays."""
        before = replace(self.proposals[previous], organization=organization)
        if previous == organization or not before.awaited:
            return before
        after = replace(before, received_on=c.today)
        if before.term.derivation.basis is Basis.SET_BY_ASSIGNMENT:
            return after
        term = proposal_term(
            self.rules,
            c.calendar,
            control=self.control,
            urgency=self.urgency,
            received_on=c.today,
            deadline=self.deadline,
        )
        return replace(after, term=term)

    def withdraw(self, reason: str | None, c: Circumstances) -> None:
        """Take the assignment off control without execution."""
        with self._up_to_date(c) as standing:
            refuse_if((*reason_grounds(reason), *closed_grounds(standing)))
            self._record(
                events.AssignmentWithdrawn,
                c,
                [standing.rules.cite("102-1")],
                withdrawn_on=c.today,
                reason=reason,
                deadline=standing.deadline,
                responsible=self._responsible(c, c.today),
            )

    def rescind_miss(self, deadline: date, reason: str | None, evidence: str | None, c: Circumstances) -> None:
        """Say that a recorded miss was mistaken. It stays in the history."""
        with self._up_to_date(c) as standing:
            miss = self.misses.get(deadline)
            rescinded = miss is not None and miss.rescinded_on is not None
            refuse_if(
                rescission_grounds(recorded=miss is not None, rescinded=rescinded, reason=reason, evidence=evidence)
            )
            assert miss is not None
            self._record(
                events.DeadlineMissRescinded,
                c,
                [standing.rules.cite("103-1")],
                deadline=deadline,
                rescinded_on=c.today,
                reason=reason,
                evidence=evidence,
                responsible=miss.responsible,
            )

    def rederive_terms(self, c: Circumstances) -> None:
        """Count computed dates that aren't reached yet by the present calendar. Without one that moves, no event."""
        with self._up_to_date(c) as standing:
            proposals = terms_after_amendment(standing, self.proposals.values(), c.calendar, c.today)
            moved = [MovedTerm(ComputedTerm.PROPOSAL, p.was, p.term, organization=p.organization) for p in proposals]
            for number, request in self.requests.items() if not standing.status.closed else ():
                taken = request.taken
                awaited = (
                    (ComputedTerm.OPINION, request.opinion_term, taken.opinion_on or taken.decided_on),
                    (ComputedTerm.NOTICE, request.notice_term, taken.notice_given_on),
                )
                for what, term, done_on in awaited:
                    if term is None or done_on is not None:
                        continue
                    again = recounted(term, c.calendar, c.today)
                    if again.due != term.due:
                        moved.append(MovedTerm(what, term.due, again, number=number))
            if moved:
                self._record(
                    events.TermsRederived,
                    c,
                    [found.term.derivation.paragraph for found in moved],
                    calendar_version=c.calendar.version,
                    moved=tuple(moved),
                )

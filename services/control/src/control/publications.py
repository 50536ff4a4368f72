"""What control says in public: the one place where its events become contracts.

A contract takes the fields that it names and ignores the rest, so nothing becomes public by being stored: no text, no
person's name. The units concerned are the executor's and the co-executors', and for a replacement the one before.
"""

from collections.abc import Callable, Mapping
from typing import Any

from baqylau.contracts import control as public
from baqylau.contracts import control_extensions as extensions
from baqylau.contracts.values import CorrectedField
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.lines import Line
from baqylau.messaging.envelope import Publication

from control.domain import assignment_events as events
from control.domain.assignment_parts import ComputedTerm, Party
from control.domain.production_calendar import Calendar
from control.domain.terms import Term

Fields = dict[str, Any]


def publisher(line: Line) -> Callable[[DomainEvent], Publication | None]:
    """How the events of this line's control are published: to its own line."""

    def publish(event: DomainEvent) -> Publication | None:
        match event:
            case events.AssignmentEvent():
                contract, more = _TABLE[type(event)]
                fields = vars(event) | {"assignment_id": event.originator_id} | more(event)
                told = contract.model_validate(fields, from_attributes=True)
                return Publication(told, (line,), tuple(dict.fromkeys(party.unit_id for party in _concerned(event))))
            case Calendar.CalendarAmended():
                return Publication(extensions.CalendarAmended.model_validate(vars(event)), (line,))
        return None

    return publish


def _concerned(event: events.AssignmentEvent) -> tuple[Party, ...]:
    before = (event.previous,) if isinstance(event, events.ExecutorReplaced) else ()
    return (event.executor, *event.co_executors, *before)


def _nothing_more(_: Any) -> Fields:
    return {}


def _issued(event: events.AssignmentIssued) -> Fields:
    origin = event.origin
    return {
        "source": origin.source,
        "originator": origin.originator,
        "personal": origin.personal,
        "occasion": origin.occasion,
        "touches_government_powers": origin.touches_government_powers,
        "co_executors": tuple(
            {**_party(party), "area": party.area, "received_on": expected.received_on, **_term(expected.term)}
            for party, expected in zip(event.co_executors, event.proposals, strict=True)
        ),
    }


def _of_co_executor(event: events.ProposalSubmitted | events.ProposalMissed) -> Fields:
    return {"co_executor": _party(_found(event, event.organization))}


def _requested(event: events.ExtensionRequested) -> Fields:
    agreement = event.agreement
    whole = agreement is not None and agreement.by is not None and agreement.agreed_on is not None
    term = event.opinion_term
    return {
        "agreement": agreement if whole else None,
        "opinion_due": term.due if term else None,
        "opinion_derivation": _derivation(term) if term else None,
    }


def _granted(event: events.Granted) -> Fields:
    return {
        "proposals": tuple(
            {**_party(_found(event, moved.organization)), "previous_due": moved.was, **_term(moved.term)}
            for moved in event.proposals
        )
    }


def _notice_due(event: events.GovernmentDecisionNoticeDue) -> Fields:
    return _term(event.term)


def _corrected(event: events.AssignmentCorrected) -> Fields:
    return {"corrected": tuple(field for field in CorrectedField if getattr(event, field.value) is not None)}


def _replaced(event: events.ExecutorReplaced) -> Fields:
    awaited = event.proposal is not None and event.proposal.awaited
    return {"proposal": _term(event.proposal.term) if event.proposal is not None and awaited else None}


def _rederived(event: events.TermsRederived) -> Fields:
    return {
        "moved": tuple(
            {
                "what": moved.what,
                **(_party(_found(event, moved.organization)) if moved.what is ComputedTerm.PROPOSAL else {}),
                "number": moved.number,
                "previous_due": moved.was,
                **_term(moved.term),
            }
            for moved in event.moved
        )
    }


def _found(event: events.AssignmentEvent, organization: str | None) -> Party:
    return next(party for party in event.co_executors if party.organization == organization)


def _party(party: Party) -> Fields:
    return {"organization": party.organization, "unit_id": party.unit_id}


def _term(term: Term) -> Fields:
    derivation = _derivation(term)
    return {
        "due": term.due,
        "compressed": term.compressed,
        "fixed": derivation is None,
        "derivation": derivation,
    }


def _derivation(term: Term) -> Fields | None:
    """How a date was counted; None for one that the assignment set."""
    why = term.derivation
    if why.counted_from is None:
        return None
    return {
        "citation": why.paragraph,
        "rule_set": why.rule_set,
        "calendar_version": why.calendar_version,
        "counted_from": why.counted_from,
        "direction": why.direction,
        "working_days": why.working_days,
        "counted_to": why.counted_to,
        "days_off": why.days_off,
    }


_TABLE: Mapping[type[events.AssignmentEvent], tuple[type[public.AssignmentEvent], Callable[[Any], Fields]]] = {
    events.AssignmentIssued: (public.AssignmentIssued, _issued),
    events.ProposalSubmitted: (public.ProposalSubmitted, _of_co_executor),
    events.ProposalMissed: (public.ProposalMissed, _of_co_executor),
    events.ExtensionRequested: (extensions.ExtensionRequested, _requested),
    events.DisciplinaryReviewRaised: (extensions.DisciplinaryReviewRaised, _nothing_more),
    events.PenaltyReviewRaised: (extensions.PenaltyReviewRaised, _nothing_more),
    events.ExpertOpinionIssued: (extensions.ExpertOpinionIssued, _nothing_more),
    events.OpinionMissed: (extensions.OpinionMissed, _nothing_more),
    events.ExtensionGranted: (extensions.ExtensionGranted, _granted),
    events.ControlTransferred: (extensions.ControlTransferred, _granted),
    events.ExtensionRefused: (extensions.ExtensionRefused, _nothing_more),
    events.GovernmentDecisionNoticeDue: (extensions.GovernmentDecisionNoticeDue, _notice_due),
    events.GovernmentDecisionNoticeGiven: (extensions.GovernmentDecisionNoticeGiven, _nothing_more),
    events.NoticeMissed: (extensions.NoticeMissed, _nothing_more),
    events.ExecutionReported: (public.ExecutionReported, _nothing_more),
    events.ExecutionReturned: (public.ExecutionReturned, _nothing_more),
    events.AssignmentCompleted: (public.AssignmentCompleted, _nothing_more),
    events.AssignmentCorrected: (public.AssignmentCorrected, _corrected),
    events.ExecutorReplaced: (public.ExecutorReplaced, _replaced),
    events.AssignmentWithdrawn: (public.AssignmentWithdrawn, _nothing_more),
    events.DeadlineMissed: (public.DeadlineMissed, _nothing_more),
    events.DeadlineMissRescinded: (public.DeadlineMissRescinded, _nothing_more),
    events.TermsRederived: (extensions.TermsRederived, _rederived),
}

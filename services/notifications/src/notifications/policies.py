"""What the service does about the events of others: a table from event to the units that are told.

An event concerns the units that it is addressed to. Every event of registry and control is in `TELLS` or in
`TELLS_NOBODY`.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from baqylau.contracts import control, control_extensions, registry
from baqylau.contracts.base import PublicEvent
from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.work import Work
from baqylau.messaging.policy import NotYet, Policies, Policy
from baqylau.segregation import KnownUnits, PermittedUnit

from notifications import application
from notifications.domain.wording import about
from notifications.projections import postings

Units = Callable[[Any], tuple[UUID, ...]]


class WithoutId(Exception):
    """A record without an `id`: nobody could tell a second notice of it from the first."""


def _of_document(event: registry.DocumentEvent) -> tuple[UUID, ...]:
    return (event.unit_id,)


def _of_assignment(event: control.AssignmentEvent) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(party.unit_id for party in (event.executor, *event.co_executors)))


def _of_replacement(event: control.ExecutorReplaced) -> tuple[UUID, ...]:
    """The one that is replaced hears of it too."""
    return tuple(dict.fromkeys((*_of_assignment(event), event.previous.unit_id)))


TELLS: Mapping[type[PublicEvent], Units] = {
    registry.DocumentRegistered: _of_document,
    registry.DocumentCorrected: _of_document,
    registry.DocumentWithdrawn: _of_document,
    control.AssignmentIssued: _of_assignment,
    control.ProposalSubmitted: _of_assignment,
    control.ProposalMissed: _of_assignment,
    control.ExecutionReported: _of_assignment,
    control.ExecutionReturned: _of_assignment,
    control.AssignmentCompleted: _of_assignment,
    control.AssignmentCorrected: _of_assignment,
    control.ExecutorReplaced: _of_replacement,
    control.AssignmentWithdrawn: _of_assignment,
    control.DeadlineMissed: _of_assignment,
    control.DeadlineMissRescinded: _of_assignment,
    control_extensions.ExtensionRequested: _of_assignment,
    control_extensions.DisciplinaryReviewRaised: _of_assignment,
    control_extensions.PenaltyReviewRaised: _of_assignment,
    control_extensions.ExpertOpinionIssued: _of_assignment,
    control_extensions.OpinionMissed: _of_assignment,
    control_extensions.ExtensionGranted: _of_assignment,
    control_extensions.ControlTransferred: _of_assignment,
    control_extensions.ExtensionRefused: _of_assignment,
    control_extensions.GovernmentDecisionNoticeDue: _of_assignment,
    control_extensions.GovernmentDecisionNoticeGiven: _of_assignment,
    control_extensions.NoticeMissed: _of_assignment,
    control_extensions.TermsRederived: _of_assignment,
}

TELLS_NOBODY: tuple[type[PublicEvent], ...] = (
    # It concerns no unit; each assignment whose dates it moves follows as TermsRederived.
    control_extensions.CalendarAmended,
)


def policies(units: KnownUnits, regime: Regime) -> Policies:
    """The whole table, with what the gate tells."""
    return {
        **units.policies(),
        **postings.COPY.policies,
        **{kind: _tell(told, units, regime) for kind, told in TELLS.items()},
    }


def _tell(told: Units, units: KnownUnits, regime: Regime) -> Policy:
    def policy(work: Work, event: Any, cause: Cause) -> None:
        if not cause.causation_id:
            raise WithoutId
        concerned = [units.permitted(work, unit_id, "unit_id") for unit_id in told(event)]
        if any(not isinstance(unit, PermittedUnit) and unit.reason == "unit-regime-unknown" for unit in concerned):
            raise NotYet("unit-regime-unknown")
        permitted = [unit for unit in concerned if isinstance(unit, PermittedUnit)]
        application.tell(work, permitted, about(event, cause.causation_id, regime), cause)

    return policy

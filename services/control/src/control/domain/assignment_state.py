"""How an assignment stands, and what every command on it has in common.

Every command first records what was missed before it, by the day's clock, then decides, then records what it makes
overdue itself. So it makes no difference whether the watcher or a command comes first.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from baqylau.eventstore.aggregate import Aggregate, Cause

from control.domain import assignment_events as events
from control.domain.assignment_parts import Miss, Party, Report
from control.domain.calendar import ProductionCalendar
from control.domain.deadlines import Duty, DutyKind, extension_pending, missed_by, next_due, open_duties
from control.domain.paragraph_103_1 import ResponsibleOfficial
from control.domain.paragraph_103_2 import ProposalExpected
from control.domain.rule_sets import RuleBook, RuleSet, rule_book
from control.domain.values import Control, ControllingSide, Origin, Standing, Status, Urgency

RULES = rule_book()
"""Which rule set governs an assignment was settled at its issue, so the operator's end dates don't matter here."""


class Officials(Protocol):
    """Who was responsible when (103-1)."""

    def responsible(self, organization: str, area: str, day: date) -> tuple[ResponsibleOfficial, ...]:
        """The first head and the deputies over the area; empty where the organization has none recorded."""

    def first_heads(self, organizations: Iterable[str], day: date) -> tuple[ResponsibleOfficial, ...]:
        """The first heads, in the order given; one that isn't recorded is left out."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a command is decided in the light of. `today`: the day in Asia/Almaty."""

    today: date
    book: RuleBook
    calendar: ProductionCalendar
    officials: Officials
    cause: Cause


class AssignmentState(Aggregate):
    """State, changed by events alone, and the misses that the passing of days brings."""

    document_id: UUID
    clause: str
    text: str
    origin: Origin
    control: Control
    urgency: Urgency | None
    issued_on: date
    received_on: date
    deadline: date
    controlled_by: ControllingSide
    rule_set: str
    executor: Party
    co_executors: tuple[Party, ...]
    status: Status
    grants: int
    proposals: dict[str, ProposalExpected]
    requests: dict[int, events.Request]
    reports: dict[int, Report]
    misses: dict[date, Miss]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.status = Status.OPEN
        self.grants = 0
        self.proposals = {}
        self.requests = {}
        self.reports = {}
        self.misses = {}

    # How it stands

    @property
    def rules(self) -> RuleSet:
        """The rule set that governs it for its whole life."""
        return RULES.named(self.rule_set)

    @property
    def standing(self) -> Standing:
        """What the rules are asked about."""
        return Standing(
            rules=self.rules,
            origin=self.origin,
            issued_on=self.issued_on,
            deadline=self.deadline,
            control=self.control,
            executor=self.executor.organization,
            co_executors=tuple(party.organization for party in self.co_executors),
            status=self.status,
            grants=self.grants,
            letters=len(self.requests),
            undecided_letter=any(request.taken.decided_on is None for request in self.requests.values()),
        )

    def party(self, organization: str) -> Party | None:
        """The organization's place in the assignment, or None."""
        return next((p for p in (self.executor, *self.co_executors) if p.organization == organization), None)

    def duties(self) -> tuple[Duty, ...]:
        """Everything that can still be missed."""
        return open_duties(
            self.standing,
            self.proposals.values(),
            {number: request.taken for number, request in self.requests.items()},
            report_in_review=next((r.reported_on for r in self.reports.values() if r.under_review), None),
            deadline_missed=self.deadline in self.misses,
        )

    # Changes of state, called by events alone

    def begin(self, issued: events.AssignmentIssued) -> None:
        """Come to be."""
        self.document_id, self.clause, self.text = issued.document_id, issued.clause, issued.text
        self.origin, self.control, self.urgency = issued.origin, issued.control, issued.urgency
        self.issued_on, self.received_on, self.deadline = issued.issued_on, issued.received_on, issued.deadline
        self.controlled_by, self.rule_set = issued.controlled_by, issued.rule_set
        self.executor, self.co_executors = issued.executor, issued.co_executors
        self.proposals = {expected.organization: expected for expected in issued.proposals}

    def change_proposal(self, organization: str, **changes: Any) -> None:
        """Change what is expected of one co-executor."""
        self.proposals[organization] = replace(self.proposals[organization], **changes)

    # Misses

    def record_misses(self, circumstances: Circumstances) -> int:
        """Record what is missed by today and not recorded yet, oldest first. Answers how many there were."""
        missed = missed_by(self.duties(), circumstances.today)
        for duty in missed:
            self._miss(duty, circumstances)
        return len(missed)

    def _miss(self, duty: Duty, circumstances: Circumstances) -> None:
        cite, due = self.rules.cite, duty.due
        match duty.kind:
            case DutyKind.PROPOSAL:
                self._record(
                    events.ProposalMissed,
                    circumstances,
                    [cite("103-2"), cite("103-1")],
                    organization=duty.subject,
                    due=due,
                    responsible=self._responsible(circumstances, due, duty.subject),
                )
            case DutyKind.OPINION:
                number = int(duty.subject)
                under = self.requests[number].taken.opinion_under
                self._record(
                    events.OpinionMissed,
                    circumstances,
                    [under] if under else [],
                    number=number,
                    due=due,
                    addressed_to=self.controlled_by,
                )
            case DutyKind.NOTICE:
                self._record(events.NoticeMissed, circumstances, [cite("103-3")], number=int(duty.subject), due=due)
            case DutyKind.DEADLINE:
                self._record(
                    events.DeadlineMissed,
                    circumstances,
                    [cite("103-1")],
                    deadline=due,
                    extension_pending=extension_pending(self.standing),
                    responsible=self._responsible(circumstances, due),
                )

    # What every command has in common

    @contextmanager
    def _up_to_date(self, circumstances: Circumstances) -> Iterator[Standing]:
        """Misses before the command, then the command, then the misses that it brings."""
        self.record_misses(circumstances)
        yield self.standing
        self.record_misses(circumstances)

    def _record(
        self, event: type[events.AssignmentEvent], circumstances: Circumstances, citations: Sequence[str], **fields: Any
    ) -> None:
        parties: dict[str, Any] = {"executor": None, "co_executors": None}
        if self.version:
            parties = {"executor": self.executor, "co_executors": self.co_executors}
        made = event(
            originator_id=self.id,
            originator_version=self.version + 1,
            cause=circumstances.cause,
            citations=tuple(dict.fromkeys(citations)),
            **{**parties, **fields},
        )
        made.mutate(self)
        self._pending.append(made.model_copy(update={"status": self.status, "next_due": next_due(self.duties())}))

    def _responsible(
        self, circumstances: Circumstances, day: date, organization: str | None = None
    ) -> tuple[ResponsibleOfficial, ...]:
        party = self.party(organization) if organization else self.executor
        if party is None:
            return ()
        return circumstances.officials.responsible(party.organization, party.area, day)

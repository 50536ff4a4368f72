"""Commands in any order, and a line's copy that hears of them late: no tree with two regimes, nothing told across."""

from collections import Counter, deque
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from baqylau.contracts import secrecy_gate as public
from baqylau.contracts.base import PublicEvent
from baqylau.contracts.values import Names, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.lines import Line, regime_of
from baqylau.messaging.envelope import Publication, attributes
from baqylau.refusals import Refused
from baqylau.testing.alike import alike, through_a_snapshot
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import booleans, integers, sampled_from
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization
from secrecy_gate.domain.proof import Proof
from secrecy_gate.publications import publish

CAUSE = Cause(actor="officer", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="c")
NAMES = Names(kk="Б", ru="О", en="U")
LINES = (Line.CONFIDENTIAL, Line.NON_CONFIDENTIAL)
UNIT = integers(0, 9)
PEOPLE = tuple(uuid4() for _ in range(3))


class AnyOrder(RuleBasedStateMachine):
    @initialize()
    def register(self) -> None:
        self.position = 0
        self.restored: dict[UUID, Aggregate] = {}
        self.proof = Proof()
        self.waiting: dict[Line, deque[PublicEvent]] = {line: deque() for line in LINES}
        self.copies: dict[Line, set[UUID]] = {line: set() for line in LINES}
        self.numbers: dict[Line, Counter[UUID]] = {line: Counter() for line in LINES}
        self.organization = Organization(uuid4())
        self.employees = {person: Employee(uuid4()) for person in PEOPLE}
        self.postings: list[tuple[UUID, UUID]] = []
        self.organization.register("MIN-A", NAMES, OrganizationKind.STATE_BODY, territorial=False, cause=CAUSE)
        self._log(self.organization)
        for _ in range(3):
            self._establish(None, service=False)

    @rule(number=UNIT, top=booleans(), service=booleans())
    def establish(self, number: int, top: bool, service: bool) -> None:
        self._establish(None if top else self._unit(number), service=service)

    @rule(number=UNIT, regime=sampled_from(Regime))
    def assign(self, number: int, regime: Regime) -> None:
        self._try(lambda: self.organization.assign_regime(self._unit(number), regime, CAUSE), self.organization)

    @rule(number=UNIT, parent=UNIT, top=booleans())
    def move(self, number: int, parent: int, top: bool) -> None:
        target = None if top else self._unit(parent)
        self._try(lambda: self.organization.move(self._unit(number), target, CAUSE), self.organization)

    @rule(number=UNIT)
    def dissolve(self, number: int) -> None:
        unit = self._unit(number)
        serving = any(p.unit_id == unit for e in self.employees.values() for p in e.postings.values())
        self._try(
            lambda: self.organization.dissolve(unit, "r", date(2021, 3, 1), has_postings=serving, cause=CAUSE),
            self.organization,
        )

    @rule(person=sampled_from(PEOPLE), number=UNIT)
    def post(self, person: UUID, number: int) -> None:
        unit = self.organization.units[self._unit(number)]
        posting, employee = uuid4(), self.employees[person]
        gone = unit.dissolved_on is not None
        self._try(
            lambda: employee.post(posting, person, unit.id, "MIN-A", unit.regime, dissolved=gone, cause=CAUSE),
            employee,
        )
        self.postings.append((person, posting))

    @rule(number=integers(0, 20))
    def release(self, number: int) -> None:
        if self.postings:
            person, posting = self.postings[number % len(self.postings)]
            self._try(lambda: self.employees[person].release(posting, person, CAUSE), self.employees[person])

    @rule(line=sampled_from(LINES))
    def a_line_hears_of_the_next_event(self, line: Line) -> None:
        if self.waiting[line]:
            event = self.waiting[line].popleft()
            if isinstance(event, public.UnitRegimeAssigned):
                assert event.regime is regime_of(line)
                self.copies[line].add(event.unit_id)

    @invariant()
    def no_tree_holds_two_regimes(self) -> None:
        for unit in self.organization.units.values():
            root = self.organization.units[self.organization.root_of(unit.id)]
            assert unit.regime is root.regime or unit.dissolved_on is not None or root.dissolved_on is not None
        assert self.proof.holds

    @invariant()
    def no_copy_permits_what_the_gate_would_refuse(self) -> None:
        for line, copy in self.copies.items():
            assert all(self.organization.units[unit].regime is regime_of(line) for unit in copy)

    @invariant()
    def each_is_the_same_behind_a_snapshot_before_each_event(self) -> None:
        for aggregate in (self.organization, *self.employees.values()):
            assert alike(self.restored.get(aggregate.id), aggregate if aggregate.version else None)

    @invariant()
    def nobody_serves_two_regimes(self) -> None:
        for employee in self.employees.values():
            assert len({posting.regime for posting in employee.postings.values()}) <= 1

    def _unit(self, number: int) -> UUID:
        return list(self.organization.units)[number % len(self.organization.units)]

    def _establish(self, parent: UUID | None, *, service: bool) -> None:
        unit = uuid4()
        self._try(
            lambda: self.organization.establish(
                unit, str(unit), NAMES, parent, documentation_service=service, cause=CAUSE
            ),
            self.organization,
        )

    def _try(self, command: object, aggregate: Aggregate) -> None:
        before = aggregate.version
        try:
            command()  # type: ignore[operator]
        except Refused as refused:
            assert refused.grounds  # noqa: PT017 (any command may be refused, or not)
            assert aggregate.version == before, "a refusal records nothing"
        self._log(aggregate)

    def _log(self, aggregate: Aggregate) -> None:
        for event in aggregate.collect_events():
            self.restored[aggregate.id] = through_a_snapshot(event.mutate(self.restored.get(aggregate.id)))
            self.position += 1
            self.proof.follow(self.position, event)
            publication = publish(event)
            assert publication is not None
            for line in publication.lines:
                if line in self.waiting:
                    self.waiting[line].append(publication.event)
                    self._nothing_of_the_other_line_is_told(line, publication, event)

    def _nothing_of_the_other_line_is_told(self, line: Line, said: Publication, event: DomainEvent) -> None:
        """Neither by a unit, nor by what a subscriber could count."""
        for unit in (*said.unit_ids, *getattr(said.event, "moved_unit_ids", ())):
            assert self.organization.units[unit].regime is regime_of(line)
        self.numbers[line][event.originator_id] += 1
        number = self.numbers[line][event.originator_id]
        assert attributes(said, event, line)["id"] == f"{event.originator_id}:{number}"
        assert attributes(said, event, Line.GATE)["id"] == f"{event.originator_id}:{event.originator_version}"


AnyOrder.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase

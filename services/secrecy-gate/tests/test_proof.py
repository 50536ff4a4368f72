"""The proof trusts no event: each way of planting a breach in the log, with a chain that fits, is shown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Line, Names, OrganizationKind, Regime
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.eventstore.chain import GENESIS, link
from baqylau.eventstore.mapper import PydanticMapper
from eventsourcing.persistence import JSONTranscoder, StoredEvent
from secrecy_gate.domain.breach import Breach
from secrecy_gate.domain.employee import Employee
from secrecy_gate.domain.organization import Organization
from secrecy_gate.domain.proof import Failure
from secrecy_gate.proved_log import ProvedLog
from secrecy_gate.verify import export_line, verify

CAUSE = Cause(actor="officer", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="c")
NAMES = Names(kk="Бөлім", ru="Отдел", en="Unit")
SECRET, OPEN = Regime.CONFIDENTIAL, Regime.NON_CONFIDENTIAL
MAPPER = PydanticMapper(JSONTranscoder())

Row = tuple[int, StoredEvent, bytes]


@dataclass
class Log:
    """Two trees of a ministry, one of each regime, the open one with a unit under it; and their log."""

    rows: list[Row] = field(default_factory=list)
    digest: bytes = GENESIS

    def __post_init__(self) -> None:
        self.ministry = Organization(Organization.id_for("MIN-A"))
        self.ministry.register("MIN-A", NAMES, OrganizationKind.STATE_BODY, territorial=False, cause=CAUSE)
        self.secret, self.open = self.unit("1"), self.unit("2")
        self.under_open = self.unit("2.1", self.open)
        self.ministry.assign_regime(self.secret, SECRET, CAUSE)
        self.ministry.assign_regime(self.open, OPEN, CAUSE)
        self.employee = Employee(Employee.id_for(uuid4()))
        self.person, self.posting = uuid4(), uuid4()
        self.record(self.ministry)
        self.post(self.secret, SECRET, self.posting)

    def unit(self, code: str, parent: UUID | None = None) -> UUID:
        return self.ministry.establish(uuid4(), code, NAMES, parent, documentation_service=False, cause=CAUSE).id

    def post(self, unit: UUID, regime: Regime, posting: UUID) -> None:
        self.employee.trigger(
            Employee.EmployeePosted,
            CAUSE,
            posting_id=posting,
            employee_id=self.person,
            unit_id=unit,
            organization="MIN-A",
            regime=regime,
        )
        self.record(self.employee)

    def record(self, aggregate: Aggregate) -> None:
        for event in aggregate.collect_events():
            self.append(MAPPER.to_stored_event(event))

    def append(self, stored: StoredEvent) -> None:
        position = len(self.rows) + 1
        self.digest = link(self.digest, position, stored)
        self.rows.append((position, stored, self.digest))

    def plant(self, event: type[DomainEvent], **fields: object) -> None:
        """An event that no command would have made, with a chain that fits."""
        id_ = self.employee.id if event is Employee.EmployeeReleased else self.ministry.id
        made = event(originator_id=id_, originator_version=self.next_version(id_), cause=CAUSE, **fields)
        self.append(MAPPER.to_stored_event(made))

    def next_version(self, id_: UUID) -> int:
        return 1 + sum(stored.originator_id == id_ for _, stored, _ in self.rows)

    def failures(self) -> list[Failure]:
        return failures(self.rows)

    def planted(self) -> set[str]:
        """The reasons that the last event of the log gives."""
        return {found.reason for found in self.failures() if found.shown_by.position == len(self.rows)}


def failures(rows: list[Row]) -> list[Failure]:
    log = ProvedLog()
    for row in rows:
        log.follow(*row)
    return log.proof.failures


def moved(
    log: Log,
    unit: UUID,
    parent: UUID | None,
    root: UUID,
    moved_units: tuple[UUID, ...],
    previous: UUID | None = None,
) -> None:
    log.plant(
        Organization.UnitMoved,
        unit_id=unit,
        organization="MIN-A",
        parent_id=parent,
        previous_root_id=previous or log.open,
        root_id=root,
        moved_unit_ids=moved_units,
        regime=OPEN,
    )


def assigned(log: Log, unit: UUID, parent: UUID | None, root: UUID, regime: Regime) -> None:
    log.plant(
        Organization.UnitRegimeAssigned,
        unit_id=unit,
        organization="MIN-A",
        code="2",
        names=NAMES,
        parent_id=parent,
        root_id=root,
        documentation_service=False,
        regime=regime,
    )


def established(log: Log, unit: UUID, parent: UUID | None, root: UUID, organization: str = "MIN-A") -> None:
    log.plant(
        Organization.UnitEstablished,
        unit_id=unit,
        organization=organization,
        code="9",
        names=NAMES,
        parent_id=parent,
        root_id=root,
        documentation_service=False,
    )


def dissolved(log: Log, unit: UUID, regime: Regime | None) -> None:
    fields = {"dissolved_on": CAUSE.recorded_at.date(), "reason": "r", "regime": regime}
    log.plant(Organization.UnitDissolved, unit_id=unit, organization="MIN-A", **fields)


def audited(log: Log) -> None:
    log.plant(
        Breach.SegregationBreached,
        breach_id=uuid4(),
        line=Line.NON_CONFIDENTIAL,
        recorded_by="registry",
        record_type="t",
        record_id=uuid4(),
        unit_id=log.secret,
        record_regime=OPEN,
        unit_regime=SECRET,
        found_at=CAUSE.recorded_at,
    )


def released(log: Log, posting: UUID, regime: Regime) -> None:
    fields = {"employee_id": log.person, "unit_id": log.secret, "organization": "MIN-A", "regime": regime}
    log.plant(Employee.EmployeeReleased, posting_id=posting, **fields)


PLANTED: dict[str, tuple[Callable[[Log], None], set[str]]] = {
    "another regime for a unit": (
        lambda log: assigned(log, log.under_open, log.open, log.open, SECRET),
        {"unit-changed-its-regime", "tree-holds-two-regimes"},
    ),
    "a move into a tree of the other regime": (
        lambda log: moved(log, log.open, log.secret, log.secret, (log.open, log.under_open)),
        {"tree-holds-two-regimes"},
    ),
    "the same move, which says that it moves nothing and stays in its tree": (
        lambda log: moved(log, log.open, log.secret, log.open, ()),
        {"tree-holds-two-regimes", "event-contradicts-the-log"},
    ),
    "a unit established again, elsewhere": (
        lambda log: established(log, log.open, log.secret, log.secret),
        {"unit-established-twice", "tree-holds-two-regimes"},
    ),
    "a unit that stands under itself": (
        lambda log: moved(log, log.open, log.under_open, log.open, (log.open, log.under_open)),
        {"parent-unknown-or-beneath"},
    ),
    "a unit under one that there is not": (
        lambda log: established(log, uuid4(), uuid4(), log.open),
        {"parent-unknown-or-beneath", "event-contradicts-the-log"},
    ),
    "a unit of another organization in the tree": (
        lambda log: established(log, uuid4(), log.open, log.open, "MIN-B"),
        {"tree-of-another-organization"},
    ),
    "a regime for a unit under a parent that it hasn't": (
        lambda log: assigned(log, log.under_open, None, log.under_open, OPEN),
        {"event-contradicts-the-log"},
    ),
    "a posting of who serves the other regime": (
        lambda log: log.post(log.open, OPEN, uuid4()),
        {"employee-serves-two-regimes"},
    ),
    "a posting that gives the unit another regime": (
        lambda log: log.post(log.open, SECRET, uuid4()),
        {"posted-to-a-unit-without-that-regime"},
    ),
    "a release from a posting that there was not": (
        lambda log: released(log, uuid4(), SECRET),
        {"event-contradicts-the-log"},
    ),
    "a release that says another regime than the posting": (
        lambda log: released(log, log.posting, OPEN),
        {"event-contradicts-the-log"},
    ),
    "a dissolution that tells the other line of the unit": (
        lambda log: dissolved(log, log.secret, OPEN),
        {"event-contradicts-the-log"},
    ),
    "a move that tells the other line of the unit": (
        lambda log: moved(log, log.secret, None, log.secret, (log.secret,), previous=log.secret),
        {"event-contradicts-the-log"},
    ),
    "what the audit found": (audited, {"audit-found-a-breach"}),
    "an event that can't be read": (
        lambda log: log.append(StoredEvent(uuid4(), 1, "secrecy_gate:UnitMoved", b"[]")),
        {"event-unreadable"},
    ),
    "an event of a name that isn't the gate's": (
        lambda log: log.append(StoredEvent(uuid4(), 1, "antigravity:fly", b"{}")),
        {"event-unreadable"},
    ),
}


def test_a_log_that_nobody_touched_holds() -> None:
    assert Log().failures() == []


@pytest.mark.parametrize("what", PLANTED)
def test_what_was_planted_in_the_log_with_a_chain_that_fits_is_shown_at_its_place(what: str) -> None:
    log = Log()
    plant, reasons = PLANTED[what]

    plant(log)

    assert log.planted() == reasons


def test_a_move_that_hides_what_it_moves_does_not_hide_what_comes_of_it() -> None:
    log = Log()
    leaf = log.unit("3")
    under_leaf = log.unit("3.1", leaf)
    log.record(log.ministry)
    moved(log, leaf, log.secret, log.secret, (leaf,))

    assigned(log, under_leaf, leaf, log.secret, OPEN)

    assert "tree-holds-two-regimes" in log.planted()


@pytest.mark.parametrize("what", ["changed", "left out", "reordered", "without its digest"])
def test_a_log_that_was_changed_is_shown_where_the_chain_breaks(what: str) -> None:
    rows = Log().rows
    position, stored, digest = rows[2]
    match what:
        case "changed":
            forged = StoredEvent(stored.originator_id, 3, stored.topic, stored.state.replace(b'"2"', b'"7"'))
            rows[2] = (position, forged, digest)
        case "left out":
            del rows[2]
        case "reordered":
            rows[2], rows[3] = rows[3], rows[2]
        case _:
            rows[2] = (position, stored, b"")

    found = [failure for failure in failures(rows) if failure.reason == "hash-chain-broken"]

    assert found[0].shown_by.position in {3, 4}
    assert found[0].citation is None


@pytest.mark.parametrize(
    ("what", "keeping_positions"), [("breach", True), ("establishment", True), ("establishment", False)]
)
def test_an_event_that_was_taken_out_leaves_its_place_empty_though_the_chain_was_linked_anew(
    what: str, keeping_positions: bool
) -> None:
    """All events of an aggregate taken out, and the positions given anew: that shows by a digest noted before alone."""
    log = Log()
    audited(log)
    log.post(log.secret, SECRET, uuid4())
    gone = 2 if what == "establishment" else next(p for p, s, _ in log.rows if s.topic.endswith("SegregationBreached"))
    left = [(position, stored) for position, stored, _ in log.rows if position != gone]
    digest, rows = GENESIS, []
    for number, (position, stored) in enumerate(left, 1):
        place = position if keeping_positions else number
        digest = link(digest, place, stored)
        rows.append((place, stored, digest))

    assert {failure.reason for failure in failures(rows)} & {
        "position-missing-or-out-of-order",
        "version-missing-or-out-of-order",
    }


def test_a_digest_that_was_noted_before_is_found_again_in_a_longer_log_and_only_there() -> None:
    log = Log()
    noted = log.digest.hex()
    log.post(log.secret, SECRET, uuid4())
    lines = [export_line(*row) for row in log.rows]

    assert verify(lines, noted).failures == ()
    assert verify(lines, noted.upper()).noted_at == len(lines) - 1
    assert verify(lines, Log().digest.hex()).failures, "another log's"
    assert verify(lines[:-2], noted).failures, "cut at its end"


def test_an_export_is_read_without_trusting_it() -> None:
    lines = [export_line(*row) for row in Log().rows]

    assert verify(lines).failures == ()
    with pytest.raises(ValueError, match="at least"):
        verify([])
    for junk in (b"", b"[]", b"{}", lines[0].replace(b'"position":1', b'"position":-1')):
        with pytest.raises((ValueError, KeyError, TypeError, OverflowError)):
            verify([junk])

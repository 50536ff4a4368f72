"""An ordinary assignment and letter, which a test changes in the one respect that it is about."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.segregation import PermittedUnit
from control.domain.assignment import Assignment
from control.domain.assignment_parts import Addressed
from control.domain.assignment_state import Circumstances
from control.domain.calendar import ProductionCalendar, first_calendar
from control.domain.issuing import CoExecutor, NewAssignment
from control.domain.paragraph_103_1 import (
    ControlSubjects,
    Deputy,
    FirstHead,
    ResponsibleOfficial,
    first_heads,
    responsible_officials,
)
from control.domain.rule_sets import RK_703, rule_book
from control.domain.values import (
    Control,
    Decider,
    Decision,
    ExtensionKind,
    Letter,
    LetterTaken,
    Origin,
    Originator,
    ResponsiblePerson,
    Source,
    Standing,
)

OF_ORIGIN = {"source", "originator", "personal", "occasion", "touches_government_powers"}


@pytest.fixture(scope="session")
def calendar() -> ProductionCalendar:
    return first_calendar()


@pytest.fixture(scope="session")
def standing() -> Callable[..., Standing]:
    """The President's instruction of 1.3.2021 to MIN-A with MIN-B, short-term control, due on 30.4.2021."""

    def build(**changes: Any) -> Standing:
        origin = Origin(Source.INSTRUCTION, Originator.PRESIDENT)
        origin = replace(origin, **{key: changes.pop(key) for key in list(changes) if key in OF_ORIGIN})
        ordinary = Standing(
            rules=RK_703,
            origin=origin,
            issued_on=date(2021, 3, 1),
            deadline=date(2021, 4, 30),
            control=Control.SHORT_TERM,
            executor="MIN-A",
            co_executors=("MIN-B",),
        )
        return replace(ordinary, **changes)

    return build


@pytest.fixture(scope="session")
def letter() -> Callable[..., Letter]:
    """A complete letter of 20.4.2021 that asks for 28.5.2021."""

    def build(**changes: Any) -> Letter:
        complete = Letter(
            kind=ExtensionKind.EXTENSION,
            submitted_on=date(2021, 4, 20),
            asked_by="MIN-A",
            new_deadline=date(2021, 5, 28),
            current_state="Жоба келісуде",
            justification="Сараптама ұзақ",
            responsible=(
                ResponsiblePerson("MIN-A", "Сейітов А.", "вице-министр"),
                ResponsiblePerson("MIN-B", "Иванова Б.", "вице-министр"),
            ),
        )
        return replace(complete, **changes)

    return build


@pytest.fixture(scope="session")
def taken() -> Callable[..., LetterTaken]:
    """That letter, taken in the first time, with the opinion of 23.4.2021."""

    def build(**changes: Any) -> LetterTaken:
        ordinary = LetterTaken(
            kind=ExtensionKind.EXTENSION,
            submitted_on=date(2021, 4, 20),
            new_deadline=date(2021, 5, 28),
            opinion_under="RK-703:103-4",
            opinion_on=date(2021, 4, 23),
        )
        return replace(ordinary, **changes)

    return build


@pytest.fixture(scope="session")
def decision() -> Callable[..., Decision]:
    """The Head of the PA's decision of 26.4.2021."""

    def build(**changes: Any) -> Decision:
        ordinary = Decision(decided_by=Decider.HEAD_OF_PA, decided_on=date(2021, 4, 26), reason="Негізсіз")
        return replace(ordinary, **changes)

    return build


OFFICE = {code: UUID(int=number) for number, code in enumerate(("MIN-A", "MIN-B", "MIN-C", "MIN-D"), 1)}
CAUSE = Cause(actor="controller", recorded_at=datetime(2021, 3, 2, tzinfo=UTC), correlation_id="c")


class Heads:
    """Every organization has a first head, and a deputy over the area "finance"."""

    def responsible(self, organization: str, area: str, day: date) -> tuple[ResponsibleOfficial, ...]:
        return responsible_officials([self._entry(organization)], area, day)

    def first_heads(self, organizations: Iterable[str], day: date) -> tuple[ResponsibleOfficial, ...]:
        return first_heads(([self._entry(organization)] for organization in organizations), day)

    def _entry(self, organization: str) -> ControlSubjects:
        deputy = Deputy("Сейітов А.", "вице-министр", ("finance",))
        return ControlSubjects(organization, FirstHead("Ахметов Қ.", "министр"), (deputy,), date(2021, 1, 1))


@pytest.fixture(scope="session")
def on(calendar: ProductionCalendar) -> Callable[..., Circumstances]:
    """The circumstances of a day: `on(4, 30)` is 30.4.2021."""

    def build(month: int, day: int, year: int = 2021, **changes: Any) -> Circumstances:
        ordinary = Circumstances(date(year, month, day), rule_book(), calendar, Heads(), CAUSE)
        return replace(ordinary, **changes)

    return build


@pytest.fixture(scope="session")
def addressed() -> Callable[[str], Addressed]:
    """An organization's unit and the area "finance"."""

    def build(organization: str) -> Addressed:
        unit = PermittedUnit(OFFICE[organization], organization, "01", OFFICE[organization], False)
        return Addressed(unit, "finance")

    return build


@pytest.fixture(scope="session")
def issued(on: Callable[..., Circumstances], addressed: Callable[[str], Addressed]) -> Callable[..., Assignment]:
    """The same assignment as `standing`, issued and received; on another day with `today`."""

    def build(**changes: Any) -> Assignment:
        today = changes.pop("today", on(3, 2))
        origin = Origin(Source.INSTRUCTION, Originator.PRESIDENT)
        origin = replace(origin, **{key: changes.pop(key) for key in list(changes) if key in OF_ORIGIN})
        new = NewAssignment(
            origin=origin,
            control=Control.SHORT_TERM,
            urgency=None,
            issued_on=date(2021, 3, 1),
            received_on=date(2021, 3, 2),
            deadline=date(2021, 4, 30),
            executor="MIN-A",
            co_executors=(CoExecutor("MIN-B"),),
        )
        new = replace(new, **changes)
        assignment = Assignment(UUID(int=9))
        assignment.issue(
            new,
            addressed(new.executor),
            [addressed(party.organization) for party in new.co_executors],
            today,
            document_id=UUID(int=8),
            clause="1",
            text="Есеп енгізілсін",
            grounds=(),
        )
        return assignment

    return build

"""An ordinary assignment and letter, which a test changes in the one respect that it is about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from control.domain.calendar import ProductionCalendar, first_calendar
from control.domain.rule_sets import RK_703
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

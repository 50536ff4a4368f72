"""What a verification says of a registry's numbers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Cause, DomainEvent
from registry.domain.document import Document
from registry.domain.journal import Journal
from registry.verification import NumbersWithoutGaps

CAUSE = Cause(actor="test", recorded_at=datetime(2026, 1, 5, tzinfo=UTC), correlation_id="c")
UNIT = uuid4()


def registered(number: int, *, shown: int | None = None, year: int = 2026, id: UUID | None = None) -> list[DomainEvent]:  # noqa: A002
    """What one registration records. `shown`: the number on the document, if another one."""
    id_ = id or uuid4()
    given = Journal.NumberGiven(
        originator_id=Journal.id_for(UNIT, year),
        originator_version=number,
        cause=CAUSE,
        unit_id=UNIT,
        year=year,
        number=number,
        document_id=id_,
    )
    document = Document.DocumentRegistered.model_construct(
        originator_id=id_,
        originator_version=1,
        cause=CAUSE,
        organization="MIN-A",
        unit_id=UNIT,
        regime=Regime.NON_CONFIDENTIAL,
        registration_number=f"A-1-{year}/{shown or number}",
        registered_on=date(year, 1, 5),
    )
    return [document, given]


def said(*registrations: Sequence[DomainEvent]) -> list[str]:
    check = NumbersWithoutGaps()
    found = [what for events in registrations for event in events for what in check.follow(event)]
    return [what.partition(":")[0] for what in [*found, *check.end(lambda _: [])]]


def test_numbers_from_one_in_each_year_are_right() -> None:
    assert said(registered(1), registered(2), registered(1, year=2027), registered(3)) == []


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (1, 1), (1, 2, 1)])
def test_a_gap_and_a_number_given_twice_are_found(numbers: tuple[int, ...]) -> None:
    assert "number-out-of-order" in said(*(registered(number) for number in numbers))


def test_a_document_with_another_number_than_given_is_found() -> None:
    assert said(registered(1), registered(2, shown=7)) == ["another-number-than-given"]


def test_a_number_without_a_document_and_a_document_without_a_number_are_found() -> None:
    document, given = registered(1)

    assert said([given]) == ["number-without-document"]
    assert said([document]) == ["document-without-number"]

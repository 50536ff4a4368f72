"""The table from event to the units that are told: nothing is forgotten, and what tells nobody says so."""

from uuid import UUID, uuid4

import pytest
from baqylau.contracts.base import PublicEvent, contracts_of
from baqylau.contracts.control import ExecutorReplaced
from baqylau.contracts.control_extensions import CalendarAmended
from baqylau.contracts.secrecy_gate import GateEvent
from baqylau.contracts.values import Regime
from baqylau.lines import Line
from baqylau.segregation import KnownUnits
from notifications.policies import TELLS, TELLS_NOBODY, policies
from notifications.projections import postings

HEARD = (*contracts_of("registry"), *contracts_of("control"))


@pytest.mark.parametrize("kind", HEARD, ids=lambda kind: kind.__name__)
def test_every_event_of_registry_and_control_tells_someone_or_is_said_to_tell_nobody(kind: type[PublicEvent]) -> None:
    assert (kind in TELLS) != (kind in TELLS_NOBODY)


def test_only_a_change_of_the_calendar_tells_nobody() -> None:
    assert (CalendarAmended,) == TELLS_NOBODY


def test_of_the_gate_only_units_and_postings_are_acted_on() -> None:
    units = KnownUnits(Line.NON_CONFIDENTIAL)

    table = policies(units, Regime.NON_CONFIDENTIAL)

    of_the_gate = {kind for kind in table if issubclass(kind, GateEvent)}
    assert of_the_gate == set(units.policies()) | set(postings.COPY.policies)
    assert set(table) - of_the_gate == set(TELLS)


def test_no_notice_is_written_about_a_notice() -> None:
    assert not set(contracts_of("notifications")) & set(TELLS)


def test_a_document_concerns_the_unit_that_it_is_registered_in(sample: dict[str, PublicEvent]) -> None:
    event = sample["DocumentRegistered"]

    assert TELLS[type(event)](event) == (event.unit_id,)  # type: ignore[attr-defined]


def test_an_assignment_concerns_the_units_of_executor_and_co_executors_once_each(
    sample: dict[str, PublicEvent],
) -> None:
    event = sample["AssignmentIssued"]
    units = [event.executor.unit_id, *(party.unit_id for party in event.co_executors)]  # type: ignore[attr-defined]

    told = TELLS[type(event)](event)

    assert set(told) == set(units)
    assert len(told) == len(set(told))


def test_who_is_replaced_hears_of_it_too(sample: dict[str, PublicEvent]) -> None:
    event = sample["ExecutorReplaced"]
    assert isinstance(event, ExecutorReplaced)
    left: UUID = uuid4()
    event = event.model_copy(update={"previous": event.previous.model_copy(update={"unit_id": left})})

    assert left in TELLS[ExecutorReplaced](event)

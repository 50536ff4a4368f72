"""What of an assignment's events becomes public."""

from collections.abc import Callable
from datetime import date

from baqylau.contracts.base import contracts_of
from baqylau.lines import Line
from control.domain import assignment_events as events
from control.domain.assignment import Assignment
from control.domain.assignment_parts import Addressed
from control.domain.assignment_state import Circumstances
from control.domain.values import Letter
from control.publications import publisher

publish = publisher(Line.NON_CONFIDENTIAL)
WORDS = ("Есеп", "Жоба", "Сараптама", "Сейітов", "Иванова", "Ахметов", "вице-министр", "Қайта", "Қате")


def test_every_event_of_an_assignment_is_told_and_every_contract_is_used() -> None:
    told = {
        name
        for name, member in vars(Assignment).items()
        if isinstance(member, type) and issubclass(member, events.AssignmentEvent)
    }

    assert told | {"CalendarAmended"} == {contract.__name__ for contract in contracts_of("control")}


def test_a_letters_words_and_names_stay_inside(
    issued: Callable[..., Assignment], on: Callable[..., Circumstances], letter: Callable[..., Letter]
) -> None:
    assignment = issued()
    assignment.request_extension(letter(), on(4, 20), by_executor=True)
    assignment.correct("Қате", on(4, 21), clause=None, text="Есеп енгізілсін", area="transport")

    for event in assignment.collect_events():
        publication = publish(event)
        assert publication is not None
        value = publication.event.to_json().decode()
        assert not [word for word in WORDS if word in value]
        assert publication.lines == (Line.NON_CONFIDENTIAL,)


def test_a_replacement_concerns_the_unit_before_too(
    issued: Callable[..., Assignment], on: Callable[..., Circumstances], addressed: Callable[[str], Addressed]
) -> None:
    assignment = issued()
    assignment.collect_events()
    assignment.replace_party("MIN-B", addressed("MIN-C"), "Қайта құру", on(3, 15))

    (event,) = assignment.collect_events()
    publication = publish(event)

    assert publication is not None
    assert publication.unit_ids == tuple(addressed(code).unit.id for code in ("MIN-A", "MIN-C", "MIN-B"))
    assert publication.event.model_dump()["proposal"]["due"] == date(2021, 4, 23)

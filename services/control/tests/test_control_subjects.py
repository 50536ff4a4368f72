"""An organization's control subjects by day (103-1)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from baqylau.eventstore.aggregate import Cause
from baqylau.refusals import Refused
from control.domain.control_subjects import ControlSubjectsOf
from control.domain.paragraph_103_1 import ControlSubjects, Deputy, FirstHead
from control.domain.rule_sets import RK_703

CAUSE = Cause(actor="controller", recorded_at=datetime(2021, 3, 1, tzinfo=UTC), correlation_id="1")
ENTRY = ControlSubjects(
    "MIN-A",
    FirstHead("Ахметов Қ.", "министр"),
    (Deputy("Сейітов А.", "вице-министр", ("digital",)), Deputy("Иванова Б.", "вице-министр", ("budget",))),
    date(2021, 3, 1),
)
ACTING = replace(ENTRY, first_head=FirstHead("Оспанов Д.", "министр", acting=True), valid_from=date(2021, 6, 1))


def named(*entries: ControlSubjects) -> ControlSubjectsOf:
    subjects = ControlSubjectsOf(ControlSubjectsOf.id_for("MIN-A"))
    for entry in entries:
        subjects.name(entry, RK_703, CAUSE)
    return subjects


def test_the_same_again_is_nothing_new() -> None:
    subjects = named(ENTRY, ENTRY, replace(ENTRY, valid_from=date(2021, 9, 1)))

    assert [entry.valid_from for entry in subjects.history] == [date(2021, 3, 1)]
    assert subjects.version == 1


def test_who_was_before_is_entered_again_after_another() -> None:
    subjects = named(ENTRY, ACTING, replace(ENTRY, valid_from=date(2021, 9, 1)))

    on = {day: subjects.on(day) for day in (date(2021, 5, 31), date(2021, 6, 1), date(2021, 9, 1))}
    assert [entry and entry.first_head.acting for entry in on.values()] == [False, True, False]


def test_the_first_entry_answers_for_the_days_before_it() -> None:
    first_head, deputy = named(ENTRY).responsible("digital", date(2020, 12, 1))

    assert (first_head.name, deputy.name) == ("Ахметов Қ.", "Сейітов А.")


def test_the_first_head_answers_also_for_an_area_that_no_deputy_has() -> None:
    assert [official.role for official in named(ENTRY).responsible("water", date(2021, 3, 1))] == ["first_head"]


def test_a_post_keeps_its_id_when_another_person_takes_it() -> None:
    subjects = named(ENTRY, ACTING)

    before, after = (subjects.responsible("digital", day)[0] for day in (date(2021, 5, 31), date(2021, 6, 1)))
    assert before.post_id == after.post_id
    assert (before.acting, after.acting) == (False, True)


def test_an_incomplete_entry_is_refused_with_every_ground() -> None:
    with pytest.raises(Refused) as refusal:
        named(replace(ENTRY, first_head=FirstHead("", "министр"), deputies=(Deputy("Сейітов А.", "", ()),)))

    assert {(ground.citation, ground.field) for ground in refusal.value.grounds} == {
        ("RK-703:103-1", "first_head.name"),
        ("RK-703:103-1", "deputies.0.position"),
        ("RK-703:103-1", "deputies.0.areas"),
    }


def test_no_name_shows_where_an_event_is_printed() -> None:
    assert "Ахметов" not in repr(named(ENTRY).pending)
    assert "Сейітов" not in repr(named(ENTRY).history)

"""103-1: who was personally responsible, by the day and the area."""

from datetime import date

from control.domain.paragraph_103_1 import (
    ControlSubjects,
    Deputy,
    FirstHead,
    OfficialRole,
    control_subject_grounds,
    control_subjects_on,
    deputy_post_id,
    first_head_post_id,
    first_heads,
    responsible_officials,
)
from control.domain.rule_sets import RK_703

HEAD = FirstHead("Ахметов Қ.", "министр")
ECONOMY = Deputy("Сейітов А.", "вице-министр", ("экономика", "қаржы"))
DIGITAL = Deputy("Иванова Б.", "вице-министр", ("цифрландыру",))
FIRST = ControlSubjects("MIN-A", HEAD, (ECONOMY, DIGITAL), date(2021, 1, 1))
SECOND = ControlSubjects("MIN-A", FirstHead("Оспанов Д.", "министр", acting=True), (DIGITAL,), date(2021, 6, 1))
HISTORY = (FIRST, SECOND)


def test_the_entry_of_the_day_counts_and_the_first_one_for_the_days_before_it() -> None:
    assert control_subjects_on(HISTORY, date(2020, 12, 1)) is FIRST
    assert control_subjects_on(HISTORY, date(2021, 5, 31)) is FIRST
    assert control_subjects_on(HISTORY, date(2021, 6, 1)) is SECOND
    assert control_subjects_on(tuple(reversed(HISTORY)), date(2021, 5, 31)) is FIRST
    assert control_subjects_on((), date(2021, 5, 31)) is None


def test_an_entry_corrected_on_its_own_day_replaces_the_one_before() -> None:
    corrected = ControlSubjects("MIN-A", HEAD, (DIGITAL,), FIRST.valid_from)

    assert control_subjects_on((*HISTORY, corrected), date(2021, 2, 1)) is corrected
    assert control_subjects_on((*HISTORY, corrected), date(2020, 12, 1)) is corrected


def test_the_first_head_and_the_deputy_over_the_area_are_responsible() -> None:
    officials = responsible_officials(HISTORY, "қаржы", date(2021, 4, 30))

    assert [(official.role, official.post_id) for official in officials] == [
        (OfficialRole.FIRST_HEAD, first_head_post_id("MIN-A")),
        (OfficialRole.DEPUTY, deputy_post_id("MIN-A", ECONOMY)),
    ]


def test_an_area_without_a_deputy_is_the_first_heads_alone_also_of_an_acting_one() -> None:
    officials = responsible_officials(HISTORY, "қаржы", date(2021, 7, 1))

    assert [(official.role, official.acting) for official in officials] == [(OfficialRole.FIRST_HEAD, True)]
    assert responsible_officials((), "қаржы", date(2021, 7, 1)) == ()


def test_a_post_keeps_its_id_whoever_holds_it_and_posts_of_one_position_differ() -> None:
    successor = Deputy("Жаңа Адам", "вице-министр", ("қаржы", "экономика"))

    assert deputy_post_id("MIN-A", successor) == deputy_post_id("MIN-A", ECONOMY)
    assert deputy_post_id("MIN-A", DIGITAL) != deputy_post_id("MIN-A", ECONOMY)
    assert deputy_post_id("MIN-B", ECONOMY) != deputy_post_id("MIN-A", ECONOMY)
    assert first_head_post_id("MIN-B") != first_head_post_id("MIN-A")


def test_the_first_heads_of_several_organizations_are_named_in_their_order() -> None:
    other = ControlSubjects("MIN-B", HEAD, (), date(2021, 1, 1))

    named = first_heads([(other,), HISTORY, ()], date(2021, 7, 1))

    assert [(official.organization, official.acting) for official in named] == [("MIN-B", False), ("MIN-A", True)]


def test_a_control_subject_has_a_name_a_position_and_a_deputy_an_area() -> None:
    found = control_subject_grounds(
        RK_703, FirstHead("", "министр"), (Deputy("Сейітов А.", " ", ()), Deputy("Иванова Б.", "вице-министр", ("",)))
    )

    assert all(ground.of_payload for ground in found)
    assert [(ground.citation, ground.field) for ground in found] == [
        ("RK-703:103-1", "first_head.name"),
        ("RK-703:103-1", "deputies.0.position"),
        ("RK-703:103-1", "deputies.0.areas"),
        ("RK-703:103-1", "deputies.1.areas"),
    ]
    assert control_subject_grounds(RK_703, HEAD, (ECONOMY,)) == ()


def test_no_name_or_position_of_an_official_shows_in_a_repr() -> None:
    for content in (HEAD.name, HEAD.position, ECONOMY.name, ECONOMY.position):
        assert content not in repr(FIRST)

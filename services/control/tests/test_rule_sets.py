"""The rule sets as data."""

from dataclasses import replace
from datetime import date

import pytest
from control.domain.rule_sets import RK_703, RuleBook, rule_book


def test_rk_703_is_in_force_from_the_day_that_no_809_was_signed() -> None:
    book = rule_book()

    assert book.in_force_on(date(2020, 11, 29)) is None
    assert book.in_force_on(date(2020, 11, 30)) == RK_703
    assert book.in_force_on(date(2030, 1, 1)) == RK_703


def test_a_new_rule_set_stands_beside_the_old_one_and_changes_nothing_of_it() -> None:
    newer = replace(RK_703, name="RK-900", in_force_from=date(2023, 9, 22), asking_again_days=20)
    book = RuleBook((*rule_book({"RK-703": date(2023, 9, 21)}).rule_sets, newer))

    assert book.in_force_on(date(2023, 9, 22)) is newer
    old = book.in_force_on(date(2023, 9, 21))
    assert old == book.named("RK-703")
    assert replace(book.named("RK-703"), in_force_until=None) == RK_703
    assert newer.cite("103-4") == "RK-900:103-4"
    with pytest.raises(KeyError):
        book.named("RK-1")


def test_every_provision_is_told_in_three_languages_and_says_what_it_decides() -> None:
    citations = [provision.citation for provision in RK_703.provisions]

    assert [citation for citation in citations if ":10" in citation] == ["RK-703:102-1"] + [
        f"RK-703:103-{number}" for number in range(1, 10)
    ]
    assert {"RK-703:2", "RK-703:43", "RK-703:46"} <= set(citations)  # what the registry and the gate cite
    assert len(set(citations)) == len(citations)
    for provision in RK_703.provisions:
        assert provision.in_force_from == date(2020, 11, 30)
        texts = (provision.kk, provision.ru, provision.en, provision.decides)
        assert all(text.strip() == text != "" and "  " not in text for text in texts)


def test_the_notes_say_what_later_resolutions_repealed() -> None:
    assert [(note.resolution, note.dated) for note in RK_703.notes] == [
        ("No. 429", date(2022, 6, 24)),
        ("No. 780", date(2023, 9, 11)),
    ]

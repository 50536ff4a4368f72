"""Search: the words of a text, Kazakh stems, and questions in which nothing is an operator."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry.projections import kazakh
from registry.projections.search import question, words


@pytest.mark.parametrize(
    ("stem", "forms"),
    [
        ("тапсырма", "тапсырмалар тапсырманың тапсырмаға тапсырмаларды тапсырмасы тапсырмаларынан тапсырмамен"),
        ("бұйрық", "бұйрықтар бұйрығы бұйрықтың бұйрыққа бұйрықтарды бұйрығын бұйрықпен"),
        ("құжат", "құжаттар құжаттың құжаты құжаттарды құжатта құжаттан құжатын құжаттарына"),
        ("кітап", "кітаптар кітабы кітабын кітабынан кітаптың"),
        ("министр", "министрлер министрдің министрі министрге министрлердің"),
        ("бөлімше", "бөлімшелер бөлімшенің бөлімшесі бөлімшесінде бөлімшеге бөлімшелерде"),
    ],
)
def test_the_forms_of_a_kazakh_noun_have_its_stem(stem: str, forms: str) -> None:
    assert {form: kazakh.stem(form) for form in [stem, *forms.split()]} == dict.fromkeys([stem, *forms.split()], stem)


@given(st.text(alphabet="абғгқкнңөіыелрмдтсз", min_size=1, max_size=20))
def test_a_stem_is_a_beginning_of_the_word_but_for_a_voiced_last_letter(word: str) -> None:
    stem = kazakh.stem(word)

    assert len(stem) >= min(3, len(word))
    assert word.startswith(stem[:-1])
    assert stem[-1] == {"б": "п", "ғ": "қ", "г": "к"}.get(word[len(stem) - 1], word[len(stem) - 1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("№ 809 Қаулы (30.11.2020)", ["no", "809", "қаулы", "30", "11", "2020"]),
        ("Іс-шара ЕЛЁ", ["іс", "шара", "еле"]),
        ("A-01-2021/17", ["a", "01", "2021", "17"]),
        ("a:* | !b & 'c'", ["a", "b", "c"]),
        ("!!!", []),
    ],
)
def test_a_text_is_cut_into_folded_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text(max_size=200))
def test_whatever_is_asked_only_words_reach_the_query(asked: str) -> None:
    tsquery, parameters = question(asked)

    assert tsquery.count("%s") == len(parameters) == 3 * len(words(asked))
    for word, again, beginning in zip(*[iter(parameters)] * 3, strict=True):
        assert word == again == "".join(re.findall(r"[^\W_]", word))
        assert re.fullmatch(r"'[^\W_]+'(:\*| \| '[^\W_]+')", beginning)

"""A light stemmer for Kazakh, which PostgreSQL doesn't have: inflected forms of a noun find each other.

Kazakh adds suffixes one after the other: stem, plural, possessive, case. They are taken off from the end while a stem
of some length is left, and the voicing that a vowel brought is undone (кітап, кітабы). It serves a search only, where
a stem that is cut too short merely finds more than was asked.
"""

import re
from functools import lru_cache

_C = "(?<![аәеоөұүыі])"  # after a consonant only: құжат-ты, but құжат-ы
_CASES = re.compile(
    f"((н|{_C}[дт])[ыі]ң"  # genitive
    f"|[ғг][ае]|{_C}[қк][ае]|н[ае]"  # dative
    f"|(н|{_C}[дт])[ыі]|с?[ыі]н"  # accusative, the last with a possessive
    f"|н?д[ае]|{_C}т[ае]"  # locative
    f"|[нд][ае]н|{_C}т[ае]н"  # ablative
    "|[мбп]ен)$"  # instrumental
)
_POSSESSIVES = re.compile("([ыі]?[мң]|с?[ыі]|[ыі]?[мң][ыі]з)$")
_PLURALS = re.compile("[лдт][ае]р$")
_VOICED = {"б": "п", "ғ": "қ", "г": "к"}
_SHORTEST = 3


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The stem of a word in lower case. A word that isn't Kazakh loses some letters, in the same way each time."""
    for suffix in (_CASES, _POSSESSIVES, _PLURALS):
        found = suffix.search(word, _SHORTEST)
        if found is not None:
            word = word[: found.start()]
    return word[:-1] + _VOICED.get(word[-1:], word[-1:])

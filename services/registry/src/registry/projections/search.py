"""Full-text search in Kazakh, Russian and English: what a document is found by, and what a question asks.

PostgreSQL stems Russian and English; `kazakh.stem` does Kazakh. Text is cut into words here, on both sides alike, so
that nothing in a question can be an operator, and letters are folded whatever locale the database has.
"""

import re
import unicodedata
from typing import LiteralString

from registry.domain.values import Language, Requisites
from registry.projections import kazakh

_WORD = re.compile(r"[^\W_]+")
_SHORTEST_PREFIX = 4
"""A shorter stem is looked up as it is: as a beginning it would fit too many words."""
_CONFIGURATIONS = {Language.KK: "simple", Language.RU: "russian", Language.EN: "english"}

VECTOR: LiteralString = "strip(to_tsvector(%s::regconfig, %s) || to_tsvector('simple', %s))"
"""What a document is found by, with the parameters of `found_by`."""

_ASKED: LiteralString = "(plainto_tsquery('russian', %s) || plainto_tsquery('english', %s) || to_tsquery('simple', %s))"


def words(text: str) -> list[str]:
    """The words of a text, folded: letters and digits only."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е"))


def found_by(requisites: Requisites, registration_number: str) -> tuple[str, str, str]:
    """Parameters of `VECTOR`: the title's words stemmed in its language, and as they are; the number and the names."""
    title = words(requisites.title)
    stemmed = [kazakh.stem(word) for word in title] if requisites.language is Language.KK else title
    addressee = requisites.addressee
    others = (
        registration_number,
        requisites.executor.surname,
        requisites.signature.name,
        addressee and addressee.organization,
        addressee and addressee.unit_code,
    )
    plain = [*title, *(word for other in others if other for word in words(other))]
    return _CONFIGURATIONS[requisites.language], " ".join(stemmed), " ".join(plain)


def question(asked: str) -> tuple[LiteralString, list[str]]:
    """A tsquery that asks for every word, in any language, and its parameters. Without a word it finds nothing."""
    asked_words = words(asked)
    if not asked_words:
        return "''::tsquery", []
    parameters = [form for word in asked_words for form in (word, word, _beginning(word))]
    return "(" + " && ".join([_ASKED] * len(asked_words)) + ")", parameters


def _beginning(word: str) -> str:
    stem = kazakh.stem(word)
    return f"'{stem}':*" if len(stem) >= _SHORTEST_PREFIX and stem.isalpha() else f"'{word}' | '{stem}'"

"""What notices say: in three languages, from public facts alone, and on the confidential line nothing but an id."""

import re

import pytest
from baqylau.contracts.base import PublicEvent
from baqylau.contracts.control import AssignmentEvent
from baqylau.contracts.values import Regime
from notifications.domain.recipient import Language
from notifications.domain.texts import CODES, CONFIDENTIAL, TEXTS, TITLE
from notifications.domain.wording import about, places, worded
from notifications.policies import TELLS

KINDS = sorted(TELLS, key=lambda kind: kind.__name__)
EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
EVERY_LANGUAGE = pytest.mark.parametrize("language", Language)


def test_what_tells_someone_has_a_text_and_nothing_else_has() -> None:
    assert set(TEXTS) == set(TELLS)


@EVERY_LANGUAGE
@EVERY_KIND
def test_each_kind_of_notice_is_worded_in_each_language(
    kind: type[PublicEvent], language: Language, samples: dict[str, list[PublicEvent]]
) -> None:
    for event in samples[kind.__name__]:
        kept = about(event, "x:1", Regime.NON_CONFIDENTIAL)  # type: ignore[arg-type]

        text = worded(kept.cause_type, kept.facts, kept.citations, language, Regime.NON_CONFIDENTIAL)

        assert "{" not in text
        assert "—" not in text
        assert len(text) > 20
        assert all(citation in text for citation in kept.citations)


@EVERY_KIND
def test_the_three_languages_name_the_same_facts(kind: type[PublicEvent]) -> None:
    in_each = {frozenset(re.findall(r"{(\w+)}", text)) for text in TEXTS[kind]}

    assert len(in_each) == 1
    assert places(kind) <= set(kind.model_fields)


@EVERY_LANGUAGE
@EVERY_KIND
def test_on_the_confidential_line_a_notice_holds_the_id_and_nothing_of_what_happened(
    kind: type[PublicEvent], language: Language, samples: dict[str, list[PublicEvent]]
) -> None:
    for event in samples[kind.__name__]:
        subject = event.assignment_id if isinstance(event, AssignmentEvent) else event.document_id  # type: ignore[attr-defined]

        kept = about(event, "x:1", Regime.CONFIDENTIAL)  # type: ignore[arg-type]
        text = worded(kept.cause_type, kept.facts, kept.citations, language, Regime.CONFIDENTIAL)

        assert kept.facts == {"subject_id": str(subject)}
        assert kept.citations == ()
        assert text == getattr(CONFIDENTIAL, language).format(subject_id=subject)


def test_a_day_is_written_as_its_readers_write_it(sample: dict[str, PublicEvent]) -> None:
    kept = about(sample["DeadlineMissed"], "x:1", Regime.NON_CONFIDENTIAL)  # type: ignore[arg-type]
    facts = dict(kept.facts) | {"deadline": "2021-04-30"}

    in_each = [worded(kept.cause_type, facts, (), language, Regime.NON_CONFIDENTIAL) for language in Language]

    assert ["30.04.2021" in text for text in in_each] == [True, True, False]
    assert "2021-04-30" in in_each[2]


def test_what_cannot_be_printed_is_left_out_of_a_notice(sample: dict[str, PublicEvent]) -> None:
    event = sample["AssignmentIssued"].model_copy(update={"clause": "1\x00\r\nBcc: x"})

    kept = about(event, "x:1", Regime.NON_CONFIDENTIAL)  # type: ignore[arg-type]

    assert kept.facts["clause"] == "1Bcc: x"


def test_a_notice_that_lacks_a_fact_which_its_text_came_to_name_can_still_be_read(
    sample: dict[str, PublicEvent],
) -> None:
    kept = about(sample["DeadlineMissed"], "x:1", Regime.NON_CONFIDENTIAL)  # type: ignore[arg-type]
    older = {name: fact for name, fact in kept.facts.items() if name != "deadline"}

    assert "—" in worded(kept.cause_type, older, (), Language.EN, Regime.NON_CONFIDENTIAL)


def test_every_code_is_spelled_in_three_different_languages() -> None:
    texts = [TITLE, CONFIDENTIAL, *TEXTS.values(), *(text for codes in CODES.values() for text in codes.values())]

    assert all(text.en not in (text.kk, text.ru) for text in texts)
    assert all(all(text) for text in texts)


@EVERY_KIND
def test_every_code_that_a_text_names_is_spelled(kind: type[PublicEvent]) -> None:
    properties = kind.json_schema()["properties"]
    definitions = kind.json_schema().get("$defs", {})
    for name in places(kind):
        found = properties[name]
        found = definitions[found["$ref"].rsplit("/", 1)[1]] if "$ref" in found else found
        codes = {"true", "false"} if found.get("type") == "boolean" else set(found.get("enum", ()))
        assert codes <= CODES.get(name, {}).keys(), name

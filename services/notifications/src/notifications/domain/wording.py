"""From an event to the facts that a notice keeps, and from those to the text that a person reads.

A notice keeps parameters, never a text: the text is built when it is read, in the language that its reader has then.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from enum import Enum
from string import Formatter
from typing import Any

from baqylau.contracts.base import PublicEvent, contract_of
from baqylau.contracts.control import AssignmentEvent
from baqylau.contracts.registry import DocumentEvent
from baqylau.contracts.values import Party, Regime

from notifications.domain.notice import About
from notifications.domain.recipient import Language
from notifications.domain.texts import ASSIGNMENT, CODES, CONFIDENTIAL, TEXTS, Text

SUBJECT = "subject_id"
"""The fact that every notice has: the id of the document or the assignment."""


def about(event: AssignmentEvent | DocumentEvent, cause_id: str, regime: Regime) -> About:
    """What a notice of this event keeps: the fields that its text names; on the confidential line the id alone."""
    subject = event.assignment_id if isinstance(event, AssignmentEvent) else event.document_id
    facts = {SUBJECT: str(subject)}
    citations: tuple[str, ...] = ()
    if regime is Regime.NON_CONFIDENTIAL:
        facts |= {name: _code(getattr(event, name)) for name in places(type(event))}
        citations = getattr(event, "citations", ())
    return About(cause_id, event.event_type(), facts, citations)


def places(kind: type[PublicEvent]) -> set[str]:
    """The fields of an event that its text names."""
    return {name for text in _template(kind) for _, name, _, _ in Formatter().parse(text) if name}


def worded(
    cause_type: str, facts: Mapping[str, str], citations: tuple[str, ...], language: Language, regime: Regime
) -> str:
    """The text of a notice, with the paragraphs that it follows from."""
    kind = contract_of(cause_type)
    if regime is Regime.CONFIDENTIAL or kind is None or kind not in TEXTS:
        return str(getattr(CONFIDENTIAL, language)).format(subject_id=facts[SUBJECT])
    template: str = getattr(_template(kind), language)
    spelled = {name: _spelled(kind, name, code, language) for name, code in facts.items()}
    # A text may come to name a field that older notices didn't keep.
    text = template.format_map(defaultdict(lambda: "—", spelled))
    return f"{text} ({', '.join(citations)})" if citations else text


def _template(kind: type[PublicEvent]) -> Text:
    text = TEXTS[kind]
    if not issubclass(kind, AssignmentEvent):
        return text
    return Text._make(before + then for before, then in zip(ASSIGNMENT, text, strict=True))


def _code(value: Any) -> str:
    """A fact as text. What can't be printed is left out: a text goes into headers of letters, too."""
    match value:
        case Party():
            found = value.organization
        case bool():
            found = str(value).lower()
        case Enum():
            found = str(value.value)
        case _:
            found = str(value)
    return "".join(character for character in found if character.isprintable())


def _spelled(kind: type[PublicEvent], name: str, code: str, language: Language) -> str:
    spelling = CODES.get(name, {}).get(code)
    if spelling is not None:
        return str(getattr(spelling, language))
    if language is not Language.EN and name in kind.model_fields and kind.model_fields[name].annotation is date:
        return date.fromisoformat(code).strftime("%d.%m.%Y")
    return code

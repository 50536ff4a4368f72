"""Stored events: their names, which history holds for ever, and that each was thought of as public or private."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from baqylau.contracts import contracts_of
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.messaging import parked_key  # noqa: F401 (every service stores its events too)

from tests.architecture.sources import SERVICES, domain_modules, module_name, tree

APPROVED_TOPICS = Path(__file__).parent / "approved_topics.txt"

PRIVATE = {
    "baqylau:ParkedRecordsDiscarded": "an operator's words about records of others; the history of the key shows it",
    "baqylau:ParkedRecordsRetried": "the same",
    "baqylau:RecordParked": "the same",
    "control:CalendarAdopted": "version 1 is the package's own calendar, the same on every line",
    "control:ControlSubjectsNamed": "people's names; who answers is told with each miss, by post",
    "notifications:NoticeRead": "who has read what is between the reader and the inbox",
    "notifications:RecipientSet": "addresses and secrets",
    "notifications:RetryAsked": "what comes of it is told: sent, or failed again",
    "registry:ContentStored": "the content's digest is told with the registration",
    "registry:NumberGiven": "the number is told with the document",
}
RENAMED = {"notifications:NoticeWritten": "NotificationSent"}
"""Told under another name."""


def stored_events() -> dict[str, type[DomainEvent]]:
    """Every event class that can be stored, by its stored name."""
    for path in domain_modules():
        importlib.import_module(module_name(path))
    ours = tuple(f"{package}." for package in (*SERVICES.values(), "baqylau.messaging"))
    return {
        event.TOPIC: event
        for event in _below(DomainEvent)
        if event.__module__.startswith(ours) and hasattr(event, "TOPIC")
    }


def _below(event: type[DomainEvent]) -> Iterator[type[DomainEvent]]:
    for child in event.__subclasses__():
        yield child
        yield from _below(child)


def test_no_stored_name_has_changed_or_gone() -> None:
    # A name that is gone is a history that can't be read. A new event: add its line here, in the order of the alphabet.
    approved = APPROVED_TOPICS.read_text(encoding="utf-8").splitlines()

    assert sorted(stored_events()) == approved
    assert len(set(approved)) == len(approved)


@pytest.mark.parametrize("topic", sorted(stored_events()))
def test_every_event_is_published_as_a_contract_or_private_for_a_reason(topic: str) -> None:
    package, _, name = topic.partition(":")
    service = {package: service for service, package in SERVICES.items()}.get(package)
    if service is None:
        assert topic in PRIVATE, topic
        return
    contracts = {contract.__name__ for contract in contracts_of(service)}

    told = RENAMED.get(topic, name)

    assert (told in contracts) is (topic not in PRIVATE), topic
    assert (name in named_in_publications(service)) is (topic not in PRIVATE), topic


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_contract_of_a_service_is_told_by_one_of_its_events(service: str) -> None:
    package = SERVICES[service]
    told = {RENAMED.get(topic, topic.partition(":")[2]) for topic in stored_events() if topic.startswith(f"{package}:")}

    assert {contract.__name__ for contract in contracts_of(service)} <= told


def named_in_publications(service: str) -> set[str]:
    """The events that the one place speaks of where a service's events become contracts; not the contracts' names."""
    path = Path("services", service, "src", SERVICES[service], "publications.py")
    contracts = {
        name.asname or name.name
        for node in tree(path).body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("baqylau.contracts")
        for name in node.names
    }
    named = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute))
    return {node.attr for node in named if not (isinstance(node.value, ast.Name) and node.value.id in contracts)}

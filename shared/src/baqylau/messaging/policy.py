"""What a service does about an event of another: a table from contract to policy, kept in its `policies.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from baqylau.contracts.base import PublicEvent
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.work import Work

Policy = Callable[[Work, Any, Cause], None]
"""Changes the work because of an event. May be called twice for the same event only where the first time was undone."""

Policies = Mapping[type[PublicEvent], Policy]
"""Every event of an upstream that the service acts on. What isn't in the table is passed over."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Tables that follow the events of one upstream: `policies` change nothing else, and nothing else changes them."""

    upstream: str
    tables: LiteralString
    policies: Policies


class NotYet(Exception):
    """The event needs a fact that has not arrived (another topic's). It waits, and is tried again by itself."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

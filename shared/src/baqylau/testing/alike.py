"""Whether an aggregate behind a snapshot is the one that left it."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, TypeVar

from baqylau.eventstore import snapshots
from baqylau.eventstore.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)


def through_a_snapshot(aggregate: A) -> A:
    """The aggregate again, as a snapshot of it says. Raises `AssertionError` where it isn't the same in all."""
    again = snapshots.decode(type(aggregate), aggregate.id, aggregate.version, snapshots.encode(aggregate))
    assert isinstance(again, type(aggregate))
    assert alike(again, aggregate)
    return again


def alike(one: Any, other: Any) -> bool:
    """Equal, of the same types and in the same order, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Enum):
        return one is other
    if isinstance(one, set):
        return alike(sorted(one, key=repr), sorted(other, key=repr))
    if isinstance(one, Mapping):
        return alike(list(one.items()), list(other.items()))
    if isinstance(one, Collection) and not isinstance(one, str | bytes):
        return len(one) == len(other) and all(map(alike, one, other))
    attributes = _attributes(one)
    return all(alike(getattr(one, name), getattr(other, name)) for name in attributes) if attributes else one == other


def _attributes(of: object) -> list[str]:
    slots = [name for cls in type(of).__mro__ for name in getattr(cls, "__slots__", ())]
    return [*getattr(of, "__dict__", {}), *(name for name in slots if not name.startswith("__"))]

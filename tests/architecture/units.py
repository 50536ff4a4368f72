"""What carries a unit, read off the classes themselves: events, commands and public events, at any depth."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints
from uuid import UUID

from pydantic import BaseModel

T = TypeVar("T")


def unit_fields(kind: Any) -> set[str]:
    """The fields of a class that hold a unit's id, or something that has such a field."""
    return {
        name
        for name, annotation in _fields(kind).items()
        if ("unit" in name and UUID in _within(annotation)) or any(unit_fields(inner) for inner in _within(annotation))
    }


def units_in(said: Any) -> set[UUID]:
    """Every unit that an event names."""
    found: set[UUID] = set()
    for name in unit_fields(type(said)):
        value = getattr(said, name)
        for one in value if isinstance(value, tuple | list) else (value,):
            found |= {one} if isinstance(one, UUID) else units_in(one)
    return found


def loaded(package: str) -> None:
    """Import every module of a package, so that all its classes are there."""
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def classes(package: str, of: type[T]) -> Iterator[type[T]]:
    """The classes of a package that derive from this one."""
    for kind in of.__subclasses__():
        if kind.__module__.split(".", 1)[0] == package:
            yield kind
        yield from classes(package, kind)


def _fields(kind: Any) -> dict[str, Any]:
    if not isinstance(kind, type):
        return {}
    if issubclass(kind, BaseModel):
        return {name: found.annotation for name, found in kind.model_fields.items()}
    return {found.name: get_type_hints(kind)[found.name] for found in fields(kind)} if is_dataclass(kind) else {}


def _within(annotation: Any) -> set[Any]:
    """The annotation, and all that stands in its brackets."""
    inner = [_within(one) for one in get_args(annotation)]
    return set().union({annotation} if isinstance(annotation, type) else set(), *inner)

"""What a long replay leaves behind, so that the next process begins there: a cache, and never a truth.

A snapshot is made of stored events alone, behind the lock. It is read only by the very code that made it, and only of
the very log: the hash chain's digest at its last event is kept with it. Whoever doubts it empties the table; whoever
wants to know asks a verification, which replays the log and compares.
"""

import hashlib
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, LiteralString, get_origin, get_type_hints
from uuid import UUID

import pydantic
import structlog
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from baqylau.eventstore.aggregate import Aggregate
from baqylau.eventstore.transaction import Statement

WORTH = 200
"""More events than this, replayed by one who had to, leave a snapshot behind."""

# Who makes one holds the lock and has replayed all that is stored: what it replaces is older, or wrong.
_KEEP: LiteralString = (
    "INSERT INTO snapshots (originator_id, originator_version, digest, code, state) "
    "SELECT %b, %b, digest, %b, %b FROM log_chain WHERE position = "
    "(SELECT notification_id FROM {events} WHERE originator_id = %b AND originator_version = %b) "
    "ON CONFLICT (originator_id) DO UPDATE SET (originator_version, digest, code, state) = "
    "(excluded.originator_version, excluded.digest, excluded.code, excluded.state)"
)
_APART = {"id", "version", "_pending"}
"""Of an aggregate's attributes, those that aren't its state."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A class of aggregates. `code`: a digest of its name and of all that makes its state: its package's sources and
    this one's, pydantic and Python. `shape`: what is annotated on the class, all of its state.
    """

    code: bytes
    shape: type[Any]
    adapter: TypeAdapter[Any]


_KINDS: dict[type[Aggregate], _Kind] = {}


def _kind(cls: type[Aggregate]) -> _Kind:
    known = _KINDS.get(cls)
    if known is None:
        known = _KINDS[cls] = _made(cls)
    return known


def _made(cls: type[Aggregate]) -> _Kind:
    name = f"{cls.__module__}:{cls.__qualname__} {pydantic.VERSION} {platform.python_version()}".encode()
    sources = digest_of("baqylau") + digest_of(cls.__module__.partition(".")[0])
    hints = get_type_hints(cls, include_extras=True).items()
    shape = make_dataclass(cls.__name__, [(of, hint) for of, hint in hints if get_origin(hint) is not ClassVar])
    return _Kind(hashlib.sha256(sources + name).digest(), shape, TypeAdapter(shape))


@cache
def digest_of(package: str) -> bytes:
    """Of its sources. Raises `FileNotFoundError` where there are none: then nobody can tell which code this is."""
    hashed = hashlib.sha256()
    found = [(folder, file) for folder in sys.modules[package].__path__ for file in sorted(Path(folder).rglob("*.py"))]
    for folder, file in found:
        text = file.read_bytes()
        hashed.update(f"{file.relative_to(folder)} {len(text)} ".encode() + text)
    if not found:
        raise FileNotFoundError(package)
    return hashed.digest()


def classes() -> Sequence[type[Aggregate]]:
    """What a replay can make in this process: the classes that have events, but for those that only count."""
    found: list[type[Aggregate]] = [Aggregate]
    for cls in found:  # it grows as it is walked
        found += [sub for sub in cls.__subclasses__() if sub not in found]
    return [cls for cls in found if cls.event_classes() and not cls.counts_only]


def prepare() -> None:
    """Read the sources while they are still those that run, and so that no command waits for it.

    Raises what pydantic raises where an aggregate's attribute is of a type that it can't encode.
    """
    for cls in classes():
        _kind(cls)


def code_of(cls: type[Aggregate]) -> bytes:
    """Whose snapshots this process may read, of a class."""
    return _kind(cls).code


def encode(aggregate: Aggregate) -> bytes:
    """Its state as JSON. Raises `TypeError` or `PydanticSerializationError` where that isn't as its class says."""
    return _kind(type(aggregate)).adapter.dump_json(_state(aggregate), warnings="error")


def decode(cls: type[Aggregate], id: UUID, version: int, state: bytes) -> Aggregate | None:  # noqa: A002
    """The aggregate again; None where it can't be read."""
    try:
        found = _kind(cls).adapter.validate_json(state)
    except Exception:  # noqa: BLE001 (whatever it is, the log is there)
        log.warning("snapshot_unreadable", id=str(id), version=version)  # without the error, which quotes what it read
        return None
    aggregate = cls(id)
    vars(aggregate).update(vars(found), version=version)
    return aggregate


def same(one: Aggregate, other: Aggregate) -> bool:
    """Whether two aggregates of one class stand alike, in version and state."""
    adapter = _kind(type(one)).adapter
    return one.version == other.version and adapter.dump_python(_state(one)) == adapter.dump_python(_state(other))


def keeping(aggregate: Aggregate, events: LiteralString) -> list[Statement]:
    """What keeps a snapshot of an aggregate just replayed; nothing where its class doesn't say all of its state.

    `events`: the name of their table.
    """
    try:
        state = encode(aggregate)
    except (TypeError, PydanticSerializationError):
        log.error("snapshot_impossible", kind=type(aggregate).__name__)
        return []
    place = aggregate.id, aggregate.version
    return [(_KEEP.format(events=events), (*place, code_of(type(aggregate)), state, *place))]


def _state(aggregate: Aggregate) -> Any:
    """Raises `TypeError` where it has other attributes than its class says."""
    state = {name: value for name, value in vars(aggregate).items() if name not in _APART}
    return _kind(type(aggregate)).shape(**state)

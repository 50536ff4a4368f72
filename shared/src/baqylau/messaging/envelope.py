"""A public event on the wire: CloudEvents 1.0 in Kafka's binary mode, and the same in JSON for the feed.

What is written with the event (`Publication`, stored as `Outgoing`) is frozen at the moment of commit, so that every
publication of a record, today or after a restore, is the same to the byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from kafka.partitioner.default import murmur2

from baqylau.contracts.base import PublicEvent
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.lines import Line, wire_regime

MAX_VALUE_BYTES = 512 * 1024
"""A public event is thin. One above this would be refused by the broker, so it is refused before it is stored."""

MAX_KEY = 200
"""Characters. A key of ours has 36; what a foreign record has for one must still fit into an index."""
_POSITION_DIGITS = 18
"""So many digits always fit into a bigint."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a domain event says in public: the event, the lines that are told, the units it concerns.

    `number`: where a line is told of some events of an aggregate only, the event's number among those; by the
    aggregate's version, the line could count the others.
    """

    event: PublicEvent
    lines: tuple[Line, ...]
    unit_ids: tuple[UUID, ...] = ()
    number: int | None = None


class Outgoing(NamedTuple):
    """A record as stored for publication. `position`, `previous`: in the producer's log, within this partition."""

    position: int
    previous: int
    topic: str
    partition: int
    key: str
    headers: Mapping[str, str]
    value: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Where on its partition something lies that can't be read, and why, in codes."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as received, from Kafka or from a feed. `headers`: the CloudEvents attributes without `ce_`.

    `of_feed`: the producer itself gave it as the next of its log; what lies on a topic, another may have put there.
    `unreadable`: nothing else is known of it; its key says where it lies.
    """

    topic: str
    partition: int
    key: str
    headers: Mapping[str, str]
    value: bytes
    of_feed: bool = False
    unreadable: Unreadable | None = None

    @property
    def position(self) -> int:
        """Position in the producer's log. Raises KeyError or ValueError where the record carries none."""
        return _position(self.headers["position"])

    @property
    def previous(self) -> int:
        """Position of the record before it in this partition; 0: it is the first. Raises as `position` does."""
        return _position(self.headers["previousposition"])


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _POSITION_DIGITS:
        raise ValueError("not a position")
    return int(text)


class TooLarge(Exception):
    """A public event above `MAX_VALUE_BYTES`: a fault of the contract, not of a caller's input."""


def partition_of(key: str, partitions: int) -> int:
    """Kafka's own default partitioner (murmur2 of the key), so that other producers and tools agree with us."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def attributes(publication: Publication, cause: DomainEvent, line: Line) -> dict[str, str]:
    """The CloudEvents attributes that are the same for every publication of this event on this line's topic."""
    number = None if line is Line.GATE else publication.number
    found = {
        "id": f"{cause.originator_id}:{number or cause.originator_version}",
        "type": publication.event.event_type(),
        "subject": str(cause.originator_id),
        "time": cause.cause.recorded_at.isoformat().replace("+00:00", "Z"),
        "regime": wire_regime(line),
        "unitids": ",".join(str(unit_id) for unit_id in publication.unit_ids),
        "correlationid": cause.cause.correlation_id,
        "causationid": cause.cause.causation_id or "",
        "actor": cause.cause.actor,
        "traceparent": cause.cause.traceparent or "",
    }
    return {name: value for name, value in found.items() if value}


def encode(publication: Publication) -> bytes:
    """The JSON value. Raises `TooLarge`."""
    value = publication.event.to_json()
    if len(value) > MAX_VALUE_BYTES:
        raise TooLarge(publication.event.event_type())
    return value


class Envelope:
    """Writes records of one service: Kafka headers and feed items. `public_url`: where its schemas are served.

    `source`: what its records say of where they come from.
    """

    def __init__(self, line: Line, service: str, public_url: str) -> None:
        self.source = f"/baqylau/{line}/{service}"
        self._schemas = f"{public_url}/schemas/"
        self._dataschemas: dict[str, str] = {}
        self._constant = [
            ("ce_specversion", b"1.0"),
            ("ce_source", self.source.encode()),
            ("content-type", b"application/json"),
        ]

    def _dataschema(self, event_type: str) -> str:
        found = self._dataschemas.get(event_type)
        if found is None:
            _, _, event, version = event_type.rsplit(".", 3)
            found = self._dataschemas[event_type] = f"{self._schemas}{event}.{version}.json"
        return found

    def kafka_headers(self, record: Outgoing) -> list[tuple[str, bytes]]:
        """All headers of the CloudEvents Kafka binding's binary mode."""
        return [
            *self._constant,
            *[(f"ce_{name}", value.encode()) for name, value in record.headers.items()],
            ("ce_dataschema", self._dataschema(record.headers["type"]).encode()),
            ("ce_position", b"%d" % record.position),
            ("ce_previousposition", b"%d" % record.previous),
        ]

    def item(self, record: Outgoing) -> dict[str, Any]:
        """The CloudEvents JSON format, with `partition` beside it (`data` is the event as an object)."""
        return {
            "specversion": "1.0",
            "source": self.source,
            **record.headers,
            "datacontenttype": "application/json",
            "dataschema": self._dataschema(record.headers["type"]),
            "position": record.position,
            "previousposition": record.previous,
            "partition": record.partition,
            "data": orjson.loads(record.value),
        }


def from_kafka(
    topic: str, partition: int, key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
) -> Incoming:
    """Read a Kafka record. What it says is judged by the consumer; here nothing is refused, whatever it is."""
    named = {name.removeprefix("ce_"): _text(content) for name, content in headers}
    return Incoming(topic, partition, _text(key)[:MAX_KEY], named, value or b"")


def _text(content: bytes | None) -> str:
    """As UTF-8; what isn't, and NUL, which PostgreSQL has no place for, becomes U+FFFD."""
    return (content or b"").decode("utf-8", "replace").replace("\0", "\ufffd")


def from_item(topic: str, item: Mapping[str, Any]) -> Incoming:
    """Read a feed's item as if it had come from the topic. Raises KeyError or TypeError where it isn't one."""
    headers = {name: str(content) for name, content in item.items() if name not in ("data", "partition")}
    return Incoming(
        topic, int(item["partition"]), headers["subject"], headers, orjson.dumps(item["data"]), of_feed=True
    )

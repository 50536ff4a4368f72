"""What must hold when all is drained, whatever was killed: as Jepsen's tests of Kafka ask it, for each step of the way.

command → log (answered, lost, doubled) → topic (lost-write, order, chain) → consumer (skipped, doubled, reordered,
unseen) → read model (equal to one rebuilt from nothing). Each check answers what it found wrong, in words.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import orjson
from baqylau.contracts.registry import DocumentRegistered
from baqylau.contracts.secrecy_gate import UnitRegimeAssigned
from baqylau.lines import Line, topic_of
from baqylau.messaging.envelope import Envelope, Outgoing
from baqylau_infra.layout import Service
from baqylau_infra.system import System
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from tests.chaos.books import UPSTREAMS, Books, Place
from tests.chaos.load import LINES, Command, Load
from tests.chaos.verifying import verified

SHOWN = 20
"""Of each check's findings, so many are shown; all are counted."""


@dataclass
class Verdict:
    """`findings`: check → what is wrong; `figures`: what was counted on the way."""

    findings: dict[str, list[str]] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not any(self.findings.values())


def judge(system: System, load: Load) -> Verdict:
    """Every check, on a system that has drained (or should have)."""
    books, verdict = Books(system), Verdict()
    figures = verdict.figures
    stored = _public_events(books, system)
    checks: Mapping[str, Callable[[], Iterator[str]]] = {
        "every command is answered, none refused": lambda: _answered(load),
        "answered, and in the log: none lost": lambda: _lost(books, load.commands, figures),
        "no command has taken effect twice": lambda: _doubled(books, load.commands),
        "registration numbers as they were answered": lambda: _numbers(books, load.commands),
        "nothing unseen is left, nothing parked": lambda: _unseen(books, system),
        "each notice once for each event and recipient, in order": lambda: _notices(books, load, stored, figures),
        "control knows the registry's documents, all know the gate's units": lambda: _copies(books, stored),
        "the auditors have seen everything and found no breach": lambda: _audit(books, system),
        "hash chain, numbers, public events, read models, topics as the log has them": lambda: verified(
            system, figures
        ),
    }
    for name, check in checks.items():
        verdict.findings[name] = list(check())
    return verdict


# The log


def _answered(load: Load) -> Iterator[str]:
    yield from load.failures
    for command in load.commands:
        if command.answer is None:
            yield f"{command.event} {command.marker}: {command.refused or 'never answered'}"


def _by_marker(books: Books, commands: Sequence[Command]) -> Iterator[tuple[Command, list[str]]]:
    """Each command with the aggregates of the events of its kind that its service's log has for it."""
    logs = {service.name: books.log(service) for service in books.services}
    for command in commands:
        log = logs[command.service if command.line is Line.GATE else f"{command.service}-{command.line}"]
        yield command, [aggregate for topic, aggregate in log[command.marker] if topic == command.event]


def _lost(books: Books, commands: Sequence[Command], figures: Counter[str]) -> Iterator[str]:
    for command, found in _by_marker(books, commands):
        figures["commands"] += 1
        figures["commands repeated"] += command.attempts > 1
        if command.answer is None:
            continue
        if not found:
            yield f"lost: {command.event} {command.marker} was answered and isn't in the log"
        elif command.service in ("registry", "control") and command.aggregate not in found:
            yield f"lost: {command.event} {command.marker} was answered with another id than the log has"


def _doubled(books: Books, commands: Sequence[Command]) -> Iterator[str]:
    for command, found in _by_marker(books, commands):
        if len(found) > 1:
            yield f"doubled: {command.event} {command.marker} stands {len(found)} times in the log"


def _numbers(books: Books, commands: Sequence[Command]) -> Iterator[str]:
    given: dict[str, str] = {}
    for line in LINES:
        given |= dict(books.rows(_of(books, "registry", line), "SELECT id::text, registration_number FROM documents"))
    for command in commands:
        answer = command.answer if command.event == "registry:DocumentRegistered" else None
        if answer is not None and given.get(answer["id"]) != answer["registration_number"]:
            yield f"{command.marker} was answered with another number than the registry has"


def _public_events(books: Books, system: System) -> dict[Place, list[tuple[Outgoing, Envelope]]]:
    """What is to be on each partition, in order, as the services' logs have it."""
    found: dict[Place, list[tuple[Outgoing, Envelope]]] = defaultdict(list)
    for service in books.services:
        envelope = Envelope(service.line, service.title, system.url(service.name))
        for topic, partition, position, key, headers, value in books.rows(
            service, "SELECT topic, partition, position, key, headers, value FROM public_events ORDER BY position"
        ):
            chain = found[topic, partition]
            previous = chain[-1][0].position if chain else 0
            record = Outgoing(position, previous, topic, partition, key, orjson.loads(headers), bytes(value))
            chain.append((record, envelope))
    return found


# The consumers


def _unseen(books: Books, system: System) -> Iterator[str]:
    yield from books.behind(books.heads())
    for name, count in books.parked().items():
        yield f"{name} has {count} parked records"
    yield from audit_behind(system)


def audit_behind(system: System) -> Iterator[str]:
    """Partitions that an auditor hasn't read to the end."""
    with KafkaAdminClient(bootstrap_servers=system.bootstrap) as admin:
        committed = admin.list_group_offsets([f"baqylau.{line}.auditor" for line in LINES])
    consumer = KafkaConsumer(bootstrap_servers=system.bootstrap, enable_auto_commit=False)
    try:
        for line in LINES:
            names = [topic_of(line, service) for service in ("registry", "control", "notifications")]
            places = [TopicPartition(name, n) for name in names for n in consumer.partitions_for_topic(name) or ()]
            for place, end in consumer.end_offsets(places).items():
                offset = committed[f"baqylau.{line}.auditor"].get(place)
                if end > (offset.offset if offset else 0):
                    yield f"auditor-{line}: {place.topic}/{place.partition}"
    finally:
        consumer.close()


def _notices(
    books: Books, load: Load, stored: Mapping[Place, Sequence[tuple[Outgoing, Envelope]]], figures: Counter[str]
) -> Iterator[str]:
    for line in LINES:
        service = _of(books, "notifications", line)
        told: dict[str, list[str]] = defaultdict(list)
        for recipient, cause in books.rows(
            service, "SELECT recipient_id::text, cause_id FROM notices ORDER BY recipient_id, number"
        ):
            told[recipient].append(cause)
        written = Counter(
            books.rows(
                service,
                "SELECT convert_from(state, 'UTF8')::jsonb ->> 'recipient_id', convert_from(state, 'UTF8')::jsonb ->> "
                "'cause_id' FROM stored_events WHERE topic = 'notifications:NoticeWritten'",
            )
        )
        for (recipient, cause), times in written.items():
            if times > 1:
                yield f"doubled: {line} {recipient} was written {times} notices of {cause}"
        for reader in (reader for reader in load.readers if reader.line is line):
            expected = [
                record.headers["id"]
                for (topic, _), records in stored.items()
                if topic in (topic_of(line, "registry"), topic_of(line, "control"))
                for record, _ in records
                if reader.unit_id in record.headers.get("unitids", "").split(",")
            ]
            figures["notices"] += len(told[str(reader.recipient_id)])
            yield from _told(f"{line} {reader.recipient_id}", expected, told[str(reader.recipient_id)])


def _told(who: str, expected: Sequence[str], told: Sequence[str]) -> Iterator[str]:
    """`expected`: in the order of the log for each key."""
    missed, besides = Counter(expected) - Counter(told), Counter(told) - Counter(expected)
    if missed:
        yield f"skipped: {who} was never told of {missed.total()} events, {next(iter(missed))} for one"
    if besides:
        yield f"doubled: {who} was told {besides.total()} times too often, of {next(iter(besides))} for one"
    versions: dict[str, int] = {}
    for cause in told:
        key, _, version = cause.rpartition(":")
        if int(version) < versions.get(key, 0):
            yield f"nonmonotonic: {who} was told of {cause} after {versions[key]}"
        versions[key] = int(version)


def _copies(books: Books, stored: Mapping[Place, Sequence[tuple[Outgoing, Envelope]]]) -> Iterator[str]:
    for line in LINES:
        registered = _values(stored, topic_of(line, "registry"), DocumentRegistered.event_type(), "document_id")
        numbers = {
            row[0]: row[1]
            for row in books.rows(_of(books, "control", line), "SELECT id::text, registration_number FROM documents")
        }
        yield from _compared(f"control-{line}, documents", registered.keys(), numbers.keys())
        for id_ in registered.keys() & numbers.keys():
            if registered[id_]["registration_number"] != numbers[id_]:
                yield f"control-{line}: {id_} has another number than in the registry's log"
        units = _values(stored, topic_of(line, "secrecy-gate"), UnitRegimeAssigned.event_type(), "unit_id")
        for title in UPSTREAMS:
            known = {row[0] for row in books.rows(_of(books, title, line), "SELECT id::text FROM known_units")}
            yield from _compared(f"{title}-{line}, units", units.keys(), known)


def _values(
    stored: Mapping[Place, Sequence[tuple[Outgoing, Envelope]]], topic: str, event_type: str, key: str
) -> dict[str, dict[str, str]]:
    values = (
        orjson.loads(record.value)
        for (name, _), records in stored.items()
        if name == topic
        for record, _ in records
        if record.headers["type"] == event_type
    )
    return {value[key]: value for value in values}


def _compared(what: str, wanted: Set[str], found: Set[str]) -> Iterator[str]:
    if missing := wanted - found:
        yield f"skipped: {what} lacks {len(missing)}, {min(missing)} for one"
    if besides := found - wanted:
        yield f"foreign: {what} has {len(besides)} that nobody told of, {min(besides)} for one"


def _audit(books: Books, system: System) -> Iterator[str]:
    gate = next(service for service in books.services if service.line is Line.GATE)
    for line, recorder, count in books.rows(gate, "SELECT line, recorded_by, count(*) FROM breaches GROUP BY 1, 2"):
        yield f"{count} breaches on {line}, recorded by {recorder}"
    yield from audit_behind(system)


def _of(books: Books, title: str, line: Line) -> Service:
    return next(s for s in books.services if (s.title, s.line) == (title, line))

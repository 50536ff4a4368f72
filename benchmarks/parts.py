"""The real parts of the measures within one process: a broker and a database server, started once for a run.

Also the records that several of them read: registrations of documents, as the registry tells them.
"""

import atexit
import gc
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
from baqylau.contracts.registry import DocumentRegistered
from baqylau.contracts.secrecy_gate import UnitRegimeAssigned
from baqylau.contracts.values import Classification, DocumentForm, DocumentKind, Names, Regime
from baqylau.eventstore.aggregate import Cause, DomainEvent
from baqylau.lines import Line
from baqylau.messaging.broker import Kafka
from baqylau.messaging.envelope import Envelope, Outgoing, Publication, attributes, encode, partition_of
from baqylau.messaging.relay import make_producer
from baqylau.platform.main import set_interpreter
from baqylau_infra.broker import Broker
from baqylau_infra.database import Access, Database
from baqylau_infra.tokens import Keys
from kafka import KafkaAdminClient

LINE = Line.NON_CONFIDENTIAL
PARTITIONS = 4
NOWHERE = "http://127.0.0.1:1"
UNITS = tuple(UUID(int=0xB1 << 96 | number) for number in range(100))
_numbers = count(1)


@dataclass(frozen=True)
class Parts:
    """A broker and a database server, in a folder that goes with the process."""

    broker: Broker
    database: Database
    keys: Keys
    folder: Path

    def topic(self, name: str) -> str:
        """A new topic."""
        topic = f"bench.{name}.{next(_numbers)}"
        with KafkaAdminClient(bootstrap_servers=self.broker.bootstrap) as admin:
            admin.create_topics({topic: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
        return topic

    def access(self, name: str) -> Access:
        """A new database."""
        return self.database.create(f"bench_{name}_{next(_numbers)}")

    def settings(self, access: Access, **more: object) -> dict[str, Any]:
        """What a service's settings are made of."""
        return {
            "line": LINE,
            "port": 0,
            "kafka_bootstrap": self.broker.bootstrap,
            "partitions": PARTITIONS,
            "jwks_file": self.keys.jwks_file,
            "service_token_file": self.folder,
            "feed_secrecy_gate": NOWHERE,
            "feed_registry": NOWHERE,
            "feed_control": NOWHERE,
            **{name.removeprefix("BAQYLAU_").lower(): value for name, value in access.environment().items()},
            **more,
        }


@cache
def parts() -> Parts:
    """The parts; they start when they are first asked for, and stop with the process."""
    folder = Path(tempfile.mkdtemp(prefix="baqylau-bench-"))
    stack = ExitStack()
    atexit.register(stack.close)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    broker = stack.enter_context(Broker(folder / "kafka"))
    database = stack.enter_context(Database(folder / "postgres"))
    keys = Keys(folder / "keys")
    (folder / LINE.value).write_text(keys.token(["subscriber"], LINE))
    return Parts(broker, database, keys, folder)


def registrations(topic: str, amount: int, units: Sequence[UUID] = UNITS) -> Iterator[Outgoing]:
    """Records of as many documents, each of its own aggregate, as a relay finds them in its log."""
    heads = dict.fromkeys(range(PARTITIONS), 0)
    cause = Cause(actor="registrar", recorded_at=datetime.now(UTC), correlation_id="6f0b5f0e-6c43-4b0e-9f0a-0d6c1a7f")
    for position in range(1, amount + 1):
        id_, unit_id = UUID(int=0xD0C << 96 | position), units[position % len(units)]
        told = DocumentRegistered(
            document_id=id_,
            organization=f"MIN-{position % 7}",
            unit_id=unit_id,
            kind=DocumentKind.LETTER,
            form=DocumentForm.ELECTRONIC,
            classification=Classification.PUBLIC,
            language="kk",
            dated=date(2026, 3, 2),
            registered_on=date(2026, 3, 2),
            registration_number=f"{position % len(units):02}-2026/{position}",
            citations=("RK-703:43-4-10",),
        )
        publication = Publication(told, (LINE,), (unit_id,))
        event = DomainEvent(originator_id=id_, originator_version=1, cause=cause)
        partition = partition_of(str(id_), PARTITIONS)
        headers = attributes(publication, event, LINE)
        yield Outgoing(position, heads[partition], topic, partition, str(id_), headers, encode(publication))
        heads[partition] = position


def unit_assigned(unit_id: UUID) -> UnitRegimeAssigned:
    """What the gate says of one of `UNITS`."""
    return UnitRegimeAssigned(
        unit_id=unit_id,
        organization="MIN-A",
        code="01",
        names=Names(kk="М", ru="М", en="M"),
        root_id=unit_id,
        documentation_service=False,
        regime=Regime.NON_CONFIDENTIAL,
        citations=("RK-703:2",),
    )


def stored(connection: psycopg.Connection[Any], records: Iterable[Outgoing]) -> None:
    """Put records into a producer's `public_events`."""
    columns = "position, topic, partition, key, headers, value"
    with connection.cursor().copy(f"COPY public_events ({columns}) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int8", "text", "int2", "text", "bytea", "bytea"])
        for one in records:
            copy.write_row((one.position, one.topic, one.partition, one.key, orjson.dumps(one.headers), one.value))


def sent(records: Sequence[Outgoing], envelope: Envelope, bootstrap: str) -> None:
    """Put records on their topic."""
    producer = make_producer(Kafka(bootstrap), {one.topic for one in records})
    futures = [
        producer.send(
            one.topic, one.value, one.key.encode(), headers=envelope.kafka_headers(one), partition=one.partition
        )
        for one in records
    ]
    for future in futures:
        future.get(60)
    producer.close()


@contextmanager
def frozen() -> Iterator[None]:
    """What is there already, such as the measure's own data, is nothing to the garbage collector of either side."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def as_in_a_process() -> Iterator[None]:
    """The interpreter as a service's process sets it, for both sides."""
    switch, garbage = sys.getswitchinterval(), gc.get_threshold()
    set_interpreter()
    try:
        with frozen():
            yield
    finally:
        sys.setswitchinterval(switch)
        gc.set_threshold(*garbage)


def amounts(quick: bool) -> Callable[[int], int]:
    """What a full amount is in a quick run: a tenth."""
    return (lambda amount: max(1, amount // 10)) if quick else (lambda amount: amount)

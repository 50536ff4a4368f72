"""A line's real registry, which learns of units from the gate's own publications as a test delivers them."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID

from baqylau import segregation
from baqylau.contracts.values import Classification, Regime
from baqylau.eventstore.service import Service
from baqylau.eventstore.work import Work
from baqylau.lines import Line, regime_of, topic_of
from baqylau.messaging.envelope import Envelope, Incoming, Outgoing, from_kafka
from baqylau.messaging.intake import Intake, Taken, upstream_of
from baqylau.messaging.listener import Listener
from baqylau.refusals import Refused
from baqylau.segregation import PermittedUnit
from baqylau.testing.probe import line_settings
from baqylau_infra.database import Access
from registry.api.schemas import RegisterDocument
from registry.application import Registry
from registry.projections.content import CONTENT
from registry.projections.documents import DOCUMENTS
from registry.publications import publisher

from tests.segregation.gate import TODAY, cause

_ENVELOPE = Envelope(Line.GATE, "secrecy-gate", "http://127.0.0.1:8100")
_CLASSIFICATIONS = {Regime.CONFIDENTIAL: Classification.SECRET, Regime.NON_CONFIDENTIAL: Classification.PUBLIC}


class LinesRegistry:
    """One line's registry, without HTTP and Kafka."""

    def __init__(self, line: Line, access: Access, stack: ExitStack) -> None:
        self.line = line
        self.topic = topic_of(line, "secrecy-gate")
        regime = regime_of(line)
        assert regime is not None
        self.regime = regime
        settings = line_settings(access.environment(), line=line)
        self.service = Service("registry", settings, publisher(line), [DOCUMENTS, CONTENT], [segregation.TABLES])
        self.units = segregation.KnownUnits(line)
        self.registry = Registry(self.service.store, self.units, regime)
        self._intake = Intake(self.units.policies(), line, "registry", lambda: datetime.now(UTC))
        listener = Listener(self.service.store, {segregation.CHANNEL: self.units.forget})
        self.service.writer.start()
        listener.start()
        stack.callback(self.service.close)
        stack.callback(self.service.writer.stop)
        stack.callback(listener.stop)

    def receive(self, partition: int, records: Sequence[Outgoing]) -> Taken:
        """Records come from the line's topic of the gate, in just this order."""
        read = [self._as_received(record) for record in records]
        return self.service.writer.submit(lambda work: self._intake.take(work, self.topic, partition, read)).result(30)

    def permitted(self, units: Iterable[UUID]) -> list[UUID]:
        """Those of the units in which the copy lets records be handled."""

        def task(work: Work) -> list[UUID]:
            return [unit for unit in units if isinstance(self.units.permitted(work, unit, "unit_id"), PermittedUnit)]

        return self.service.writer.submit(task).result(30)

    def position(self, partition: int) -> int:
        """The last position handled."""
        name = self.service.store.tracking_table_name
        rows = self.service.store.read(
            f"SELECT notification_id FROM {name} WHERE application_name = %s", (upstream_of(self.topic, partition),)
        )
        return int(rows[0][0]) if rows else 0

    def register(self, organization: str, unit: UUID) -> set[str]:
        """Register a document in a unit. Answers the reasons of a refusal; none: it is registered."""
        body = RegisterDocument.model_validate(
            {
                "organization": organization,
                "unit_id": unit,
                "kind": "memo",
                "form": "electronic",
                "classification": _CLASSIFICATIONS[self.regime],
                "title": "Т",
                "language": "kk",
                "dated": TODAY.isoformat(),
                "sheets": 1,
                "on_letterhead": False,
                "executor": {"surname": "С"},
                "addressee": {"organization": organization, "territorial": False},
                "signature": {"name": "С", "job_title": "Б"},
            }
        )
        try:
            self.service.writer.submit(lambda work: self.registry.register(work, body, TODAY, cause())).result(30)
        except Refused as refused:
            return {ground.reason for ground in refused.grounds}
        return set()

    def documents(self) -> set[UUID]:
        """The units in which documents are registered."""
        return {row[0] for row in self.service.store.read("SELECT unit_id FROM documents")}

    def _as_received(self, record: Outgoing) -> Incoming:
        headers = _ENVELOPE.kafka_headers(record)
        return from_kafka(record.topic, record.partition, record.key.encode(), headers, record.value)

"""Reads every record of a line and reports what it can't reconcile; offsets are committed after the gate has answered.

So a crash between the two reports again, which the gate takes as nothing new. The units are read from the line's own
topic of the gate at each start. That topic is audited too: each of its records is put to the gate, which knows whether
it said so.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from http import HTTPStatus
from uuid import UUID

import structlog
from baqylau.contracts import secrecy_gate as gate
from baqylau.http_client import HttpClient, OutOfReach
from baqylau.lines import Line, topic_of, wire_regime
from baqylau.messaging.backoff import Backoff
from baqylau.messaging.group import JOIN_SECONDS, POLL_MS, Stuck, member
from baqylau.messaging.reading import CLOSE_MS, Polled, make_consumer
from baqylau.platform.settings import ProcessSettings
from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition
from prometheus_client import Counter, Gauge

from secrecy_gate.auditor.check import GATE, MAX_FINDINGS, Finding, findings, told_units

ASSIGNED = gate.UnitRegimeAssigned.event_type()
STOP_SECONDS = 5.0
REPORT_SECONDS = 10.0
AUDITED = (GATE, "registry", "control", "notifications")
RECORDS = Counter("secrecy_gate_auditor_records_total", "Records looked at.", ["topic"])
FINDINGS = Counter("secrecy_gate_auditor_findings_total", "Findings reported to the gate.")
KNOWN = Gauge("secrecy_gate_auditor_known_units", "Units of the line that the auditor knows.")

log = structlog.get_logger(__name__)


class Auditor:
    """One line's auditor, on a thread of its own."""

    def __init__(self, settings: ProcessSettings) -> None:
        if settings.line is Line.GATE or settings.feed_secrecy_gate is None or settings.service_token_file is None:
            raise ValueError(
                "an auditor runs inside a line: set BAQYLAU_LINE to that line, "
                "BAQYLAU_FEED_SECRECY_GATE and BAQYLAU_SERVICE_TOKEN_FILE"
            )
        self._line = settings.line
        self._kafka = settings.kafka
        self._url = f"{settings.feed_secrecy_gate}/findings"
        self._token = settings.service_token_file / settings.line.value
        self._topics = {topic_of(self._line, service): service for service in AUDITED}
        self._units: set[UUID] = set()
        self._http = HttpClient(REPORT_SECONDS, only=self._url)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="auditor", daemon=True)
        self.connected = False

    def start(self) -> None:
        """Begin to audit."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the records in hand and stop."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)
        self._http.close()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._audit(backoff)
            except (KafkaError, OSError, Stuck) as error:
                log.warning("auditor_restarts", kind=type(error).__name__)
            except Exception as error:  # noqa: BLE001 (the thread must live; the fault is shown)
                log.error("auditor_fault", kind=type(error).__name__)
            self.connected = False
            backoff.wait(self._stopping)

    def _audit(self, backoff: Backoff) -> None:
        if not self._kafka.wait(self._stopping):
            return
        with ExitStack() as ending:
            units = make_consumer(self._kafka, [topic_of(self._line, GATE)])
            ending.callback(units.close, autocommit=False, timeout_ms=CLOSE_MS)
            self._follow_units(units)
            records = member(self._topics, self._kafka, f"baqylau.{self._line}.auditor", self._joined)
            ending.callback(records.close, autocommit=False, timeout_ms=CLOSE_MS)
            joined_by = time.monotonic() + JOIN_SECONDS
            while not self._stopping.is_set():
                self._learn(units.poll(timeout_ms=0, max_records=1000))
                polled = records.poll(timeout_ms=POLL_MS, max_records=500)
                if not self.connected and time.monotonic() > joined_by:
                    raise Stuck
                if polled:
                    self._report(self._check(polled))
                    records.commit()
                backoff.reset()

    def _joined(self) -> None:
        self.connected = True

    def _follow_units(self, units: KafkaConsumer) -> None:
        """Read the line's topic of the gate from its beginning, up to its present end, and go on from there.

        Raises `Stuck` where the topic isn't known any more: without the units, all would look like a breach.
        """
        topic = topic_of(self._line, GATE)
        partitions = [TopicPartition(topic, number) for number in sorted(units.partitions_for_topic(topic))]
        if not partitions:
            raise Stuck
        units.assign(partitions)
        units.seek_to_beginning(*partitions)
        ends = units.end_offsets(partitions)
        while not self._stopping.is_set() and any(units.position(place) < end for place, end in ends.items()):
            self._learn(units.poll(timeout_ms=500, max_records=1000))

    def _learn(self, polled: Mapping[TopicPartition, Sequence[Polled]]) -> None:
        for records in polled.values():
            for one in records:
                headers = one.record.headers
                if headers.get("type") == ASSIGNED and headers.get("regime") == wire_regime(self._line):
                    self._units.update(told_units(headers))
        KNOWN.set(len(self._units))

    def _check(self, polled: Mapping[TopicPartition, Sequence[Polled]]) -> list[Finding]:
        found: list[Finding] = []
        for place, records in polled.items():
            RECORDS.labels(place.topic).inc(len(records))
            service = self._topics[place.topic]
            for one in records:
                where = f"{place.topic}/{place.partition}/{one.offset}"
                unreconciled = findings(self._line, self._units, where, service, one.record.headers)
                if unreconciled and service != GATE:
                    log.warning("record_not_reconciled", place=where, units=len(unreconciled))
                found += unreconciled
        return found

    def _report(self, found: list[Finding]) -> None:
        """Report until the gate has answered: what isn't reported isn't committed."""
        backoff = Backoff()
        for start in range(0, len(found), MAX_FINDINGS):
            chunk = [
                {name: str(value) for name, value in asdict(finding).items() if value is not None}
                for finding in found[start : start + MAX_FINDINGS]
            ]
            while not self._send(chunk):
                backoff.wait(self._stopping)
                if self._stopping.is_set():
                    raise OSError("stopping before the gate has answered")
            FINDINGS.inc(len(chunk))

    def _send(self, chunk: list[dict[str, str]]) -> bool:
        try:
            token = self._token.read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            status = self._http.post(self._url, json={"findings": chunk}, headers=headers)
        except (OutOfReach, OSError) as error:
            log.warning("gate_out_of_reach", kind=str(error) if isinstance(error, OutOfReach) else type(error).__name__)
            return False
        if status != HTTPStatus.OK:
            log.error("findings_not_taken", status=status)
        return status == HTTPStatus.OK

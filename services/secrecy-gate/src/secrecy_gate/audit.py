"""Findings of the lines' auditors, judged by the gate's own truth; and the proof, kept up to date."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import orjson
import structlog
from baqylau.contracts.values import Line as FoundOn
from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.service import Service
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.work import Work
from baqylau.lines import Line, regime_of, topic_of
from eventsourcing.persistence import StoredEvent

from secrecy_gate.api.audit_schemas import BreachView, Finding, Judged
from secrecy_gate.auditor.check import GATE, NO_UNIT, told_units
from secrecy_gate.domain import paragraph_2
from secrecy_gate.domain.breach import Breach
from secrecy_gate.domain.proof import Evidence, Proof
from secrecy_gate.metrics import BREACHES_FOUND, PROOF_BREACHES, PROOF_POSITION
from secrecy_gate.proved_log import ProvedLog
from secrecy_gate.verify import export_line

READ_LIMIT = 1000
LOOK_SECONDS = 5.0
NOBODY = UUID(int=0)

T = TypeVar("T")

log = structlog.get_logger(__name__)


def judge(work: Work, line: Line, findings: list[Finding], cause: Cause) -> Judged:
    """Raise a breach for each finding that is one. An auditor that lags behind the gate reports more than there is."""
    regime = regime_of(line)
    assert regime is not None
    has: dict[UUID, str | None] = dict(
        work.read("SELECT id, regime FROM units WHERE id = ANY(%s)", ([finding.unit_id for finding in findings],))
    )
    said = _said(work, line, findings)
    raised = 0
    for finding in findings:
        unit_has = has.get(finding.unit_id)
        unit_regime = Regime(unit_has) if unit_has else None
        if finding.recorded_by == GATE:
            units = said.get((finding.position, finding.record_id), ())
            in_order = finding.record_regime is regime and finding.unit_id in units
        else:
            in_order = not paragraph_2.record_breaches(regime, finding.record_regime, unit_regime)
        if in_order:
            continue
        breach = work.find_or_new(Breach, Breach.id_for(finding.record_id, finding.unit_id))
        raised += breach.version == 0
        breach.raise_(
            FoundOn(line.value),
            finding.recorded_by,
            finding.record_type,
            finding.record_id,
            finding.unit_id,
            finding.record_regime,
            unit_regime,
            cause,
        )
    if raised:
        BREACHES_FOUND.labels(line.value).inc(raised)
        log.error("segregation_breached", found_on=line.value, breaches=raised)
    return Judged(findings=len(findings), breaches=raised)


def _said(work: Work, line: Line, findings: Sequence[Finding]) -> Mapping[tuple[int | None, UUID], Collection[UUID]]:
    """Of which units the gate told the line at these positions, by position and aggregate; the nil unit: of none."""
    rows = work.read(
        "SELECT position, key, headers FROM public_events WHERE topic = %s AND position = ANY(%s::bigint[])",
        (topic_of(line, GATE), [found.position for found in findings if found.recorded_by == GATE]),
    )
    return {(position, UUID(key)): told_units(orjson.loads(headers)) or [NO_UNIT] for position, key, headers in rows}


def breaches(service: Service, after: int, limit: int) -> list[BreachView]:
    """Breaches in the order in which they were raised."""
    rows = service.store.read(
        "SELECT number, id, line, recorded_by, record_type, record_id, unit_id, record_regime, unit_regime, found_at "
        "FROM breaches WHERE number > %s ORDER BY number LIMIT %s",
        (after, limit),
    )
    return [BreachView(**dict(zip(BreachView.model_fields, row, strict=True))) for row in rows]


def export(service: Service) -> Iterator[bytes]:
    """The whole log with its hash chain, an event a line, for `secrecy_gate.verify`."""
    position = 0
    while log_behind := service.store.log(position, READ_LIMIT):
        for position, stored, digest in log_behind:
            yield export_line(position, stored, digest)


class ProofKeeper:
    """Follows the gate's log, so that asking for the proof costs only what is new. A breach in it is shown at once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._log = ProvedLog()
        self._lock = threading.Lock()
        self._shown = 0
        self._cut = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proof", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def begin_stop(self) -> None:
        """Look no further."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop."""
        self.begin_stop()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def shown(self, view: Callable[[Proof, str], T]) -> T:
        """A view of the proof up to the end of the log, and of the chain's digest there, in hex."""
        with self._lock:
            while behind := self._behind():
                for position, stored, digest in behind:
                    self._log.follow(position, stored, digest)
            self._show()
            return view(self._log.proof, self._log.digest.hex())

    def _behind(self) -> list[tuple[int, StoredEvent, bytes]]:
        """What the log holds behind the proof. The last event followed must still be there, as it was."""
        position, digest = self._log.proof.position, self._log.digest
        if position == 0:
            return self._service.store.log(0, READ_LIMIT)
        found = self._service.store.log(position - 1, READ_LIMIT)
        if [(at, kept) for at, _, kept in found[:1]] == [(position, digest)]:
            return found[1:]
        if not self._cut:
            self._cut = True
            self._log.proof.distrust("log-cut-or-changed", NOBODY, Evidence(position, "", None))
        return [one for one in found if one[0] > position]

    def _show(self) -> None:
        failures = self._log.proof.failures
        PROOF_POSITION.set(self._log.proof.position)
        PROOF_BREACHES.set(len(failures))
        for failure in failures[self._shown :]:
            log.error(
                "proof_fails", reason=failure.reason, subject=str(failure.subject), position=failure.shown_by.position
            )
        self._shown = len(failures)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.shown(lambda proof, _: proof.holds)
            except Exception as error:
                if not out_of_reach(error):
                    raise
                log.warning("proof_postponed", kind=type(error).__name__)

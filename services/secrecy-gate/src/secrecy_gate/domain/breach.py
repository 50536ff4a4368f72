"""A record that the audit found where paragraph 2 forbids it: raised once for each record and unit."""

from datetime import datetime
from uuid import UUID, uuid5

from baqylau.contracts.values import Line, Regime
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a03")


class Breach(Aggregate):
    """One finding that the gate judged to be a breach."""

    @staticmethod
    def id_for(record_id: UUID, unit_id: UUID) -> UUID:
        """The same record in the same unit, the same breach."""
        return uuid5(_NAMESPACE, f"{record_id}:{unit_id}")

    class SegregationBreached(DomainEvent):
        breach_id: UUID
        line: Line
        recorded_by: str
        record_type: str
        record_id: UUID
        unit_id: UUID
        record_regime: Regime | None = None
        unit_regime: Regime | None = None
        found_at: datetime

    def raise_(
        self,
        line: Line,
        recorded_by: str,
        record_type: str,
        record_id: UUID,
        unit_id: UUID,
        record_regime: Regime | None,
        unit_regime: Regime | None,
        cause: Cause,
    ) -> None:
        """Record the breach, once."""
        if self.version == 0:
            self.trigger(
                self.SegregationBreached,
                cause,
                breach_id=self.id,
                line=line,
                recorded_by=recorded_by,
                record_type=record_type,
                record_id=record_id,
                unit_id=unit_id,
                record_regime=record_regime,
                unit_regime=unit_regime,
                found_at=cause.recorded_at,
            )

"""An employee's postings: at one time only in units of one regime (paragraph 2)."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID, uuid5

from baqylau.contracts.values import Regime
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import Ground, refuse_if

from secrecy_gate.domain import paragraph_2

_NAMESPACE = UUID("6f1d8a5e-5d0c-5a52-9f0c-2b6f4b1f6a02")


@dataclass(frozen=True, slots=True)
class Posting:
    """Where an employee serves."""

    id: UUID
    unit_id: UUID
    organization: str
    regime: Regime


class Employee(Aggregate):
    """Known by an id only; who that is, the gate doesn't know. `told`: as an organization's."""

    told: Counter[Regime]
    postings: dict[UUID, Posting]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.told = Counter()
        self.postings = {}

    @staticmethod
    def id_for(employee_id: UUID) -> UUID:
        """The aggregate of an employee."""
        return uuid5(_NAMESPACE, f"employee:{employee_id}")

    class EmployeePosted(DomainEvent):
        posting_id: UUID
        employee_id: UUID
        unit_id: UUID
        organization: str
        regime: Regime
        told: int | None = None

        def apply(self, employee: "Employee") -> None:
            employee.told[self.regime] += 1
            employee.postings[self.posting_id] = Posting(self.posting_id, self.unit_id, self.organization, self.regime)

    class EmployeeReleased(DomainEvent):
        posting_id: UUID
        employee_id: UUID
        unit_id: UUID
        organization: str
        regime: Regime
        told: int | None = None

        def apply(self, employee: "Employee") -> None:
            employee.told[self.regime] += 1
            del employee.postings[self.posting_id]

    def post(
        self,
        posting_id: UUID,
        employee_id: UUID,
        unit_id: UUID,
        organization: str,
        regime: Regime | None,
        *,
        dissolved: bool,
        cause: Cause,
    ) -> None:
        """Post the employee to a unit. `regime`: the unit's."""
        serving = {posting.regime for posting in self.postings.values()}
        grounds = list(paragraph_2.employee_may_be_posted(regime, serving))
        if dissolved:
            grounds.append(Ground(None, "unit-dissolved", "unit_id"))
        if any(posting.unit_id == unit_id for posting in self.postings.values()):
            grounds.append(Ground(None, "employee-already-posted", "unit_id"))
        refuse_if(grounds)
        assert regime is not None
        self.trigger(
            self.EmployeePosted,
            cause,
            posting_id=posting_id,
            employee_id=employee_id,
            unit_id=unit_id,
            organization=organization,
            regime=regime,
            told=self.told[regime] + 1,
        )

    def release(self, posting_id: UUID, employee_id: UUID, cause: Cause) -> None:
        """End a posting. One that has ended stays ended."""
        posting = self.postings.get(posting_id)
        if posting is not None:
            self.trigger(
                self.EmployeeReleased,
                cause,
                posting_id=posting_id,
                employee_id=employee_id,
                unit_id=posting.unit_id,
                organization=posting.organization,
                regime=posting.regime,
                told=self.told[posting.regime] + 1,
            )

"""The HTTP shapes of audit and proof."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from baqylau.contracts.values import Line, Regime
from pydantic import BaseModel, Field, StringConstraints

from secrecy_gate.api.schemas import Body
from secrecy_gate.auditor.check import MAX_FINDINGS, WORD
from secrecy_gate.domain.proof import Failure, Held, Proof

Word = Annotated[str, StringConstraints(pattern=f"^{WORD}$")]


class Finding(Body):
    """A record that an auditor could not reconcile: identities and attributes only."""

    recorded_by: Word
    record_type: Word
    record_id: UUID
    unit_id: UUID
    record_regime: Regime | None = None
    position: int | None = Field(None, ge=0, lt=2**63, description="Where it says that it stands in its producer's log")


class Findings(Body):
    findings: list[Finding] = Field(min_length=1, max_length=MAX_FINDINGS)


class Judged(BaseModel):
    """How many of the findings were new breaches."""

    findings: int
    breaches: int


class BreachView(BaseModel):
    """A breach that was raised."""

    number: int
    id: UUID
    line: Line
    recorded_by: str
    record_type: str
    record_id: UUID
    unit_id: UUID
    record_regime: Regime | None
    unit_regime: Regime | None
    found_at: datetime


class BreachList(BaseModel):
    items: list[BreachView]
    next: int | None


class EvidenceView(BaseModel):
    """The event that shows it, by position and id."""

    position: int
    event_id: str
    recorded_at: datetime | None


class HeldView(BaseModel):
    """A regime that the tree held, since when, and for which unit it was stated first."""

    regime: Regime
    unit_id: UUID
    since: EvidenceView


class TreeView(BaseModel):
    """A unit tree: every regime that it ever held (never more than one), and its units now."""

    root_id: UUID
    organization: str
    held: list[HeldView]
    units: list[UUID]


class FailureView(BaseModel):
    """Where the log breaks paragraph 2; or, with `citation` null, where the log itself can't be trusted."""

    reason: str
    citation: str | None
    subject: UUID
    regimes: list[Regime]
    shown_by: EvidenceView


class ProofView(BaseModel):
    """`holds`: whether nothing in the whole log speaks against segregation; `failures`: each place that does."""

    holds: bool
    position: int
    digest: str = Field(description="The log's hash chain at this position, in hex.")
    trees: list[TreeView]
    failures: list[FailureView]


def proof_view(proof: Proof, digest: str) -> ProofView:
    """The proof as shown."""
    return ProofView(
        holds=proof.holds,
        position=proof.position,
        digest=digest,
        trees=[
            TreeView(
                root_id=tree.root_id,
                organization=tree.organization,
                held=[_held(held) for held in tree.held],
                units=sorted(tree.units),
            )
            for tree in proof.trees.values()
        ],
        failures=[_failure(failure) for failure in proof.failures],
    )


def _held(held: Held) -> HeldView:
    since = EvidenceView.model_validate(held.since, from_attributes=True)
    return HeldView(regime=held.regime, unit_id=held.unit_id, since=since)


def _failure(failure: Failure) -> FailureView:
    return FailureView(
        reason=failure.reason,
        citation=failure.citation,
        subject=failure.subject,
        regimes=list(failure.regimes),
        shown_by=EvidenceView.model_validate(failure.shown_by, from_attributes=True),
    )

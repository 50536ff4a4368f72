"""The gate's HTTP shapes."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from baqylau.contracts.values import Names, OrganizationKind, Regime
from baqylau.platform.commands import Answer
from baqylau.platform.problems import KIND
from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

Code = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,40}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Body(BaseModel):
    """A request's body: a field that isn't known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicNames(Names):
    """A public name in each language, bounded: it goes on topics with every event that describes its unit."""

    model_config = ConfigDict(extra="forbid")

    kk: Name
    ru: Name
    en: Name


class RegisterOrganization(Body):
    code: Code
    names: PublicNames
    kind: OrganizationKind
    territorial: bool


class EstablishUnit(Body):
    organization: Code
    code: Code
    names: PublicNames
    parent_id: UUID | None = None
    documentation_service: bool = False


class AssignRegime(Body):
    regime: Regime


class MoveUnit(Body):
    parent_id: UUID | None = Field(description="The unit above; null: to the top.")


class DissolveUnit(Body):
    reason: Reason


class PostEmployee(Body):
    employee_id: UUID
    unit_id: UUID


class Action(StrEnum):
    """The acts of handling that paragraph 2 covers."""

    REGISTER = "register"
    CORRECT = "correct"
    ASSIGN = "assign"
    SHARE = "share"
    NOTIFY = "notify"
    POST = "post"


class DecisionAsked(Body):
    """May a record of this regime be handled so in this unit? `subject`: the employee by or for whom."""

    unit_id: UUID
    regime: Regime
    action: Action
    subject: UUID | None = None


MAX_DECISIONS = 1000


def _kind(body: object) -> str:
    return f"{KIND}many" if isinstance(body, list) else f"{KIND}one"


DecisionsAsked = Annotated[
    Annotated[DecisionAsked, Tag(f"{KIND}one")]
    | Annotated[list[DecisionAsked], Field(max_length=MAX_DECISIONS), Tag(f"{KIND}many")],
    Discriminator(_kind),
]
"""One question, or many."""


class OrganizationView(Answer):
    code: str
    names: Names
    kind: OrganizationKind
    territorial: bool


class UnitView(Answer):
    """A unit. `regime` null: it has none yet, and nothing may be handled in it."""

    id: UUID
    organization: str
    code: str
    names: Names
    parent_id: UUID | None
    root_id: UUID
    documentation_service: bool
    regime: Regime | None
    dissolved_on: date | None


class UnitTree(UnitView):
    units: list["UnitTree"] = Field(default_factory=list, description="The units under it.")


class PostingView(Answer):
    id: UUID
    employee_id: UUID
    unit_id: UUID
    regime: Regime


class Decision(BaseModel):
    """`reason` and `citation` are null where it is permitted."""

    permitted: bool
    reason: str | None
    citation: str | None


class UnitList(BaseModel):
    items: list[UnitTree]
    next: str | None = None

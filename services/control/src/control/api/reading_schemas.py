"""HTTP shapes of what control shows, and of control subjects and calendar amendments.

Dates stand as plain dates, their derivations beside them.
"""

import datetime as dt
from typing import Annotated, Any, Self
from uuid import UUID

from baqylau.platform.commands import Answer
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from control.api.schemas import Body, Day
from control.domain.control_subjects import ControlSubjectsOf
from control.domain.paragraph_103_1 import (
    ControlSubjects,
    OfficialRole,
    deputy_post_id,
    first_head_post_id,
)
from control.domain.provisions import Note, Provision
from control.domain.values import Control, ControllingSide, Occasion, Originator, Source, Status

# PostgreSQL's text takes no NUL.
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=300)]


class FirstHeadNamed(Body):
    name: Name = ""
    position: Name = ""
    acting: StrictBool = False


class DeputyNamed(Body):
    name: Name = ""
    position: Name = ""
    areas: tuple[Annotated[Name, StringConstraints(max_length=100)], ...] = Field((), max_length=200)


class NameControlSubjects(Body):
    """`from` left out: today. The first entry also holds for the days before it."""

    first_head: FirstHeadNamed = FirstHeadNamed()
    deputies: tuple[DeputyNamed, ...] = Field((), max_length=100)
    valid_from: Day | None = Field(None, alias="from")


class OfficialView(BaseModel):
    """A control subject. Names are personal data."""

    post_id: UUID
    role: OfficialRole
    name: str
    position: str
    acting: bool = False
    areas: tuple[str, ...] = Field((), description="What a deputy supervises.")


class ControlSubjectsEntry(BaseModel):
    """In force from `from` until the next entry."""

    model_config = ConfigDict(populate_by_name=True)

    first_head: OfficialView
    deputies: tuple[OfficialView, ...]
    valid_from: dt.date = Field(alias="from")

    @classmethod
    def of(cls, entry: ControlSubjects) -> Self:
        """The entry as shown."""
        head = entry.first_head
        return cls(
            first_head=OfficialView(
                post_id=first_head_post_id(entry.organization),
                role=OfficialRole.FIRST_HEAD,
                name=head.name,
                position=head.position,
                acting=head.acting,
            ),
            deputies=tuple(
                OfficialView(
                    post_id=deputy_post_id(entry.organization, deputy),
                    role=OfficialRole.DEPUTY,
                    name=deputy.name,
                    position=deputy.position,
                    areas=deputy.areas,
                )
                for deputy in entry.deputies
            ),
            valid_from=entry.valid_from,
        )


class ControlSubjectsView(Answer):
    """`current`: the entry in force on `day`, null where there is none. `history`: all, in the order of entry."""

    organization: str
    day: dt.date
    current: ControlSubjectsEntry | None
    history: list[ControlSubjectsEntry]

    @classmethod
    def of(cls, organization: str, subjects: ControlSubjectsOf, day: dt.date) -> Self:
        """As on a day."""
        current = subjects.on(day)
        return cls(
            version=subjects.version,
            organization=organization,
            day=day,
            current=None if current is None else ControlSubjectsEntry.of(current),
            history=[ControlSubjectsEntry.of(entry) for entry in subjects.history],
        )


class AmendedDay(Body):
    date: Day
    working: StrictBool


class AmendCalendar(Body):
    """`decree`: the reference of the decree that moves the days."""

    days: tuple[AmendedDay, ...] = Field(max_length=400)
    decree: Annotated[Name, StringConstraints(strip_whitespace=True, min_length=1)]


class CalendarAmendedView(Answer):
    """`version`: the calendar's from now on. Open assignments' dates are counted again right behind it."""

    days: tuple[AmendedDay, ...]
    decree: str
    assignments: str


class DayOff(BaseModel):
    """`reason`: weekend, holiday (with its names) or decree."""

    date: dt.date
    reason: str
    names: dict[str, str] = Field(default_factory=dict, description="Of a holiday, in kk and en.")
    decree: str | None = Field(None, description="Where an amendment made it a day off.")


class WorkingWeekendDay(BaseModel):
    date: dt.date
    decree: str | None = Field(None, description="Where an amendment made it a working day; else as published before.")


class CalendarView(Answer):
    """A year. `version`: of the calendar. `decree_known`: false where days moved by decree aren't in it yet."""

    year: int
    source: str
    decree_known: bool
    working_days: int
    days_off: list[DayOff]
    working_weekend_days: list[WorkingWeekendDay]


class RuleSetView(BaseModel):
    """A rule set: it governs what was issued on its days, for life. An open end is null."""

    name: str
    amended_by: str
    in_force_from: dt.date
    in_force_until: dt.date | None
    provisions: tuple[Provision, ...]
    notes: tuple[Note, ...]


class RulesView(BaseModel):
    rule_sets: list[RuleSetView]


class AddressedTo(BaseModel):
    organization: str
    unit_id: UUID


class AssignmentItem(BaseModel):
    """An assignment in a list. `overdue`: its deadline is over, and no report of the time is in or accepted."""

    id: UUID
    version: int
    document_id: UUID
    clause: str
    source: Source
    originator: Originator
    personal: bool
    occasion: Occasion | None
    controlled_by: ControllingSide
    control: Control
    status: Status
    issued_on: dt.date
    deadline: dt.date
    overdue: bool
    executor: AddressedTo
    area: str
    co_executors: list[AddressedTo]
    stranded_units: list[UUID] = Field(description="Units of an open assignment that were dissolved; replace them.")


class AssignmentList(BaseModel):
    """`next`: the `after` of the next page; null: there is none."""

    items: list[AssignmentItem]
    next: str | None


class HistoryItem(BaseModel):
    """An event of the assignment. `data`: its fields; `recorded_at`: UTC, the real clock."""

    type: str
    version: int
    recorded_at: dt.datetime
    actor: str
    citations: list[str]
    data: dict[str, Any]


class History(BaseModel):
    items: list[HistoryItem]
    next: str | None


class Attempts(BaseModel):
    """Letters that were turned back, oldest first."""

    items: list[dict[str, Any]]
    next: str | None = None

"""The line's production calendar: version 1 as the package gives it, and every amendment by a decree (103-2).

An aggregate's version is the calendar's. Version 1 is an event too, so that a command finds the calendar among the
aggregates that the writer keeps and doesn't ask the database whether it was ever amended.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from baqylau.contracts.values import CalendarDay
from baqylau.eventstore.aggregate import Aggregate, Cause, DomainEvent
from baqylau.refusals import refuse_if
from pydantic import PlainSerializer, PlainValidator

from control.domain import calendar
from control.domain.calendar import CalendarAmendment, ProductionCalendar

ID = UUID("6f0b5f0e-6c43-5b0e-9f0a-0d6c1a7f1033")


def _said(amended: ProductionCalendar) -> tuple[int, list[tuple[str, bool, str]]]:
    return amended.version, [(day.date.isoformat(), day.working, day.decree) for day in amended.amendments]


def _made_again(said: tuple[int, list[tuple[str, bool, str]]]) -> ProductionCalendar:
    version, days = said
    amendments = tuple(CalendarAmendment(date.fromisoformat(day), working, decree) for day, working, decree in days)
    return calendar.first_calendar().as_amended(version, amendments)


class Calendar(Aggregate):
    """There is one on each line. `current`: in a snapshot, its version and its amendments."""

    current: Annotated[ProductionCalendar, PlainValidator(_made_again), PlainSerializer(_said)]

    def __init__(self, id: UUID) -> None:  # noqa: A002
        super().__init__(id)
        self.current = calendar.first_calendar()

    class CalendarAdopted(DomainEvent):
        """Version 1. `source`: the package and its version; a test holds its days fixed."""

        source: str

    class CalendarAmended(DomainEvent):
        """The days that a decree makes working days or days off."""

        calendar_version: int
        days: tuple[CalendarDay, ...]
        decree: str
        citations: tuple[str, ...]

        def apply(self, amended: "Calendar") -> None:
            amended.current = amended.current.amended(
                CalendarAmendment(day.day, day.working, self.decree) for day in self.days
            )

    def adopt(self, cause: Cause) -> None:
        """Record version 1, once."""
        if not self.version:
            self.trigger(self.CalendarAdopted, cause, source=self.current.source)

    def amend(self, days: Iterable[tuple[date, bool]], decree: str, citation: str, cause: Cause) -> None:
        """Enter a decree's days, each with whether it is a working day. Refused as `amendment_grounds` says."""
        self.adopt(cause)
        amendments = tuple(CalendarAmendment(day, working, decree) for day, working in days)
        refuse_if(self.current.amendment_grounds(amendments))
        self.trigger(
            self.CalendarAmended,
            cause,
            calendar_version=self.current.version + 1,
            days=tuple(CalendarDay(day=amendment.date, working=amendment.working) for amendment in amendments),
            decree=decree,
            citations=(citation,),
        )

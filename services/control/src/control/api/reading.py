"""What control shows, and the two things that are entered beside assignments: control subjects and calendar days."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from baqylau.platform.auth import Caller, Role, require
from baqylau.platform.commands import Commands, commands
from baqylau.platform.problems import responses
from baqylau.platform.short_way import shown
from baqylau.refusals import Ground, Refused
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import AwareDatetime

from control import attempts, discipline, queries, reference
from control.api.assignment_view import AssignmentView
from control.api.reading_schemas import (
    AmendCalendar,
    AssignmentList,
    Attempts,
    CalendarAmendedView,
    CalendarView,
    ControlSubjectsView,
    DayOff,
    History,
    NameControlSubjects,
    RuleSetView,
    RulesView,
    WorkingWeekendDay,
)
from control.api.schemas import Code, Day
from control.domain import production_calendar
from control.domain.calendar import FIRST_YEAR, LAST_YEAR, first_calendar
from control.domain.control_subjects import ControlSubjectsOf
from control.domain.production_calendar import Calendar
from control.domain.rule_sets import RuleBook, RuleSet
from control.domain.values import Control, Status

router = APIRouter()

Anyone = Annotated[Caller, Depends(require(*Role))]
Reader = Annotated[Caller, Depends(require(Role.CONTROLLER, Role.AUDITOR, Role.EXECUTOR))]
LineWide = Annotated[Caller, Depends(require(Role.CONTROLLER, Role.AUDITOR))]
Limit = Annotated[int, Query(ge=1, le=500)]


# Control subjects


@router.put("/organizations/{code}/control-subjects", response_model=ControlSubjectsView, responses=responses(404, 412))
async def name_control_subjects(
    code: Code,
    body: NameControlSubjects,
    request: Request,
    command: Annotated[Commands, Depends(commands(Role.CONTROLLER))],
) -> Response:
    """Name an organization's first head and deputies from a day on (103-1)."""
    state, today = request.app.state, request.app.state.clock.today()
    rules = rules_on(state.book, today)
    return await command.run(
        lambda work, cause: reference.name_control_subjects(work, state.known_units, rules, code, body, today, cause)
    )


@router.get("/organizations/{code}/control-subjects", response_model=ControlSubjectsView, responses=responses(404))
def control_subjects(
    code: Code, request: Request, response: Response, who: Reader, on: Day | None = None
) -> ControlSubjectsView:
    """Who they are on a day (today, where none is given), and all entries. An executor reads its own organization's."""
    state = request.app.state
    bound = queries.seen_by(who)
    if (bound is not None and bound != code) or state.known_units.organization(state.service.store, code) is None:
        raise HTTPException(404, "There is no such organization, or it isn't yours to see.")
    id_ = ControlSubjectsOf.id_for(code)
    found = ControlSubjectsOf.replay(state.service.history(id_)) or ControlSubjectsOf(id_)
    response.headers["ETag"] = f'"{found.version}"'
    return ControlSubjectsView.of(code, found, on or state.clock.today())


# Rules and calendar


@router.get("/rules", response_model=RulesView, responses=responses())
def rules(request: Request, _: Anyone) -> RulesView:
    """Every provision of every rule set: what it says in Kazakh, Russian and English, since when, what it decides."""
    book: RuleBook = request.app.state.book
    return RulesView(rule_sets=[RuleSetView.model_validate(r, from_attributes=True) for r in book.rule_sets])


@router.get("/calendar/{year}", response_model=CalendarView, responses=responses(404))
def calendar(
    year: Annotated[int, Path(ge=1, le=9999)], request: Request, response: Response, _: Anyone
) -> CalendarView:
    """The days off of a year, each with its reason, and the Saturdays and Sundays that are worked."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise HTTPException(404, f"The calendar covers {FIRST_YEAR} to {LAST_YEAR}; no day outside is ever guessed.")
    found = Calendar.replay(request.app.state.service.history(production_calendar.ID))
    current = first_calendar() if found is None else found.current
    response.headers["ETag"] = f'"{current.version}"'
    special = {day.date: day for day in current.special_days(year)}
    days_off = []
    for number in range((date(year, 12, 31) - date(year, 1, 1)).days + 1):
        day = date(year, 1, 1) + timedelta(days=number)
        known = special.get(day)
        if known is None and day.weekday() >= 5:
            days_off.append(DayOff(date=day, reason="weekend"))
        elif known is not None and not known.working:
            reason = "decree" if known.decree or not known.names else "holiday"
            days_off.append(DayOff(date=day, reason=reason, names=dict(known.names), decree=known.decree))
    return CalendarView(
        version=current.version,
        year=year,
        source=current.source,
        decree_known=not current.provisional(date(year, 1, 1), date(year, 12, 31)),
        working_days=current.working_days_in(year),
        days_off=days_off,
        working_weekend_days=[
            WorkingWeekendDay(date=day.date, decree=day.decree) for day in special.values() if day.working
        ],
    )


@router.post("/calendar/amendments", status_code=201, response_model=CalendarAmendedView, responses=responses(409, 412))
async def amend_calendar(
    body: AmendCalendar, request: Request, command: Annotated[Commands, Depends(commands(Role.OPERATOR))]
) -> Response:
    """Enter days that a decree makes working days or days off (103-2): a new version of the calendar."""
    rules = rules_on(request.app.state.book, request.app.state.clock.today())
    return await command.run(lambda work, cause: reference.amend_calendar(work, rules, body, cause), 201)


# Assignments


@router.get("/assignments", response_model=AssignmentList, responses=responses())
def assignments(
    request: Request,
    who: Reader,
    status: Status | None = None,
    control: Control | None = None,
    organization: Code | None = None,
    due_before: Day | None = None,
    overdue: bool | None = None,
    stranded: bool | None = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 100,
) -> Response:
    """Assignments by deadline, the first due first. `organization`: as executor or co-executor. `due_before`: that day
    excluded. `stranded`: open ones in a unit that was dissolved. `after`: the `next` of the page before.
    """
    filters = queries.Filters(status, control, organization, due_before, overdue, stranded)
    state = request.app.state
    return shown(queries.assignments(state.service, who, filters, state.clock.today(), after, limit))


@router.get("/assignments/{id}", response_model=AssignmentView, responses=responses(404))
def assignment(
    id: UUID,  # noqa: A002
    request: Request,
    response: Response,
    who: Reader,
    version: Annotated[int | None, Query(ge=1, le=2**31)] = None,
    as_of: AwareDatetime | None = None,
) -> AssignmentView:
    """Everything of one assignment: now, at a version, or as it was known at an instant (by time of recording)."""
    state = request.app.state
    found = queries.assignment(state.service, who, id, state.clock.today(), version, as_of)
    response.headers["ETag"] = f'"{found.version}"'
    return found


@router.get("/assignments/{id}/history", response_model=History, responses=responses(404))
def history(
    id: UUID,  # noqa: A002
    request: Request,
    who: Reader,
    after: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Limit = 100,
) -> History:
    """Its events, oldest first, behind the version `after`."""
    return queries.history(request.app.state.service, who, id, after, limit)


@router.get("/assignments/{id}/attempts", response_model=Attempts, responses=responses(404))
def letters_turned_back(id: UUID, request: Request, who: LineWide) -> Attempts:  # noqa: A002
    """Letters that were turned back: nothing was recorded but the attempt."""
    service = request.app.state.service
    queries.history(service, who, id, 0, 1)
    return Attempts(items=attempts.of(service.store, id))


# Discipline


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    HTML = "html"


@router.get(
    "/discipline",
    response_model=discipline.Discipline,
    responses={**responses(), 200: {"content": {"text/csv": {}, "text/html": {}}}},
)
def executive_discipline(
    request: Request,
    who: Reader,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    format: Format | None = None,  # noqa: A002
) -> discipline.Discipline | Response:
    """The figures of each organization and each responsible official over a period, both days included.

    JSON, CSV or a page to print: by `format`, else by `Accept`. An executor reads its own organization's.
    """
    if first is not None and last is not None and last < first:
        raise Refused([Ground(None, "period-ends-before-it-begins", "to", of_payload=True)])
    found = discipline.discipline(request.app.state.service, queries.seen_by(who), first, last)
    match format or _accepted(request.headers.get("accept", "")):
        case Format.CSV:
            headers = {"Content-Disposition": 'attachment; filename="discipline.csv"'}
            return Response(discipline.as_csv(found), headers=headers, media_type="text/csv; charset=utf-8")
        case Format.HTML:
            return Response(discipline.as_html(found), media_type="text/html; charset=utf-8")
    return found


def _accepted(accept: str) -> Format:
    """The first of the three forms that the header names; JSON where it names none."""
    for part in accept.split(","):
        media_type = part.partition(";")[0].strip().lower()
        for form, known in ((Format.JSON, "application/json"), (Format.CSV, "text/csv"), (Format.HTML, "text/html")):
            if media_type == known:
                return form
    return Format.JSON


def rules_on(book: RuleBook, day: date) -> RuleSet:
    """The rule set of a day; where none is in force, the latest there was."""
    return book.in_force_on(day) or book.rule_sets[-1]

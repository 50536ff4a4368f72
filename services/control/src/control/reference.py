"""What assignments are judged by and isn't theirs: control subjects and the calendar. Load, command, answer."""

from datetime import date

from baqylau.eventstore.aggregate import Cause
from baqylau.eventstore.work import NotFound, Work
from baqylau.segregation import KnownUnits

from control.api.reading_schemas import AmendCalendar, CalendarAmendedView, ControlSubjectsView, NameControlSubjects
from control.domain import production_calendar
from control.domain.calendar import ProductionCalendar, first_calendar
from control.domain.control_subjects import ControlSubjectsOf
from control.domain.paragraph_103_1 import ControlSubjects, Deputy, FirstHead
from control.domain.production_calendar import Calendar
from control.domain.rule_sets import RuleSet

CALENDAR_AMENDED = "calendar_amended"
"""The database channel on which replicas hear of an amendment, after its commit."""


def name_control_subjects(
    work: Work,
    known_units: KnownUnits,
    rules: RuleSet,
    organization: str,
    body: NameControlSubjects,
    today: date,
    cause: Cause,
) -> ControlSubjectsView:
    """Name an organization's control subjects from a day on. Raises `NotFound` where the gate told of no such one."""
    if known_units.organization(work, organization) is None:
        raise NotFound
    subjects = work.find_or_new(ControlSubjectsOf, ControlSubjectsOf.id_for(organization))
    work.guard(subjects.version)
    entry = ControlSubjects(
        organization,
        FirstHead(body.first_head.name, body.first_head.position, body.first_head.acting),
        tuple(Deputy(deputy.name, deputy.position, deputy.areas) for deputy in body.deputies),
        body.valid_from or today,
    )
    subjects.name(entry, rules, cause)
    return ControlSubjectsView.of(organization, subjects, today)


def amend_calendar(work: Work, rules: RuleSet, body: AmendCalendar, cause: Cause) -> CalendarAmendedView:
    """Enter a decree's days. The dates of open assignments are counted again behind it, by the watcher, in batches."""
    calendar = work.find_or_new(Calendar, production_calendar.ID)
    work.guard(calendar.current.version)
    calendar.amend(((day.date, day.working) for day in body.days), body.decree, rules.cite("103-2"), cause)
    work.change("INSERT INTO rederivations (calendar_version) VALUES (%s)", (calendar.current.version,))
    work.change(f"NOTIFY {CALENDAR_AMENDED}")
    return CalendarAmendedView(
        version=calendar.current.version, days=body.days, decree=body.decree, assignments="being counted again"
    )


def current_calendar(work: Work) -> ProductionCalendar:
    """The version in force for a command."""
    found = work.find(Calendar, production_calendar.ID)
    return first_calendar() if found is None else found.current


def adopt_calendar(work: Work, cause: Cause) -> None:
    """Record version 1 of the calendar, where that hasn't been done."""
    work.find_or_new(Calendar, production_calendar.ID).adopt(cause)

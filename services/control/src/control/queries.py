"""What control shows. Whoever may not see something is answered as if it weren't there."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from baqylau.eventstore.service import Service
from baqylau.eventstore.work import NotFound
from baqylau.platform.auth import Caller, Role
from baqylau.refusals import Ground, Refused

from control.api.assignment_view import AssignmentView, view, withhold_names
from control.api.reading_schemas import History, HistoryItem
from control.domain import assignment_events as events
from control.domain.assignment import Assignment
from control.domain.assignment_events import AssignmentEvent
from control.domain.control_subjects import ControlSubjectsOf
from control.domain.paragraph_103_1 import ResponsibleOfficial
from control.domain.values import Control, Status

LINE_WIDE = (Role.CONTROLLER, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Filters:
    """Of the list of assignments; what is None doesn't restrict."""

    status: Status | None = None
    control: Control | None = None
    organization: str | None = None
    due_before: date | None = None
    overdue: bool | None = None
    stranded: bool | None = None


def seen_by(caller: Caller) -> str | None:
    """The organization that bounds what a caller sees; None: line-wide. An executor without one sees nothing."""
    return None if caller.may(*LINE_WIDE) else caller.organization or ""


# The life of one assignment


def assignment(
    service: Service,
    caller: Caller,
    assignment_id: UUID,
    today: date,
    version: int | None = None,
    as_of: datetime | None = None,
) -> AssignmentView:
    """The assignment, as it stood at a version or as was known at an instant. Raises `NotFound`, also for those times
    at which there was none yet.
    """
    life = _life(service, caller, assignment_id)
    known = [
        event
        for event in life
        if (version is None or event.originator_version <= version)
        and (as_of is None or event.cause.recorded_at <= as_of)
    ]
    found = Assignment.replay(known)
    if found is None or (version is not None and version > len(life)):
        raise NotFound
    if version is None and as_of is None:
        shown = view(found, _control_subjects(service, found, today), today)
    else:
        shown = view(found, _named_last(known), None)
    bound = seen_by(caller)
    if bound is None:
        return shown
    data = shown.model_dump()
    withhold_names(data, bound, found.executor.organization)
    return AssignmentView.model_validate(data)


def _control_subjects(service: Service, found: Assignment, today: date) -> tuple[ResponsibleOfficial, ...]:
    subjects = ControlSubjectsOf.replay(service.history(ControlSubjectsOf.id_for(found.executor.organization)))
    return () if subjects is None else subjects.responsible(found.executor.area, today)


def _named_last(known: Sequence[AssignmentEvent]) -> tuple[ResponsibleOfficial, ...]:
    """The executor's officials as the last event said that names whose the assignment is."""
    placing = (events.AssignmentIssued, events.AssignmentCorrected, events.ExecutorReplaced)
    return next(event.responsible for event in reversed(known) if isinstance(event, placing))


def history(service: Service, caller: Caller, assignment_id: UUID, after: int, limit: int) -> History:
    """The assignment's events behind a version, oldest first. Raises `NotFound`."""
    life = _life(service, caller, assignment_id)
    page = [event for event in life if event.originator_version > after][: limit + 1]
    more = len(page) > limit
    return History(
        items=[_item(event, seen_by(caller)) for event in page[:limit]],
        next=str(page[limit - 1].originator_version) if more else None,
    )


def _life(service: Service, caller: Caller, assignment_id: UUID) -> Sequence[AssignmentEvent]:
    """All events of an assignment that the caller may see as it is now."""
    life = service.history(assignment_id)
    found = [event for event in life if isinstance(event, AssignmentEvent)]
    if not found or len(found) != len(life):
        raise NotFound
    bound = seen_by(caller)
    parties = (found[-1].executor, *found[-1].co_executors)
    if bound is not None and bound not in {party.organization for party in parties}:
        raise NotFound
    return found


def _item(event: AssignmentEvent, bound: str | None) -> HistoryItem:
    data = event.model_dump(
        mode="json", exclude={"originator_id", "originator_version", "cause", "citations", "next_due"}
    )
    if bound is not None:
        withhold_names(data, bound, event.executor.organization)
    return HistoryItem(
        type=type(event).__name__,
        version=event.originator_version,
        recorded_at=event.cause.recorded_at,
        actor=event.cause.actor,
        citations=list(event.citations),
        data=data,
    )


# Lists

_COLUMNS = (
    "id, version, document_id, clause, source, originator, personal, occasion, controlled_by, control, status, "
    "issued_on, deadline, area"
)
_NAMES = _COLUMNS.split(", ")
_OVERDUE: LiteralString = (
    "(status IN ('open', 'reported') AND deadline < %(today)s AND (status = 'open' OR reported_on > deadline))"
)
_STRANDED: LiteralString = (
    "(status IN ('open', 'reported') AND units && ARRAY(SELECT id FROM known_units WHERE dissolved_on IS NOT NULL))"
)


def assignments(
    service: Service, caller: Caller, filters: Filters, today: date, after: str | None, limit: int
) -> dict[str, Any]:
    """Assignments by deadline, the first due first, behind a cursor: what `AssignmentList` describes, in plain values.

    Raises `Refused` for an odd cursor.
    """
    conditions: list[LiteralString] = ["true"]
    params: dict[str, Any] = {"today": today, "limit": limit + 1}
    for organization in {filters.organization, seen_by(caller)} - {None}:
        name: LiteralString = "asked" if organization == filters.organization else "bound"
        conditions.append(f"organizations @> ARRAY[%({name})s]")
        params[name] = organization
    if filters.status is not None:
        conditions.append("status = %(status)s")
        params["status"] = filters.status.value
    if filters.control is not None:
        conditions.append("control = %(control)s")
        params["control"] = filters.control.value
    if filters.due_before is not None:
        conditions.append("deadline < %(due_before)s")
        params["due_before"] = filters.due_before
    if filters.overdue is not None:
        conditions.append(_OVERDUE if filters.overdue else "NOT " + _OVERDUE)
    if filters.stranded is not None:
        conditions.append(_STRANDED if filters.stranded else "NOT " + _STRANDED)
    if after is not None:
        conditions.append("(deadline, id) > (%(after_deadline)s, %(after_id)s)")
        params["after_deadline"], params["after_id"] = place_of(after)
    rows = service.store.search(
        f"SELECT {_COLUMNS}, organizations, units, {_OVERDUE}, ARRAY(SELECT known_units.id FROM known_units "
        "WHERE known_units.id = ANY(units) AND dissolved_on IS NOT NULL AND status IN ('open', 'reported')) "
        "FROM assignments WHERE " + " AND ".join(conditions) + " ORDER BY deadline, id LIMIT %(limit)s",
        params,
    )
    items = [_listed(row) for row in rows[:limit]]
    more = len(rows) > limit
    return {"items": items, "next": cursor_of(items[-1]["deadline"], items[-1]["id"]) if more else None}


def _listed(row: tuple[Any, ...]) -> dict[str, Any]:
    organizations, units, overdue, stranded = row[-4:]
    parties = [{"organization": o, "unit_id": u} for o, u in zip(organizations, units, strict=True)]
    return {
        **dict(zip(_NAMES, row[:-4], strict=True)),
        "executor": parties[0],
        "co_executors": parties[1:],
        "overdue": overdue,
        "stranded_units": stranded,
    }


def cursor_of(deadline: date, assignment_id: UUID) -> str:
    """Where the list goes on after an assignment."""
    return base64.urlsafe_b64encode(f"{deadline.isoformat()}/{assignment_id}".encode()).decode()


def place_of(cursor: str) -> tuple[date, UUID]:
    """The deadline and id that a cursor stands for. Raises `Refused` for what isn't one."""
    try:
        deadline, _, id_ = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition("/")
        return date.fromisoformat(deadline), UUID(id_)
    except (ValueError, binascii.Error):
        raise Refused([Ground(None, "cursor-malformed", "after", of_payload=True)]) from None

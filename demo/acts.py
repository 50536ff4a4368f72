"""What the people of the story do and see, each act as the calls that it takes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from demo import cast
from demo.client import Api, Ground, Json, Line, Refused, Stage, until, when_known

Party = tuple[cast.Unit, str]
"""A unit, and the area of the work there, from which the responsible officials follow (103-1)."""


@dataclass(frozen=True)
class Happening:
    """One thing that happened. `by`: the provisions that it follows from. `grounds`: why it was refused, if it was."""

    day: date
    line: Line
    what: str
    by: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()


class NotAsTheLawHasIt(Exception):
    """Something was taken that should have been refused."""


class Acts:
    """Of one telling. `units`: by code, `documents`, `numbers` and `assignments`: by a word of ours, → id or number."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.units: dict[str, str] = {}
        self.documents: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.assignments: dict[str, str] = {}

    def now(
        self,
        what: str,
        by: Sequence[str] = (),
        details: Sequence[str] = (),
        grounds: Sequence[Ground] = (),
        line: Line = Line.OPEN,
    ) -> Happening:
        """It happened today."""
        return Happening(self.stage.day, line, what, tuple(by), tuple(details), tuple(grounds))

    def refusal(self, act: Callable[[], object]) -> tuple[Ground, ...]:
        """The grounds on which something is refused. Raises `NotAsTheLawHasIt` when it isn't."""
        try:
            taken = act()
        except Refused as refused:
            return refused.grounds
        raise NotAsTheLawHasIt(f"it was taken: {taken}")

    # The gate, and what each line is told by its own people

    def know(self, organization: cast.Organization) -> None:
        body = {"code": organization.code, "names": vars(organization.names), "kind": "state_body"}
        self._once(lambda: self.stage.gate().post("/organizations", {**body, "territorial": False}), "code-taken")

    def establish(self, unit: cast.Unit) -> None:
        """Establishes the unit, unless an earlier telling did, gives it its regime and posts its reader."""
        gate = self.stage.gate()
        known = gate.get(f"/organizations/{unit.organization}/units")["items"]
        found = next((other["id"] for other in known if other["code"] == unit.code), None)
        if found is None:
            body = {"organization": unit.organization, "code": unit.code, "names": vars(unit.names)}
            found = gate.post("/units", {**body, "documentation_service": unit.documentation_service})["id"]
        self.units[unit.code] = found
        gate.put(f"/units/{found}/regime", {"regime": unit.line.replace("-", "_")})
        posting = {"employee_id": str(unit.employee_id), "unit_id": found}
        self._once(lambda: gate.post("/postings", posting), "already-posted")

    def tell_reader(self, unit: cast.Unit) -> None:
        body = {
            "employee_id": str(unit.employee_id),
            "unit_id": self.units[unit.code],
            "organization": unit.organization,
            "role": "registrar",
            "language": "kk",
            "channels": [],
        }
        when_known(lambda: self.stage.notifications(unit.line).put(f"/recipients/{unit.employee_id}", body))

    def name_control_subjects(self, organization: cast.Organization, line: Line) -> None:
        head = organization.first_head
        body = {
            "first_head": {"name": head.name, "position": head.position},
            "deputies": [{**vars(deputy), "areas": list(deputy.areas)} for deputy in organization.deputies],
        }
        path = f"/organizations/{organization.code}/control-subjects"
        when_known(lambda: self.stage.control(line).put(path, body))

    # A document

    def register(self, word: str, unit: cast.Unit, requisites: Json, line: Line = Line.OPEN) -> str:
        """Returns the registration number. Raises `Refused`."""
        registry = self.stage.registry(line, organization=unit.organization, units=[self.units[unit.code]])
        body = {"organization": unit.organization, "unit_id": self.units[unit.code], **requisites}
        answer = registry.post("/documents", body)
        self.documents[word], self.numbers[word] = answer["id"], answer["registration_number"]
        return self.numbers[word]

    # An assignment

    def issue(
        self,
        word: str,
        document: str,
        *,
        deadline: date,
        executor: Party,
        co_executors: Sequence[Party] = (),
        line: Line = Line.OPEN,
        **more: Any,
    ) -> Happening:
        """Issued and received today. `more`: other fields of the body."""
        today = self.stage.day.isoformat()
        body = {
            "document_id": self.documents[document],
            "source": "act",
            "personal": False,
            "touches_government_powers": False,
            "issued_on": today,
            "received_on": today,
            "deadline": deadline.isoformat(),
            "executor": self._party(executor),
            "co_executors": [self._party(party) for party in co_executors],
            **more,
        }
        issued = when_known(lambda: self._control(line).post("/assignments", body))
        self.assignments[word] = issued["id"]
        mark = str(more.get("urgency") or more["control"]).replace("_", "-")
        return self.now(
            f"Clause {more['clause']} goes to {executor[0].organization}, {mark}, to be done by {deadline:%a %d.%m.%Y}",
            by=("RK-703:103-2",) if co_executors else (),
            details=(more["text"], *derived(issued["proposals"])),
            line=line,
        )

    def propose(self, word: str, organization: str, text: str) -> None:
        control = self._control(role="executor", organization=organization)
        control.post(f"/assignments/{self.assignments[word]}/proposals", {"organization": organization, "text": text})

    def ask_for_time(self, word: str, organization: str, letter: Json) -> Json:
        control = self._control(role="executor", organization=organization)
        return control.post(f"/assignments/{self.assignments[word]}/extension-requests", letter)

    def give_opinion(self, word: str, unit: str, text: str) -> None:
        path = f"/assignments/{self.assignments[word]}/extension-requests/1/opinion"
        self._control().post(path, {"unit": unit, "supports": True, "text": text})

    def grant(self, word: str, decided_by: str) -> None:
        path = f"/assignments/{self.assignments[word]}/extension-requests/1/grant"
        self._control().post(path, {"decided_by": decided_by})

    def execute(
        self, word: str, organization: str, reported: date, accepted: date, line: Line = Line.OPEN
    ) -> Iterator[Happening]:
        """The executor reports, and the controlling side takes the assignment off control."""
        reports = f"/assignments/{self.assignments[word]}/reports"
        self.stage.it_is(reported)
        executor = self._control(line, "executor", organization)
        number = executor.post(reports, {"text": "Тапсырма тармағы толық орындалды."})["number"]
        yield self.now(f"{organization} reports execution", line=line)
        self.stage.it_is(accepted)
        self._control(line).post(f"{reports}/{number}/acceptance", {})
        completed = self.recorded(word, "AssignmentCompleted", line)
        on_time = "in time" if completed["data"]["on_time"] else "late: that stays on record"
        yield self.now(f"The report is accepted and the assignment taken off control, {on_time}", line=line)

    # What can be seen

    def recorded(self, word: str, event: str, line: Line = Line.OPEN) -> Json:
        """Waits for an event in the assignment's history, and returns the latest of its type."""

        def look() -> Json | None:
            return next((item for item in reversed(self._history(word, line)) if item["type"] == event), None)

        return until(look, f"{event} in the history of {word}")

    def proposals(self, word: str) -> list[Json]:
        """The co-executors' dates as they stand."""
        found: list[Json] = self._control().get(f"/assignments/{self.assignments[word]}")["proposals"]
        return found

    def responsible(self, missed: Json, organization: str) -> tuple[str, ...]:
        """The names of those whom a miss carries, as its readers with that right see them (103-1)."""
        posts = {official["post_id"] for official in missed["data"]["responsible"]}
        entry = self._control().get(f"/organizations/{organization}/control-subjects")["current"]
        officials = [entry["first_head"], *entry["deputies"]]
        return tuple(f"{o['name']}, {o['position']}" for o in officials if o["post_id"] in posts)

    def inbox(self, unit: cast.Unit, word: str) -> list[Json]:
        """Waits until the unit's reader is told of an assignment's last event; returns all notices of this telling."""
        subject = self.assignments[word]
        last = self._history(word, unit.line)[-1]
        ours = {*self.documents.values(), *self.assignments.values()}

        def look() -> list[Json] | None:
            notices = [notice for notice in self._notices(unit) if notice["subject_id"] in ours]
            return notices if any(n["cause_id"] == f"{subject}:{last['version']}" for n in notices) else None

        return until(look, f"a notice of {last['type']} in {unit.code}")

    def _notices(self, unit: cast.Unit) -> Iterator[Json]:
        """Newest first, page by page."""
        query: dict[str, int] = {}
        while True:
            page = self.stage.notifications(unit.line).get(f"/inbox/{unit.employee_id}", **query)
            yield from page["items"]
            if page["next"] is None:
                return
            query = {"after": page["next"]}

    def _history(self, word: str, line: Line) -> list[Json]:
        """Oldest first; the story's histories fit on a page."""
        found: list[Json] = self._control(line).get(f"/assignments/{self.assignments[word]}/history")["items"]
        return found

    def _control(self, line: Line = Line.OPEN, role: str = "controller", organization: str | None = None) -> Api:
        return self.stage.control(line, role, organization)

    def _party(self, party: Party) -> Json:
        unit, area = party
        return {"organization": unit.organization, "unit_id": self.units[unit.code], "area": area}

    def _once(self, act: Callable[[], object], unless: str) -> None:
        """Does it, unless an earlier telling did."""
        try:
            act()
        except Refused as refused:
            if not all(unless in ground.reason for ground in refused.grounds):
                raise


def derived(proposals: Sequence[Json]) -> list[str]:
    """Why the co-executors' dates are those dates, one line for those who share date and reckoning."""
    lines: dict[str, list[str]] = {}
    for proposal in proposals:
        why, due = proposal["derivation"], date.fromisoformat(proposal["due"])
        start = date.fromisoformat(why["counted_from"])
        days_off = _runs([date.fromisoformat(day) for day in why["days_off"]])
        line = (
            f"until {due:%a %d.%m.%Y}: {why['working_days']} working days {why['direction']} from "
            f"{start:%a %d.%m.}, passing over {days_off} (calendar {why['calendar_version']})"
        )
        lines.setdefault(line, []).append(proposal["organization"])
    return [f"{' and '.join(organizations)} may propose {line}" for line, organizations in lines.items()]


def _runs(days: Sequence[date]) -> str:
    """12–13.12., 16–19.12.: consecutive days together."""
    runs: list[list[date]] = []
    for day in days:
        if runs and (day - runs[-1][-1]).days == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0]:%d.%m.}" if len(run) == 1 else f"{run[0]:%d}–{run[-1]:%d.%m.}" for run in runs) or "none"

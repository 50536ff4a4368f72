"""What control shows over HTTP, on real data."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from baqylau.contracts import secrecy_gate as gate
from baqylau.contracts.values import Regime
from baqylau.testing.wait import wait_until
from control.projections.discipline import Figure

from tests.integration.control.conftest import Control, Json, Place

pytestmark = pytest.mark.real

SUBJECTS = {
    "first_head": {"name": "Ахметов Қ.", "position": "министр"},
    "deputies": [{"name": "Сейітов А.", "position": "вице-министр", "areas": ["digital"]}],
    "from": "2021-01-01",
}


def test_the_list_pages_through_every_assignment_once(control: Control, place: Place) -> None:
    deadlines = ["2021-04-30", "2021-04-05", "2021-04-30", "2021-06-01", "2021-04-05"]
    issued = {place.issued(deadline=deadline) for deadline in deadlines}

    seen, after = [], ""
    while True:
        page = control.shown(f"/assignments?limit=2{after}")
        seen += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert [item["deadline"] for item in seen] == sorted(deadlines)
    assert {item["id"] for item in seen} == issued
    assert len(seen) == len(issued)


def test_the_list_is_filtered_and_shows_an_executor_only_its_own(control: Control, place: Place) -> None:
    with_b = place.issued()
    alone = place.issued(deadline="2021-03-20", control="long_term", co_executors=[])
    of_c = place.issued(executor=place.party("MIN-C"), co_executors=[])
    control.on(date(2021, 4, 1))
    control.done(f"/assignments/{of_c}/withdrawal", {"reason": "қате"})

    def ids(query: str = "", **who: Any) -> set[str]:
        return {item["id"] for item in control.shown(f"/assignments?{query}", **who)["items"]}

    assert ids() == ids(role="auditor") == {with_b, alone, of_c}
    assert ids("status=withdrawn") == {of_c}
    assert ids("control=long_term") == {alone}
    assert ids("organization=MIN-B") == {with_b}
    assert ids("due_before=2021-04-30") == ids("overdue=true") == {alone}
    assert ids("overdue=false") == {with_b, of_c}
    assert ids(role="executor", organization="MIN-A") == {with_b, alone}
    assert ids(role="executor", organization="MIN-B") == {with_b}
    assert ids("organization=MIN-A", role="executor", organization="MIN-B") == {with_b}
    assert ids("organization=MIN-C", role="executor", organization="MIN-A") == set()
    assert ids(role="executor", organization="") == set()
    assert control.get(f"/assignments/{of_c}", role="executor", organization="MIN-A").status_code == 404
    assert control.get(f"/assignments/{of_c}/history", role="executor", organization="MIN-A").status_code == 404
    assert control.get("/assignments", role="registrar").status_code == 403


def test_an_assignment_is_shown_as_it_stood_at_a_version_and_as_was_known_at_an_instant(
    control: Control, place: Place
) -> None:
    id_ = place.issued()
    between = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    control.on(date(2021, 4, 20))
    control.done(f"/assignments/{id_}/extension-requests", place.letter("2021-05-28"))
    control.done(
        f"/assignments/{id_}/extension-requests/1/opinion", {"unit": "бөлім", "supports": True, "text": "келісеміз"}
    )
    control.done(f"/assignments/{id_}/extension-requests/1/grant", {"decided_by": "head_of_pa"})

    now = control.get(f"/assignments/{id_}")
    history = control.shown(f"/assignments/{id_}/history")["items"]

    assert now.headers["etag"] == f'"{now.json()["version"]}"' == f'"{len(history)}"'
    assert now.json()["deadline"] == "2021-05-28"
    assert now.json()["extension_requests"][0]["decision"]["decided_by"] == "head_of_pa"
    assert now.json()["proposals"][0]["due"] == "2021-05-21"
    assert now.json()["proposals"][0]["derivation"]["working_days"] == 5
    for then in (f"as_of={between}", "version=1"):
        earlier = control.shown(f"/assignments/{id_}?{then}")
        assert (earlier["version"], earlier["deadline"], earlier["extension_requests"]) == (1, "2021-04-30", [])
        assert earlier["proposals"][0]["due"] == "2021-04-23"
    assert control.get(f"/assignments/{id_}?as_of=2001-01-01T00:00:00Z").status_code == 404
    assert control.get(f"/assignments/{id_}?version=99").status_code == 404


def test_the_history_is_paged_oldest_first_with_citations(control: Control, place: Place) -> None:
    id_ = place.issued()
    control.on(date(2021, 4, 20))
    control.done(f"/assignments/{id_}/extension-requests", place.letter("2021-05-28"))

    first = control.shown(f"/assignments/{id_}/history?limit=1")
    second = control.shown(f"/assignments/{id_}/history?limit=10&after={first['next']}")

    assert [item["type"] for item in first["items"] + second["items"]] == ["AssignmentIssued", "ExtensionRequested"]
    assert second["next"] is None
    assert "RK-703:103-3" in second["items"][0]["citations"]
    assert second["items"][0]["data"]["new_deadline"] == "2021-05-28"


def test_names_are_shown_by_right_and_never_told_in_public(control: Control, place: Place) -> None:
    control.put("/organizations/MIN-A/control-subjects", SUBJECTS).raise_for_status()
    other = SUBJECTS | {"first_head": {"name": "Оспанов Д.", "position": "министр"}}
    control.put("/organizations/MIN-B/control-subjects", other).raise_for_status()
    id_ = place.issued(deadline="2021-03-15")
    control.on(date(2021, 3, 16))
    control.watch()
    wait_until(lambda: "DeadlineMissed" in control.types(id_), "the watcher records the miss")

    to_all = control.get(f"/assignments/{id_}").text
    to_b = control.get(f"/assignments/{id_}", role="executor", organization="MIN-B").text
    history_to_b = control.get(f"/assignments/{id_}/history", role="executor", organization="MIN-B").text

    assert "Ахметов" in to_all
    assert "Ахметов" not in to_b + history_to_b
    assert "Оспанов" in history_to_b  # in its own missed proposal
    own = control.shown("/organizations/MIN-B/control-subjects", role="executor", organization="MIN-B")
    assert own["current"]["first_head"]["name"] == "Оспанов Д."
    for role, organization in (("executor", "MIN-B"), ("operator", None), ("subscriber", None)):
        answer = control.get("/organizations/MIN-A/control-subjects", role=role, organization=organization)
        assert answer.status_code in (403, 404)
        assert "Ахметов" not in answer.text
    told = b"".join(record.value for record in _public(control))
    assert "Ахметов".encode() not in told
    assert "Оспанов".encode() not in told


def test_control_subjects_keep_their_history_by_day(control: Control, place: Place) -> None:  # noqa: ARG001
    path = "/organizations/MIN-A/control-subjects"
    first = control.put(path, SUBJECTS)
    again = control.put(path, SUBJECTS)
    acting = SUBJECTS | {
        "first_head": {"name": "Оспанов Д.", "position": "министр", "acting": True},
        "from": "2021-06-01",
    }
    second = control.put(path, acting)

    assert (first.json()["version"], again.json()["version"], second.json()["version"]) == (1, 1, 2)
    assert [entry["from"] for entry in control.shown(path)["history"]] == ["2021-01-01", "2021-06-01"]
    assert control.shown(f"{path}?on=2019-01-01")["current"]["first_head"]["acting"] is False
    assert control.shown(f"{path}?on=2021-06-01")["current"]["first_head"]["acting"] is True
    assert control.put("/organizations/MIN-X/control-subjects", SUBJECTS).status_code == 404
    lacking = control.put(path, {"first_head": {"name": "А"}, "deputies": [{"name": "Б", "position": "В"}]})
    assert lacking.status_code == 422
    assert {violation["citation"] for violation in lacking.json()["violations"]} == {"RK-703:103-1"}
    assert control.call("PUT", path, SUBJECTS, role="executor", organization="MIN-A").status_code == 403


def test_the_rules_are_shown_in_three_languages_with_what_became_of_them(control: Control) -> None:
    found = control.shown("/rules", role="executor", organization="MIN-A")["rule_sets"][0]

    by_citation = {provision["citation"]: provision for provision in found["provisions"]}
    assert {"RK-703:2", "RK-703:102-1", "RK-703:103-4", "RK-703:103-9", "RK-703:46-16"} <= by_citation.keys()
    assert all(by_citation["RK-703:103-8"][part] for part in ("kk", "ru", "en", "decides"))
    assert (found["in_force_from"], found["in_force_until"]) == ("2020-11-30", None)
    assert [note["resolution"] for note in found["notes"]] == ["No. 429", "No. 780"]


def test_a_year_of_the_calendar_says_why_each_day_is_off(control: Control) -> None:
    year = control.shown("/calendar/2021")
    days_off = {day["date"]: day for day in year["days_off"]}

    assert days_off["2021-03-22"]["reason"] == "holiday"
    assert days_off["2021-03-22"]["names"]["kk"]
    assert days_off["2021-03-20"]["reason"] == "weekend"
    assert days_off["2021-07-05"]["date"] == "2021-07-05"
    assert "2021-07-03" in {day["date"] for day in year["working_weekend_days"]}
    assert len(days_off) + year["working_days"] == 365
    assert (year["version"], year["decree_known"]) == (1, True)
    assert control.shown("/calendar/2030")["decree_known"] is False
    assert control.get("/calendar/2050").status_code == 404
    assert control.get("/calendar/99999").status_code == 422


def test_a_unit_dissolved_with_open_work_shows_what_is_stranded(control: Control, place: Place) -> None:
    stranded, other = place.issued(), place.issued(co_executors=[])
    control.told(
        gate.UnitDissolved(
            unit_id=place.units["MIN-B"],
            organization="MIN-B",
            dissolved_on=date(2021, 3, 1),
            regime=Regime.NON_CONFIDENTIAL,
        )
    )
    control.app.state.known_units.forget()

    found = control.shown("/assignments?stranded=true")["items"]

    assert [(item["id"], item["stranded_units"]) for item in found] == [(stranded, [str(place.units["MIN-B"])])]
    assert [item["id"] for item in control.shown("/assignments?stranded=false")["items"]] == [other]
    assert control.post("/assignments", place.assignment()).status_code == 409
    control.done(
        f"/assignments/{stranded}/executors",
        {"reason": "қайта құру", "previous": "MIN-B", "replacement": place.party("MIN-C")},
    )
    assert control.shown("/assignments?stranded=true")["items"] == []


def test_letters_turned_back_are_shown_to_the_controlling_side(control: Control, place: Place) -> None:
    id_ = place.issued()
    letter = {"kind": "extension", "new_deadline": "2021-05-28"}
    assert (
        control.post(
            f"/assignments/{id_}/extension-requests", letter, role="executor", organization="MIN-A"
        ).status_code
        == 422
    )

    attempt = control.shown(f"/assignments/{id_}/attempts")["items"][0]

    assert {ground["citation"] for ground in attempt["grounds"]} == {"RK-703:103-3"}
    assert control.get(f"/assignments/{id_}/attempts", role="executor", organization="MIN-A").status_code == 403


def test_the_figures_of_discipline_are_those_that_anyone_sums_from_the_public_events(
    control: Control, place: Place
) -> None:
    _a_year(control, place)

    shown = control.shown("/discipline")
    by_holder = {
        (organization["organization"], official.get("post_id")): {str(figure): official[figure] for figure in Figure}
        for organization in shown["organizations"]
        for official in (organization, *organization["officials"])
    }

    public = [orjson.loads(record.value) | {"type": record.headers["type"]} for record in _public(control)]
    assert {holder: _no_zeros(figures) for holder, figures in by_holder.items()} == _sums(public)
    assert by_holder["MIN-A", None] == {
        "issued": 5,
        "on_time": 1,
        "late": 1,
        "open": 1,
        "missed": 2,
        "extended_once": 1,
        "extended_again": 1,
        "proposals_late": 0,
        "reviews_raised": 3,
    }
    assert by_holder["MIN-C", None]["open"] == 1
    assert by_holder["MIN-B", None]["proposals_late"] > 0


def test_the_figures_are_those_of_a_period_and_of_one_organization_for_an_executor(
    control: Control, place: Place
) -> None:
    _a_year(control, place)

    march = control.shown("/discipline?from=2021-03-01&to=2021-03-31")["organizations"]
    after = control.shown("/discipline?from=2030-01-01")["organizations"]
    own = control.shown("/discipline", role="executor", organization="MIN-B")["organizations"]

    assert {o["organization"]: (o["issued"], o["open"]) for o in march}["MIN-A"] == (5, 4)
    assert {o["organization"]: (o["issued"], o["open"]) for o in after}["MIN-A"] == (0, 1)
    assert [organization["organization"] for organization in own] == ["MIN-B"]
    assert control.get("/discipline?from=2021-02-01&to=2021-01-01").status_code == 422


def test_discipline_comes_as_csv_and_as_a_page(control: Control, place: Place) -> None:
    control.put("/organizations/MIN-A/control-subjects", SUBJECTS).raise_for_status()
    place.issued()

    as_csv = control.get("/discipline?format=csv")
    page = control.get("/discipline?format=html")

    lines = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [(line["organization"], line["role"], line["issued"]) for line in lines] == [
        ("MIN-A", "", "1"),
        ("MIN-A", "first_head", "1"),
        ("MIN-A", "deputy", "1"),
    ]
    assert page.headers["content-type"].startswith("text/html")
    assert "Ахметов Қ." in page.text


def test_the_read_models_are_those_that_the_events_alone_give(control: Control, place: Place) -> None:
    _a_year(control, place)
    before = _tables(control)

    with control.service.store.datastore.pool.connection() as connection:
        connection.execute("TRUNCATE assignments, discipline, discipline_open, posts")
        for notification in control.service.store.select_notifications(None, 10_000):
            for query, params in control.service.project(control.service.mapper.to_domain_event(notification)):  # type: ignore[arg-type]
                connection.execute(query, params)

    assert _tables(control) == before


# What they share


def _a_year(control: Control, place: Place) -> None:
    """Something of everything that counts."""
    control.put("/organizations/MIN-A/control-subjects", SUBJECTS).raise_for_status()
    control.put("/organizations/MIN-B/control-subjects", SUBJECTS).raise_for_status()
    on_time, late, handed, withdrawn, extended = (place.issued() for _ in range(5))

    control.on(date(2021, 3, 20))
    control.done(f"/assignments/{withdrawn}/withdrawal", {"reason": "қате"})
    control.on(date(2021, 4, 20))
    control.done(f"/assignments/{on_time}/proposals", {"organization": "MIN-B", "text": "ұсыныс"})
    control.done(f"/assignments/{on_time}/reports", {"text": "орындалды"})
    control.done(f"/assignments/{on_time}/reports/1/acceptance", {})
    control.done(
        f"/assignments/{handed}/executors",
        {"reason": "қосылу", "previous": "MIN-A", "replacement": place.party("MIN-C")},
    )
    letters = f"/assignments/{extended}/extension-requests"
    opinion = {"unit": "бөлім", "supports": True, "text": "келісеміз"}
    control.done(letters, place.letter("2021-05-28"))
    control.done(f"{letters}/1/opinion", opinion)
    control.done(f"{letters}/1/grant", {"decided_by": "head_of_pa"})
    control.on(date(2021, 5, 3))
    control.done(letters, place.letter("2021-06-30"))
    again = {"exceptional_circumstances": "төтенше", "disciplinary_outcome": "ескерту"}
    control.done(f"{letters}/2/grant", {"decided_by": "head_of_pa", **again})
    control.done(letters, place.letter("2021-08-30"))
    control.done(f"{letters}/3/refusal", {"decided_by": "head_of_pa", "reason": "негізсіз"})
    control.done(f"/assignments/{late}/reports", {"text": "орындалды"})
    control.done(f"/assignments/{late}/reports/1/acceptance", {})
    control.on(date(2021, 7, 10))
    control.done(f"/assignments/{extended}/corrections", {"reason": "қате", "area": "budget"})


def _sums(events: list[Json]) -> dict[tuple[str, str | None], dict[str, int]]:
    """The figures as the head of `baqylau.contracts.control` says them, from public events alone."""
    sums: dict[tuple[str, str | None], Counter[str]] = {}
    holders_of: dict[str, set[tuple[str, str | None]]] = {}
    missed_proposals: set[tuple[str, str, str]] = set()

    def holders(organizations: set[str], event: Json) -> set[tuple[str, str | None]]:
        officials = {(official["organization"], official["post_id"]) for official in event["responsible"]}
        return {(organization, None) for organization in organizations} | officials

    def add(who: set[tuple[str, str | None]], figure: str, amount: int = 1) -> None:
        for holder in who:
            sums.setdefault(holder, Counter())[figure] += amount

    for event in events:
        kind, id_ = event["type"].split(".")[2], event.get("assignment_id", "")
        executor = event.get("executor", {}).get("organization", "")
        given = kind == "AssignmentIssued" or (kind == "ExecutorReplaced" and event["role"] == "executor")
        given = given or (kind == "AssignmentCorrected" and "area" in event)
        if given or kind in ("AssignmentCompleted", "AssignmentWithdrawn"):
            add(holders_of.pop(id_, set()), "open", -1)
        if given:
            holders_of[id_] = holders({executor}, event)
            add(holders_of[id_], "open")
        match kind:
            case "AssignmentIssued":
                add(holders({executor}, event), "issued")
            case "AssignmentCompleted":
                add(holders({executor}, event), "on_time" if event["on_time"] else "late")
            case "DeadlineMissed":
                add(holders({executor}, event), "missed")
            case "DeadlineMissRescinded":
                add(holders({event["responsible"][0]["organization"]}, event), "missed", -1)
            case "ExtensionGranted" | "ControlTransferred":
                add(holders({executor}, event), "extended_again" if event["repeated"] else "extended_once")
            case "DisciplinaryReviewRaised":
                add(holders({executor}, event), "reviews_raised")
            case "PenaltyReviewRaised":
                parties = {executor} | {party["organization"] for party in event["co_executors"]}
                add(holders(parties, event), "reviews_raised")
            case "ProposalMissed" | "ProposalSubmitted":
                proposal = (id_, event["co_executor"]["organization"], event["due"])
                if kind == "ProposalMissed" or (event["late"] and proposal not in missed_proposals):
                    add(holders({event["co_executor"]["organization"]}, event), "proposals_late")
                missed_proposals.add(proposal)
    return {holder: _no_zeros(figures) for holder, figures in sums.items()}


def _no_zeros(figures: dict[str, int]) -> dict[str, int]:
    return {figure: amount for figure, amount in figures.items() if amount}


def _public(control: Control) -> list[Any]:
    return control.service.store.public_events("baqylau.non-confidential.control.v1", 0, 10_000)


def _tables(control: Control) -> dict[str, list[tuple[Any, ...]]]:
    read = control.service.store.read
    return {
        "assignments": read("SELECT * FROM assignments ORDER BY id"),
        "discipline": read("SELECT * FROM discipline ORDER BY organization, post_id, figure, day"),
        "discipline_open": read("SELECT * FROM discipline_open ORDER BY 1, 2, 3"),
        "posts": read("SELECT * FROM posts ORDER BY id"),
    }

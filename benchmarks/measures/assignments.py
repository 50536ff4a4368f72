"""`POST /assignments` with 16 clients, and a day's traffic: 70 % reads, the writes spread over all that is written."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks.harness import AtLeast, Measure, Run, Sample
from benchmarks.load import Generator, Plan, Request, request
from benchmarks.measures.documents import CLIENTS, add_to_peer
from benchmarks.peers import platform
from benchmarks.rig import CONTROL, REGISTRY, Json, Town, Unit, town

ORGANIZATIONS = 4
UNITS = 16
PAGE = 20
BLOCK = {
    "read document": 25,
    "read assignment": 20,
    "list documents": 13,
    "list assignments": 12,
    "register": 12,
    "issue": 6,
    "propose": 4,
    "ask": 4,
    "report": 4,
}
"""Of 100 requests."""
BLOCKS = 8
"""Of each client in a round. Each assignment is proposed on, asked about and reported on once, so they have an end."""


@dataclass(frozen=True)
class Side:
    """One of the two: where it is, and in each unit a document and an assignment from it."""

    registry: str
    control: str
    documents: Mapping[Unit, str]
    assignments: Mapping[Unit, str]


@contextmanager
def _sides(built: Town) -> Iterator[tuple[Side, Side]]:
    """Both sides on one server, with units that are known, control subjects named."""
    with platform.running(built.system, "documents", "assignments") as (documents, assignments):
        for code in {unit.organization for unit in built.units}:
            name_control_subjects(built, code)
        registrar, controller = built.token("registrar"), built.token("controller")
        for unit in built.units:
            add_to_peer(built, documents, unit)
        registered = {unit: built.register(unit) for unit in built.units}
        of_peer = {
            unit: built.posted(f"{documents}/documents", registrar, built.document(unit)) for unit in built.units
        }
        issued = {unit: built.issue(assignment(built, unit, id_)) for unit, id_ in registered.items()}
        by_peer = {
            unit: built.posted(f"{assignments}/assignments", controller, assignment(built, unit, id_))
            for unit, id_ in of_peer.items()
        }
        yield (
            Side(built.system.url(REGISTRY), built.system.url(CONTROL), registered, issued),
            Side(documents, assignments, of_peer, by_peer),
        )


def assignment(built: Town, unit: Unit, document: str) -> Json:
    """The President's instruction to a unit, with units of two other organizations beside it."""
    place = built.units.index(unit)
    others = [built.units[(place + step) % len(built.units)] for step in (1, 2)]
    parties = [{"organization": one.organization, "unit_id": one.id, "area": "digital"} for one in (unit, *others)]
    return {
        "document_id": document,
        "clause": "1",
        "text": "Мемлекеттік органдардың ақпараттық жүйелерін біріздендіру жөнінде ұсыныстар енгізілсін.",
        "source": "instruction",
        "originator": "president",
        "control": "long_term",
        "deadline": "2029-12-28",
        "executor": parties[0],
        "co_executors": parties[1:],
    }


@contextmanager
def _issuing(quick: bool) -> Iterator[tuple[Run, Run | None]]:
    with town(["registry", "control"], UNITS, ORGANIZATIONS) as built, _sides(built) as sides, Generator() as load:
        token = built.token("controller")

        def run(side: Side) -> Sample:
            bodies = [assignment(built, unit, side.documents[unit]) for unit in built.units]
            clients = [[request("POST", side.control, "/assignments", token, body)] for body in bodies]
            return load.run(Plan(clients, seconds=1 if quick else 5)).sample()

        yield partial(run, sides[0]), partial(run, sides[1])


@contextmanager
def _day(quick: bool) -> Iterator[tuple[Run, Run | None]]:
    with town(["registry", "control"], UNITS, ORGANIZATIONS) as built, _sides(built) as sides, Generator() as load:
        blocks = 2 if quick else BLOCKS

        def run(side: Side) -> Sample:
            fresh = _issued(built, side, CLIENTS * blocks * BLOCK["report"])
            clients = [
                list(_traffic(built, side, fresh[number::CLIENTS], random.Random(number))) for number in range(CLIENTS)
            ]
            return load.run(Plan(clients, seconds=1 if quick else 5)).sample()

        yield partial(run, sides[0]), partial(run, sides[1])


def _issued(built: Town, side: Side, count: int) -> Sequence[tuple[Unit, str]]:
    """New assignments, in turn of each unit."""
    units = [built.units[number % len(built.units)] for number in range(count)]
    url, token = f"{side.control}/assignments", built.token("controller")
    with ThreadPoolExecutor(8) as pool:

        def issue(unit: Unit) -> str:
            return built.posted(url, token, assignment(built, unit, side.documents[unit]))

        return list(zip(units, pool.map(issue, units), strict=True))


def _traffic(built: Town, side: Side, fresh: Sequence[tuple[Unit, str]], chance: random.Random) -> Iterator[Request]:
    """A client's requests: blocks in which everything comes as often as `BLOCK` says, in an order of its own."""
    made = _kinds(built, side, chance)
    each = BLOCK["report"]
    for first in range(0, len(fresh), each):
        kinds = [kind for kind, count in BLOCK.items() for _ in range(count)]
        chance.shuffle(kinds)
        waiting = {kind: list(fresh[first : first + each]) for kind in ("propose", "ask", "report")}
        for kind in kinds:
            unit, id_ = waiting[kind].pop() if kind in waiting else (chance.choice(built.units), "")
            yield made[kind](unit, id_)


def _kinds(built: Town, side: Side, chance: random.Random) -> Mapping[str, Callable[[Unit, str], Request]]:
    registrar, controller = built.token("registrar"), built.token("controller")
    executors = {unit.organization: built.token("executor", unit.organization) for unit in built.units}
    registry, control = partial(request, url=side.registry), partial(request, url=side.control)

    def on(unit: Unit, id_: str, what: str, body: Json, organization: str | None = None) -> Request:
        token = executors[organization or unit.organization]
        return control("POST", path=f"/assignments/{id_}/{what}", token=token, body=body)

    def propose(unit: Unit, id_: str) -> Request:
        other = built.units[(built.units.index(unit) + 1) % len(built.units)].organization
        return on(unit, id_, "proposals", {"organization": other, "text": "Ұсыныстар қоса беріледі."}, other)

    def assignment_path(_: Unit, __: str) -> str:
        return f"/assignments/{side.assignments[chance.choice(built.units)]}"

    return {
        "read document": lambda u, _: registry("GET", path=f"/documents/{side.documents[u]}", token=registrar),
        "list documents": lambda u, _: registry("GET", path=f"/documents?unit_id={u.id}&limit={PAGE}", token=registrar),
        "register": lambda u, _: registry("POST", path="/documents", token=registrar, body=built.document(u)),
        "read assignment": lambda u, i: control("GET", path=assignment_path(u, i), token=controller),
        "list assignments": lambda u, _: control(
            "GET", path=f"/assignments?organization={u.organization}&status=open&limit={PAGE}", token=controller
        ),
        "issue": lambda u, _: control(
            "POST", path="/assignments", token=controller, body=assignment(built, u, side.documents[u])
        ),
        "propose": propose,
        "ask": lambda u, i: on(u, i, "extension-requests", letter(u)),
        "report": lambda u, i: on(u, i, "reports", {"text": "Тапсырма толық орындалды."}),
    }


def letter(unit: Unit) -> Json:
    """A letter of the executor's, complete."""
    codes = [f"MIN-{number}" for number in range(1, ORGANIZATIONS + 1)]
    named = [unit.organization, *(code for code in codes if code != unit.organization)]
    return {
        "kind": "extension",
        "new_deadline": "2030-03-29",
        "current_state": "Жүйелердің жартысы біріздендірілді.",
        "justification": "Жеткізушілермен шарттар кейін жасалады.",
        "responsible": [{"organization": one, "name": "Т. Оспан", "position": "вице-министр"} for one in named],
    }


def name_control_subjects(built: Town, organization: str) -> None:
    """Say who answers for the organization (103-1)."""
    body = {
        "first_head": {"name": "Т. Оспан", "position": "министр"},
        "deputies": [{"name": "Д. Ким", "position": "вице-министр", "areas": ["digital"]}],
    }
    token = built.token("controller")
    built.call("PUT", CONTROL, f"/organizations/{organization}/control-subjects", token, body)


PEER = "FastAPI, SQLAlchemy 2 (asyncpg): an assignment, its co-executors, an outbox row, dates by numpy.busday_offset"

MEASURES = [
    Measure(
        name="assignments",
        title="`POST /assignments`, 16 clients, two co-executors each, one process each",
        ours="control: judged, dates derived, responsible officials found, events and read model stored; all parts run",
        peer=PEER,
        unit="a second",
        better="higher",
        asked=[AtLeast(2)],
        setup=_issuing,
    ),
    Measure(
        name="mixed-day",
        title="A day's traffic, 70 % reads, 16 clients, a process of each of two services",
        ours="registry and control: documents, assignments, proposals, letters, reports; one and lists of them",
        peer="the same two peers on one database",
        unit="a second",
        better="higher",
        asked=[AtLeast(2)],
        setup=_day,
    ),
]

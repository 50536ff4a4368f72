"""`POST /documents` with 16 clients: spread over 16 units, and all in one unit and year."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

from benchmarks.harness import AtLeast, AtMost, Measure, Run, Sample
from benchmarks.load import Generator, Plan, Request, request
from benchmarks.peers import platform
from benchmarks.rig import REGISTRY, Town, Unit, town

CLIENTS = 16


@contextmanager
def _side_by_side(units: int, quick: bool) -> Iterator[tuple[Run, Run | None]]:
    with (
        town(["registry"], units) as built,
        platform.running(built.system, "documents") as (peer,),
        Generator() as load,
    ):
        for unit in built.units:
            built.register(unit)
            add_to_peer(built, peer, unit)

        def run(url: str) -> Sample:
            return load.run(Plan(requests(built, url), seconds=1 if quick else 5)).sample()

        yield partial(run, built.system.url(REGISTRY)), partial(run, peer)


def requests(built: Town, url: str, clients: int = CLIENTS) -> list[list[Request]]:
    """One request for each client, each in its unit: the clients go round the units."""
    token, units = built.token("registrar"), built.units
    bodies = (built.document(units[number % len(units)]) for number in range(clients))
    return [[request("POST", url, "/documents", token, body)] for body in bodies]


def add_to_peer(built: Town, url: str, unit: Unit) -> None:
    """Make a unit known to the peer."""
    built.posted(f"{url}/units", built.token("registrar"), asdict(unit))


OURS = "registry: judged, numbered, events, public event and read model stored; relay, consumer, gate and broker run"
PEER = "FastAPI, SQLAlchemy 2 (asyncpg): unit read, counter row locked, document and outbox row, one transaction"

MEASURES = [
    Measure(
        name="documents",
        title="`POST /documents`, 16 clients, 16 units, one process each",
        ours=OURS,
        peer=PEER,
        unit="a second",
        better="higher",
        asked=[AtLeast(3), AtMost(0.5, of="p99 ms")],
        setup=partial(_side_by_side, 16),
    ),
    Measure(
        name="documents-one-unit",
        title="The same, all in one unit and year",
        ours=OURS,
        peer=PEER,
        unit="a second",
        better="higher",
        asked=[AtLeast(4)],
        setup=partial(_side_by_side, 1),
    ),
]

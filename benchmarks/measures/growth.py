"""How `POST /documents` goes with the offered load, up to and past saturation, and with replicas of the registry."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.harness import Curve, Plot, Point
from benchmarks.load import Generator, Load, Plan, request
from benchmarks.measures.documents import add_to_peer, requests
from benchmarks.peers import platform
from benchmarks.rig import REGISTRY, Town, town

UNITS = 16
CONNECTIONS = 64
SHARES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3)
"""Of what each side answers at most when 64 clients ask as fast as they are answered."""
REPLICAS = (1, 2, 4)


def _offered(quick: bool) -> Sequence[Point]:
    with (
        town(["registry"], UNITS) as built,
        platform.running(built.system, "documents") as (peer,),
        Generator() as load,
    ):
        for unit in built.units:
            built.register(unit)
            add_to_peer(built, peer, unit)
        sides = {"ours": built.system.url(REGISTRY), "FastAPI + SQLAlchemy": peer}
        return [point for line, url in sides.items() for point in _up_to_saturation(built, line, url, load, quick)]


def _up_to_saturation(built: Town, line: str, url: str, load: Generator, quick: bool) -> Iterator[Point]:
    clients, seconds = requests(built, url, CONNECTIONS), 1.0 if quick else 4.0
    most = load.run(Plan(clients, seconds)).sample().value
    for share in SHARES[::4] if quick else SHARES:
        rate = most * share
        yield Point(line, round(rate), _seen(load.run(Plan(clients, seconds, warm=1, rate=rate))))


def _replicas(quick: bool) -> Sequence[Point]:
    return [point for count in REPLICAS for point in _with_replicas(count, quick)]


def _with_replicas(count: int, quick: bool) -> Iterator[Point]:
    seconds = 1.0 if quick else 4.0
    with town(["registry"], UNITS, replicas={"registry": count}) as built, Generator() as load:
        for unit in built.units:
            document = built.register(unit)
        urls = [built.system.url(name) for name in built.system.instances(REGISTRY)]
        writes = [requests(built, urls[n % count], CONNECTIONS)[n] for n in range(CONNECTIONS)]
        yield Point("POST /documents", count, _seen(load.run(Plan(writes, seconds, warm=2))))
        read, token = f"/documents/{document}", built.token("registrar")
        reads = [[request("GET", urls[n % count], read, token)] for n in range(CONNECTIONS)]
        yield Point("GET /documents/{id}", count, _seen(load.run(Plan(reads, seconds, warm=1))))


def _seen(load: Load) -> Mapping[str, float]:
    sample = load.sample()
    return {"answered a second": round(sample.value, 1)} | {name: round(ms, 2) for name, ms in sample.extra.items()}


MEASURES = [
    Curve(
        name="offered-load",
        title="`POST /documents` against the offered load: constant rate, times from when a request fell due",
        x="requests offered a second",
        plots=[Plot("answered a second"), Plot("p50 ms", log="y"), Plot("p99 ms", log="y")],
        run=_offered,
    ),
    Curve(
        name="replicas",
        title="Replicas of the registry on this machine, 64 clients",
        x="processes",
        plots=[Plot("answered a second"), Plot("p99 ms")],
        run=_replicas,
    ),
]

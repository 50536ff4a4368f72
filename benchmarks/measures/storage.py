"""What a document and an assignment take up: rows with their indexes in each database, and bytes on the topics."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
from baqylau_infra.database import PORT

from benchmarks.harness import Measure, Run, Sample
from benchmarks.measures.assignments import assignment, letter, name_control_subjects
from benchmarks.rig import CONTROL, LINE, NOTIFICATIONS, REGISTRY, Town, Unit, town, until

DOCUMENTS, ASSIGNMENTS = 2000, 400
KIB = 1024.0


@contextmanager
def _taking(quick: bool) -> Iterator[tuple[Run, Run | None]]:
    with town(["registry", "control", "notifications"], 16, 4) as built:
        for unit in built.units:
            built.register(unit)
        for code in {unit.organization for unit in built.units}:
            name_control_subjects(built, code)
        for unit in built.units:
            built.add_reader(unit)
        built.issue(assignment(built, built.units[0], built.register(built.units[0])))
        yield lambda: _grown(built, 10 if quick else 1), None


def _grown(built: Town, part: int) -> Sample:
    """In KiB: of a document; of an assignment with two proposals, a letter and a report; each with its notices."""
    documents, assignments = DOCUMENTS // part, ASSIGNMENTS // part
    before = _sizes(built)
    made = _many(built.register, built, documents)
    between = _sizes(built)
    given = iter(made)
    _many(lambda unit: _lived(built, unit, next(given)), built, assignments)
    after = _sizes(built)
    figures = {f"document, {where}": (between[where] - before[where]) / documents / KIB for where in before}
    figures |= {f"assignment, {where}": (after[where] - between[where]) / assignments / KIB for where in before}
    return Sample(sum(size for name, size in figures.items() if name.startswith("document")), figures)


def _many(make: Callable[[Unit], str], built: Town, count: int) -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(make, (built.units[number % len(built.units)] for number in range(count))))


def _lived(built: Town, unit: Unit, document: str) -> str:
    id_ = built.issue(assignment(built, unit, document))
    place, url = built.units.index(unit), f"{built.system.url(CONTROL)}/assignments/{id_}"
    for step in (1, 2):
        other = built.units[(place + step) % len(built.units)].organization
        body = {"organization": other, "text": "Ұсыныстар қоса беріледі."}
        built.posted(f"{url}/proposals", built.token("executor", other), body)
    executor = built.token("executor", unit.organization)
    built.posted(f"{url}/extension-requests", executor, letter(unit))
    return built.posted(f"{url}/reports", executor, {"text": "Тапсырма толық орындалды."})


def _sizes(built: Town) -> Mapping[str, float]:
    """Bytes by place, once every effect is there: nothing grows any more."""
    found: list[Mapping[str, float]] = [{}, _read(built)]

    def still() -> bool:
        found.append(_read(built))
        return found[-1] == found[-2]

    until(still, "everything has arrived", pause=1.0)
    return found[-1]


def _read(built: Town) -> Mapping[str, float]:
    sizes: dict[str, float] = {}
    for name in (REGISTRY, CONTROL, NOTIFICATIONS):
        with psycopg.connect(
            host=built.system.database.host, port=PORT, user="postgres", dbname=name.replace("-", "_")
        ) as connection:
            row = connection.execute("SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables").fetchone()
        assert row is not None
        sizes[name.partition("-")[0] + " database"] = float(row[0])
    logs = (built.system.folder / "kafka").rglob(f"baqylau.{LINE}.*/*.log")
    return sizes | {"topics": float(sum(log.stat().st_size for log in logs))}


MEASURES = [
    Measure(
        name="storage",
        title="What a document, and an assignment with its two proposals, letter and report, take up",
        ours="databases of registry, control and notifications with their indexes; topics, one copy",
        peer="",
        unit="KiB (a document, all places)",
        better="lower",
        asked=[],
        setup=_taking,
        rounds=1,
    ),
]

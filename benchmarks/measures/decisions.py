"""`POST /decisions` of the gate under load: one question, 100 and 1,000 at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.harness import Measure, Run, Sample
from benchmarks.load import Generator, Plan, request
from benchmarks.rig import town

CLIENTS = 16
AT_ONCE = (1, 100, 1000)


@contextmanager
def _asking(quick: bool) -> Iterator[tuple[Run, Run | None]]:
    with town([], 16) as built, Generator() as load:
        token = built.system.token("gate-officer", "gate")
        units = [unit.id for unit in built.units]
        questions = [
            {
                "unit_id": units[n % 16],
                "regime": ("non_confidential", "confidential")[n // 16 % 2],
                "action": "register",
            }
            for n in range(max(AT_ONCE))
        ]

        def ask(count: int) -> Sample:
            body = questions[0] if count == 1 else questions[:count]
            asked = request("POST", built.system.url("secrecy-gate"), "/decisions", token, body)
            return load.run(Plan([[asked]] * CLIENTS, seconds=1 if quick else 3)).sample()

        def run() -> Sample:
            samples = {count: ask(count) for count in AT_ONCE}
            extra = {f"{count} at once, {name}": ms for count, one in samples.items() for name, ms in one.extra.items()}
            many = max(AT_ONCE)
            return Sample(samples[1].value, {**extra, f"answers a second, {many} at once": samples[many].value * many})

        yield run, None


MEASURES = [
    Measure(
        name="decisions",
        title="`POST /decisions`, 16 clients: one question, 100 and 1,000 at once",
        ours="gate: token checked, units read, decided",
        peer="",
        unit="requests of one question a second",
        better="higher",
        asked=[],
        setup=_asking,
    ),
]

"""The faults, and their seeded schedule: what befalls whom, and for how long."""

import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx
from baqylau_infra.layout import Service
from baqylau_infra.process import Process
from baqylau_infra.system import System

from tests.chaos.proxy import Part, Proxy, Weather

PAUSE_SECONDS = 25.0
"""Longer than the broker's sessions (10 s), a record's delivery (20 s), a lock or an idle transaction (10 s)."""
STOP_LIMIT = 10.0
"""A clean stop takes no longer."""
TMPFS = "size=4g"


class Kind(StrEnum):
    KILL = "SIGKILL"
    PAUSE = "SIGSTOP, SIGCONT"
    RESTART = "SIGTERM, start"
    CUT = "connection cut"
    SLOW = "connection slow"
    HELD = "connection held up"
    FULL = "disk full"


@dataclass(frozen=True)
class Fault:
    """`targets`: names of processes; `part`: which of their connections."""

    kind: Kind
    targets: tuple[str, ...]
    seconds: float
    part: Part | None = None

    def __str__(self) -> str:
        where = ", ".join(self.targets)
        return f"{self.kind}: {where} to {self.part}" if self.kind in WEATHER else f"{self.kind}: {where}"


RELAY_OWNER = "relay of registry-non-confidential"
"""Stands for whichever replica publishes when the fault begins."""

WEATHER = {Kind.CUT: Weather.CUT, Kind.SLOW: Weather.SLOW, Kind.HELD: Weather.HELD}


class Faults:
    """Brings faults about and takes them away. `disks`: folders that lie on a file system of their own."""

    def __init__(self, system: System, proxy: Proxy, disks: dict[Part, Path]) -> None:
        self._system = system
        self._proxy = proxy
        self._disks = disks
        self.longest_stop = 0.0

    def suffer(self, fault: Fault) -> None:
        """From its beginning to its end; a process that has to start again has been told to, and isn't ready yet."""
        processes = [self._process(name) for name in fault.targets]
        self._begin(fault, processes)
        time.sleep(fault.seconds)
        self._end(fault, processes)

    def _begin(self, fault: Fault, processes: Sequence[Process]) -> None:
        for process in processes:
            match fault.kind:
                case Kind.KILL:
                    process.kill()
                case Kind.RESTART:
                    began = time.monotonic()
                    process.stop(limit=2 * STOP_LIMIT)
                    if process.name not in list(Part):
                        self.longest_stop = max(self.longest_stop, time.monotonic() - began)
                case Kind.PAUSE:
                    process.pause()
                case Kind.FULL:
                    fill(self._disks[Part(process.name)])
                case _:
                    self._proxy.set(Part(fault.part or ""), process.name, WEATHER[fault.kind])

    def _end(self, fault: Fault, processes: Sequence[Process]) -> None:
        for process in processes:
            match fault.kind:
                case Kind.KILL | Kind.RESTART:
                    process.start()
                case Kind.PAUSE:
                    process.resume()
                case Kind.FULL:  # what died of it is started by its supervisor
                    give_room(self._disks[Part(process.name)])
                case _:
                    self._proxy.set(Part(fault.part or ""), process.name, Weather.FAIR)

    def _process(self, name: str) -> Process:
        return self._system.process(self._publishing() if name == RELAY_OWNER else name)

    def _publishing(self) -> str:
        names = self._system.instances("registry-non-confidential")
        for name in names:
            try:
                shown = httpx.get(f"{self._system.url(name)}/metrics", timeout=5).text
            except httpx.TransportError:
                continue
            if "baqylau_relay_active 1.0" in shown:
                return name
        return names[0]


def mount(folder: Path) -> bool:
    """Put a small file system of its own into the folder, where this machine allows it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"{TMPFS},mode=755", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def unmount(folder: Path) -> None:
    """Take it away with all that it holds."""
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path) -> None:
    """Leave next to nothing. What is written meanwhile may forbid a size: then once more."""
    done = False
    while not done:
        used = subprocess.run(["df", "-k", "--output=used", folder], capture_output=True, check=True).stdout.split()[1]
        command = ["mount", "-o", f"remount,size={int(used) + 64}k", str(folder)]
        done = subprocess.run(command, capture_output=True, check=False).returncode == 0


def give_room(folder: Path) -> None:
    """As much as before."""
    subprocess.run(["mount", "-o", f"remount,{TMPFS}", str(folder)], check=True)


def schedule(
    seed: int, processes: Sequence[tuple[Service, str]], disks: bool, pause: float = PAUSE_SECONDS
) -> Iterator[Fault]:
    """Faults without end; the same seed, the same faults. `processes`: every one but broker and database.

    A round brings each kind of fault to each service, broker and database, in any order; of a service's processes on
    both lines, to any.
    """
    rng = random.Random(seed)
    services: dict[str, list[str]] = defaultdict(list)
    for service, name in processes:
        services[service.title].append(name)
    storing = {service.title for service, _ in processes if service.stores}
    while True:
        faults = [*_to_processes(rng, services, pause), *_to_connections(rng, services, storing, pause)]
        if disks:
            faults += [Fault(Kind.FULL, (part.value,), rng.uniform(5, 10)) for part in Part]
        rng.shuffle(faults)
        yield from faults


def _to_processes(rng: random.Random, services: Mapping[str, Sequence[str]], pause: float) -> Iterator[Fault]:
    for names in (*services.values(), *((part.value,) for part in Part)):
        yield Fault(Kind.KILL, (rng.choice(names),), rng.uniform(0, 4))
        yield Fault(Kind.RESTART, (rng.choice(names),), 0)
        yield Fault(Kind.PAUSE, (rng.choice(names),), pause)
    everyone = tuple(name for names in services.values() for name in names)
    for together in ((RELAY_OWNER,), everyone, tuple(part.value for part in Part)):
        yield Fault(Kind.KILL, together, rng.uniform(0, 3))


def _to_connections(
    rng: random.Random, services: Mapping[str, Sequence[str]], storing: Set[str], pause: float
) -> Iterator[Fault]:
    for title, names in services.items():
        for part in (Part.BROKER, Part.DATABASE) if title in storing else (Part.BROKER,):
            yield Fault(Kind.CUT, (rng.choice(names),), rng.uniform(2, 8), part)
            yield Fault(Kind.SLOW, (rng.choice(names),), rng.uniform(4, 10), part)
            yield Fault(Kind.HELD, (rng.choice(names),), pause, part)

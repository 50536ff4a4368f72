"""The whole system as real processes, with replicas, and with a proxy between the services and broker and database."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from baqylau_infra import ports
from baqylau_infra.database import PORT
from baqylau_infra.layout import SERVICES, Service
from baqylau_infra.system import Ports, System

from tests.chaos.faults import mount, unmount
from tests.chaos.proxy import Part, Proxy, local_ports

REPLICAS: Mapping[str, int] = {"registry-non-confidential": 2, "control-non-confidential": 3}
SABOTAGE = Path(__file__).parent / "sabotage"


@dataclass(frozen=True)
class Rig:
    """`disks`: where a full disk can be brought about."""

    system: System
    proxy: Proxy
    disks: dict[Part, Path]

    @property
    def processes(self) -> Iterator[tuple[Service, str]]:
        """Each process of a service, and its name."""
        return ((service, name) for service in self.system.services for name in self.system.instances(service.name))


@contextmanager
def rig(
    folder: Path,
    *,
    sabotage: Mapping[str, str] | None = None,
    replicas: Mapping[str, int] = REPLICAS,
    disks: bool = True,
) -> Iterator[Rig]:
    """`sabotage`: process → what is broken in it on purpose (`sabotage/sitecustomize.py`). `disks`: small ones."""
    folder = folder.resolve()
    made = {part: folder / name for part, name in ((Part.BROKER, "kafka"), (Part.DATABASE, "postgres"))}
    mounted = {part: place for part, place in made.items() if disks and mount(place)}
    try:
        system: System

        def ports_of(name: str) -> Set[int]:
            try:
                return local_ports(system.process(name).pid)
            except ProcessLookupError:
                return set()

        with Proxy(ports_of) as proxy:
            system = _system(folder, proxy, replicas, sabotage or {})
            with system:
                yield Rig(system, proxy, mounted)
    finally:
        for place in mounted.values():
            unmount(place)


def _system(folder: Path, proxy: Proxy, replicas: Mapping[str, int], broken: Mapping[str, str]) -> System:
    def overrides(name: str) -> Mapping[str, str]:
        found = {
            "BAQYLAU_KAFKA_BOOTSTRAP": f"{ports.HOST}:{shown}",
            "BAQYLAU_POSTGRES_HOST": ports.HOST,
            "BAQYLAU_POSTGRES_PORT": str(databases[name]),
            "BAQYLAU_PUBLIC_URL": system.url(name.partition(".")[0]),
        }
        if name in broken:
            found |= {"PYTHONPATH": str(SABOTAGE), "CHAOS_SABOTAGE": broken[name]}
        return found

    def socket() -> str:
        return f"{system.database.host}/.s.PGSQL.{PORT}"

    names = [name for service in SERVICES for name in (service.name, *_more(service, replicas))]
    databases = {name: proxy.listen(Part.DATABASE, socket, name) for name in names}
    shown = proxy.listen(Part.BROKER, lambda: _address(system.bootstrap))
    system = System(folder, listen=Ports(kafka_shown=shown), replicas=replicas, overrides=overrides)
    return system


def _more(service: Service, replicas: Mapping[str, int]) -> list[str]:
    return [f"{service.name}.{n}" for n in range(2, replicas.get(service.name, 1) + 1)]


def _address(bootstrap: str) -> tuple[str, int]:
    host, _, port = bootstrap.rpartition(":")
    return host, int(port)

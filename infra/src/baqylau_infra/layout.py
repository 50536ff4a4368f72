"""Which processes make up the system, what each is called, and where it listens."""

from dataclasses import dataclass
from itertools import product

from baqylau.lines import Line
from baqylau.platform.auth import Role

BASE_PORT = 8100
KAFKA_PORT = 9092


@dataclass(frozen=True)
class Service:
    """A service of a line. `port` is how far its port lies above the base port.

    `role`: what its own tokens may do. `stores`: whether it has a database.
    """

    package: str
    line: Line
    port: int
    role: Role = Role.SUBSCRIBER
    stores: bool = True

    @property
    def title(self) -> str:
        """The service's own name: `secrecy-gate`, `registry`…"""
        return self.package.rpartition(".")[2].replace("_", "-")

    @property
    def name(self) -> str:
        """The process's name: `registry-confidential`; the gate, one for all, is `secrecy-gate`."""
        return self.title if self.line is Line.GATE else f"{self.title}-{self.line}"

    @property
    def database(self) -> str:
        """Its database, and the database's role."""
        return self.name.replace("-", "_")

    @property
    def audiences(self) -> tuple[Line, ...]:
        """Whose tokens it holds: its own line's alone. The gate, too, is read with that: it shows that line's topic."""
        return () if self.line is Line.GATE else (self.line,)


GATE = Service("secrecy_gate", Line.GATE, 0)
SERVICES = (
    GATE,
    *(
        Service(package, line, above_line + above)
        for (line, above_line), (package, above) in product(
            ((Line.NON_CONFIDENTIAL, 0), (Line.CONFIDENTIAL, 100)),
            (("registry", 10), ("control", 20), ("notifications", 30)),
        )
    ),
    Service("secrecy_gate.auditor", Line.NON_CONFIDENTIAL, 40, Role.AUDITOR, stores=False),
    Service("secrecy_gate.auditor", Line.CONFIDENTIAL, 140, Role.AUDITOR, stores=False),
)


def named(name: str) -> Service:
    """The service of that process name. Raises `KeyError`."""
    return {service.name: service for service in SERVICES}[name]


def upstreams(service: Service) -> dict[str, Service]:
    """Where it may read events: setting → service. The gate, and registry and control of its own line."""
    if service.line is Line.GATE:
        return {}
    on_line = {other.package: other for other in SERVICES if other.line is service.line}
    return {
        "BAQYLAU_FEED_SECRECY_GATE": GATE,
        "BAQYLAU_FEED_REGISTRY": on_line["registry"],
        "BAQYLAU_FEED_CONTROL": on_line["control"],
    }

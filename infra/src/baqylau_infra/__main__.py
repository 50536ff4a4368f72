"""`python -m baqylau_infra run | token | reset | backup | restore | verify | rebuild`: what the Makefile calls."""

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from baqylau_infra import DATA, Problem
from baqylau_infra.settings import Settings
from baqylau_infra.tokens import Keys

if TYPE_CHECKING:
    from baqylau_infra.system import System


class _Stop(BaseException):
    """Someone asked the runner to end. Not an `Exception`: nothing on the way out may swallow it."""


def main() -> None:
    """Exits 0, or 1 after one sentence on standard error; `verify` and `rebuild` also 2: a database is out of reach."""
    parser = argparse.ArgumentParser(prog="baqylau_infra", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="start everything and keep it running")
    run.add_argument("--while", dest="parent", type=int, help="end when the process of this id is gone")
    run.set_defaults(call=_run)
    token = commands.add_parser("token", help="print a token good for 12 hours")
    token.add_argument("--role", default="", help="one role, or several with commas between")
    token.add_argument("--line", default="")
    token.add_argument("--org", default="")
    token.add_argument("--units", default="", help="ids with commas between")
    token.set_defaults(call=_token)
    commands.add_parser("reset", help="delete what the last runs left, but not the downloads").set_defaults(call=_reset)
    backup = commands.add_parser("backup", help="copy the running system's databases and keys")
    backup.add_argument("to", help="a new folder")
    backup.set_defaults(call=_backup)
    restore = commands.add_parser("restore", help="put a backup into an empty data folder")
    restore.add_argument("backup", help="the backup's folder")
    restore.set_defaults(call=_restore)
    verify = commands.add_parser("verify", help="hold every database against its log")
    verify.set_defaults(call=_verify)
    rebuild = commands.add_parser("rebuild", help="make a service's read models anew, while it runs")
    rebuild.add_argument("--service", default="")
    rebuild.add_argument("--line", default="gate")
    rebuild.set_defaults(call=_rebuild)
    arguments = parser.parse_args()
    try:
        arguments.call(Settings(), arguments)
    except Problem as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"{error.strerror}: {error.filename}. Is the disk full, or {DATA} not yours?", file=sys.stderr)
        sys.exit(1)


def _run(settings: Settings, arguments: argparse.Namespace) -> None:
    # Imported here: a token needs none of it, and is printed in half the time without.
    from baqylau_infra.system import Elsewhere, Ports, System  # noqa: PLC0415

    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    system = System(
        settings.run_folder,
        listen=Ports(base=settings.base_port, kafka=settings.kafka_port),
        elsewhere=Elsewhere(
            kafka=None if settings.kafka_bootstrap is None else settings.kafka_at(settings.kafka_bootstrap),
            postgres_host=settings.postgres_host,
            postgres_port=settings.postgres_port,
            postgres_user=settings.postgres_user,
            postgres_password=settings.postgres_password,
        ),
        cache=settings.cache_folder,
        say=say,
    )
    try:
        with system:
            say("all ready")
            print(_table(system), flush=True)
            _wait_for(arguments.parent)
    except _Stop:
        say("stopped")


def _end(*_: int | FrameType | None) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(1))  # asked twice: the guard kills what is left
    print("\nstopping; once more to kill", flush=True)
    raise _Stop


def _wait_for(parent: int | None) -> NoReturn:
    """Waits for a signal, or for the end of the process that started this one."""
    for_ever = threading.Event()
    while not for_ever.wait(1):
        if parent is not None and os.getppid() != parent:
            _end()
    raise AssertionError("nobody sets this event")


def _table(system: "System") -> str:
    rows = [(service.name, system.url(service.name) + "/docs") for service in system.services]
    rows += [
        ("events, by Kafka", system.bootstrap),
        ("a token", "make -s token ROLE=executor LINE=non-confidential ORG=MIN-A"),
        ("logs", str(system.folder / "logs")),
        ("to stop", "Ctrl-C"),
    ]
    return "\n".join(["", *(f"  {left:<32}{right}" for left, right in rows), ""])


def _token(settings: Settings, arguments: argparse.Namespace) -> None:
    roles = [role for role in arguments.role.split(",") if role]
    if not roles or not arguments.line:
        raise Problem(
            "Say which: make -s token ROLE=executor LINE=non-confidential ORG=MIN-A UNITS=<id>,<id> "
            "(LINE=gate for a gate-officer)."
        )
    units = [unit for unit in arguments.units.split(",") if unit]
    keys = Keys(settings.run_folder / "keys")
    print(keys.token(roles, arguments.line, organization=arguments.org or None, units=units))


def _reset(settings: Settings, _: argparse.Namespace) -> None:
    from baqylau_infra.system import own  # noqa: PLC0415

    with own(settings.run_folder):
        for path in settings.run_folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(f"{settings.run_folder} is empty; the downloads in {settings.cache_folder} are kept.")


def _backup(settings: Settings, arguments: argparse.Namespace) -> None:
    from baqylau_infra.backup import back_up  # noqa: PLC0415

    if not arguments.to:
        raise Problem("Say where to: make backup TO=<a new folder>.")
    if settings.postgres_host is not None:
        raise Problem("The databases run elsewhere: back them up with their own tools (docs/operations.md).")
    back_up(settings.run_folder, Path(arguments.to), _say)


def _restore(settings: Settings, arguments: argparse.Namespace) -> None:
    from baqylau_infra.backup import restore  # noqa: PLC0415

    if not arguments.backup:
        raise Problem("Say what: make restore FROM=<a backup's folder>.")
    if settings.postgres_host is not None:
        raise Problem("The databases run elsewhere: restore them with their own tools (docs/operations.md).")
    restore(Path(arguments.backup), settings.run_folder, _say, settings.kafka_bootstrap)


def _verify(settings: Settings, _: argparse.Namespace) -> None:
    from baqylau_infra.operating import databases, verify  # noqa: PLC0415

    code, said = verify(databases(settings))
    print(said, end="")
    sys.exit(code)


def _rebuild(settings: Settings, arguments: argparse.Namespace) -> None:
    from baqylau_infra.operating import STORING, command, databases  # noqa: PLC0415

    chosen = [service for service in STORING if (service.title, service.line) == (arguments.service, arguments.line)]
    if not chosen:
        raise Problem("Say which: make rebuild SERVICE=control LINE=confidential (secrecy-gate has the line gate).")
    code, said = command(databases(settings), chosen[0], "rebuild")
    print(said, end="")
    sys.exit(code)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()

"""Backup of a running system, and restore into an empty folder.

The databases of all services are one PostgreSQL server, and `pg_basebackup` copies a server as it is at one moment: so
no consumer is ahead of its producer in a backup. Topics aren't in it: each log holds every record that was published,
and what a topic lacks is published from there again (`baqylau.messaging.on_topic`). The keys that sign tokens are;
tokens are written anew at each start.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from baqylau_infra import Problem
from baqylau_infra.database import PORT, Database, programs
from baqylau_infra.layout import Service
from baqylau_infra.operating import STORING, Databases, socket_folder, verify
from baqylau_infra.process import Say
from baqylau_infra.system import own

_PARTS = ("postgres", "keys")


def back_up(run_folder: Path, to: Path, say: Say) -> None:
    """Copies the running system's databases at one moment, and its keys. Raises `Problem`, with nothing left behind."""
    host = socket_folder(run_folder / "postgres")
    to = to.resolve()
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Problem(f"{to} isn't empty: name a new folder, so that no backup is mixed with another.")
    partial = to.with_name(f"{to.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        say("copying the databases, as they are at one moment")
        target = ["-D", str(partial / "postgres"), "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256"]
        _call("pg_basebackup", "-h", host, "-p", str(PORT), "-U", "postgres", "-w", *target)
        shutil.copytree(run_folder / "keys", partial / "keys")
        _require_intact(partial / "postgres")
        if to.exists():
            to.rmdir()
        partial.rename(to)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    say(f"{to} is complete: keep it as secret as the system itself")


def restore(
    backup: Path, run_folder: Path, say: Say, bootstrap: str | None = None, services: Collection[Service] = STORING
) -> None:
    """Puts a backup in the place of a system's data, and verifies it there before it counts.

    `bootstrap`: a broker that outlived the data, with whose topics the logs must agree. Raises `Problem`, and leaves
    the folder as it was.
    """
    backup = backup.resolve()
    for part in _PARTS:
        if not (backup / part).is_dir():
            raise Problem(f"{backup} isn't a backup, or not a whole one: {part} is missing.")
    with own(run_folder):
        if any((run_folder / name).exists() for name in (*_PARTS, "kafka")):
            raise Problem(
                f"{run_folder} holds data, and a restore would mix two systems: set BAQYLAU_DATA to another folder, or "
                "empty this one by make reset."
            )
        _require_intact(backup / "postgres")
        try:
            say("copying")
            shutil.copytree(backup / "keys", run_folder / "keys")
            database = Database(run_folder / "postgres")
            database.adopt(backup / "postgres")
            say("verifying")
            _require_whole(run_folder, database, bootstrap or "", services)
        except BaseException:
            for part in _PARTS:
                shutil.rmtree(run_folder / part, ignore_errors=True)
            raise
    say(f"{run_folder} is restored and verified: start it")


def _require_whole(run_folder: Path, database: Database, bootstrap: str, services: Collection[Service]) -> None:
    with database:
        code, said = verify(Databases(run_folder, database.host, bootstrap=bootstrap), services)
    if code:
        raise Problem(f"The backup isn't put in place, because it doesn't hold, or not against the topics:\n{said}")


def _require_intact(cluster: Path) -> None:
    """Every file as the manifest has it (the wheel's `pg_verifybackup` can't be run); the write-ahead log readable."""
    try:
        text = (cluster / "backup_manifest").read_bytes()
        manifest = json.loads(text)
        sealed = text[: text.rindex(b'"Manifest-Checksum"')]
        if hashlib.sha256(sealed).hexdigest() != manifest["Manifest-Checksum"]:
            raise Problem(f"The backup is damaged: {cluster / 'backup_manifest'} was changed.")
        for file in manifest["Files"]:
            with (cluster / file["Path"]).open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != file["Checksum"]:
                    raise Problem(f"The backup is damaged: {cluster / file['Path']} was changed.")
    except (OSError, ValueError, LookupError) as error:
        raise Problem(f"The backup is damaged: {error}.") from error
    for wal in manifest["WAL-Ranges"]:
        places = ["-t", str(wal["Timeline"]), "-s", wal["Start-LSN"], "-e", wal["End-LSN"]]
        _call("pg_waldump", "-q", "-p", str(cluster / "pg_wal"), *places)


def _call(program: str, *arguments: str) -> None:
    done = subprocess.run([programs() / program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{program} failed ({done.returncode}): {done.stderr.strip() or done.stdout.strip()}")

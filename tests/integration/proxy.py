"""A proxy before PostgreSQL's socket that can lose the reply to a commit, after the commit has happened."""

import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class CommitProxy:
    """`host`: the folder of its socket. `lose`: set it, and the reply to the next COMMIT is lost with its session."""

    def __init__(self, host: str, port: int) -> None:
        self._to = f"{host}/.s.PGSQL.{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="pgproxy")
        self.host = self._folder.name
        self.lose = threading.Event()
        self.lost = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(Path(self.host) / f".s.PGSQL.{port}"))
        self._listening.listen(32)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._to)
                losing = threading.Event()
                for source, target, asks in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pump, args=(source, target, asks, losing), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, asks: bool, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asks and b"COMMIT" in data and self.lose.is_set():
                    self.lose.clear()
                    losing.set()
                if not asks and losing.is_set():
                    # The server has answered, so the commit has happened; nobody hears of it.
                    self.lost += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

"""Where Kafka is, and as whom a process is known there."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Kafka:
    """`bootstrap`: `host:port,host:port`. `security`: `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`.

    `mechanism`, `user`, `password`: of SASL. `ca_file`: who signs the broker's certificate, where the machine's own
    certificates don't say.
    """

    bootstrap: str
    security: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    @property
    def client(self) -> dict[str, Any]:
        """The settings that every client of kafka-python needs to get there."""
        found: dict[str, Any] = {"bootstrap_servers": self.bootstrap, "security_protocol": self.security}
        if self.security.startswith("SASL"):
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        if self.ca_file is not None:
            found["ssl_cafile"] = str(self.ca_file)
        return found

    def answers(self) -> bool:
        """Whether one of the brokers takes a connection, within a second each.

        Asked before a client is made: one made while the broker is away blocks for long, and leaves a thread behind.
        """
        for address in self.bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=1).close()
            except (OSError, ValueError):
                continue
            return True
        return False

"""A broker that knows its clients by name and password, and lets each do what `infra/kafka/topics.toml` says alone."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from baqylau.messaging.broker import Kafka
from baqylau_infra.broker import Broker
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

ADMIN = "admin"
_PROPERTIES = """\
listener.security.protocol.map=BROKER:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.broker.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {users};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# The broker itself is nobody to its own controller.
super.users=User:admin;User:ANONYMOUS
"""


class GuardedBroker(Broker):
    """`names`: who may come, besides an administrator."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        super().__init__(folder)
        self._passwords = {name: secrets.token_hex(8) for name in (ADMIN, *names)}

    def known_as(self, name: str) -> Kafka:
        """The broker, for a client of that name."""
        return Kafka(self.bootstrap, "SASL_PLAINTEXT", "PLAIN", name, self._passwords[name])

    def _configure(self) -> None:
        super()._configure()
        login = f'username="{ADMIN}" password="{self._passwords[ADMIN]}"'
        users = " ".join(f'user_{name}="{password}"' for name, password in self._passwords.items())
        with (self._folder / "server.properties").open("a") as properties:
            properties.write(_PROPERTIES.format(users=f"{login} {users}"))

    def _answers(self) -> bool:
        if not self.known_as(ADMIN).answers():
            return False
        try:
            with KafkaAdminClient(**self.known_as(ADMIN).client, request_timeout_ms=5000) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False

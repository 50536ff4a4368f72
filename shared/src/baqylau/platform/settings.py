"""Settings of a service's process, from `BAQYLAU_…` environment variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from baqylau.lines import Line
from baqylau.messaging.broker import Kafka

MAX_BODY_BYTES = 1024 * 1024
POOL_SESSIONS = 12
"""Of a process; writer, relay, listener and a watcher have one each besides."""
_KEPT_SESSIONS = 1


class KafkaAccess(BaseSettings):
    """As whom a process is known to Kafka, and how it gets there (`Kafka`)."""

    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_user: str | None = None
    kafka_password: str | None = None
    kafka_ca_file: Path | None = None

    @field_validator("kafka_ca_file", mode="before")
    @classmethod
    def _no_file(cls, value: object) -> object:
        return value or None

    def kafka_at(self, bootstrap: str) -> Kafka:
        """Kafka there, with this access."""
        access = self.kafka_security, self.kafka_mechanism, self.kafka_user, self.kafka_password, self.kafka_ca_file
        return Kafka(bootstrap, *access)


class ProcessSettings(KafkaAccess):
    """What every process needs to know. Raises `pydantic.ValidationError`, naming each missing variable."""

    model_config = SettingsConfigDict(env_prefix="BAQYLAU_", extra="ignore", frozen=True)

    line: Line
    host: str = "127.0.0.1"
    port: int
    public_url: str = ""
    kafka_bootstrap: str
    service_token_file: Path | None = Field(
        None, description="Folder with the token of its line, in a file of that name: what it reads feeds with."
    )
    feed_secrecy_gate: str | None = None

    @field_validator("service_token_file", mode="before")
    @classmethod
    def _no_folder(cls, value: object) -> object:
        return value or None

    @property
    def kafka(self) -> Kafka:
        """Where Kafka is, and as whom this process is known there."""
        return self.kafka_at(self.kafka_bootstrap)


class Settings(ProcessSettings):
    """What every service needs to know besides."""

    partitions: int = Field(4, description="Partitions of each topic of this system, as in infra/kafka.")
    postgres_host: str
    postgres_port: int = 5432
    postgres_user: str
    postgres_password: str
    postgres_dbname: str
    jwks_file: Path | None = None
    oidc_issuer: str | None = None
    feed_registry: str | None = None
    feed_control: str | None = None
    simulation: bool = False
    max_body_bytes: int = MAX_BODY_BYTES

    @field_validator("jwks_file", "oidc_issuer", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return value or None

    @property
    def own_url(self) -> str:
        """Where others reach this service."""
        return self.public_url or f"http://{self.host}:{self.port}"

    def eventsourcing_env(self) -> dict[str, str]:
        """The same for the `eventsourcing` library. Database functions stay off: they drop tracking and the lock."""
        return {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": self.postgres_dbname,
            "POSTGRES_HOST": self.postgres_host,
            "POSTGRES_PORT": str(self.postgres_port),
            "POSTGRES_USER": self.postgres_user,
            "POSTGRES_PASSWORD": self.postgres_password,
            "POSTGRES_POOL_SIZE": str(_KEPT_SESSIONS),
            "POSTGRES_MAX_OVERFLOW": str(POOL_SESSIONS - _KEPT_SESSIONS),
            "POSTGRES_CONNECT_TIMEOUT": "3",
            "POSTGRES_LOCK_TIMEOUT": "10",
            "MAPPER_TOPIC": "baqylau.eventstore.mapper:PydanticMapper",
            "PROCESS_RECORDER_TOPIC": "baqylau.eventstore.store:Store",
        }

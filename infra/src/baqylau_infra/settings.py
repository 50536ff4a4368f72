"""Settings of the runner, from `BAQYLAU_…` environment variables."""

from pathlib import Path

from baqylau.platform.settings import KafkaAccess
from pydantic_settings import SettingsConfigDict

from baqylau_infra import DATA, layout


class Settings(KafkaAccess):
    """Where data is kept, which ports are taken, and which parts run elsewhere."""

    model_config = SettingsConfigDict(env_prefix="BAQYLAU_", extra="ignore", frozen=True, env_ignore_empty=True)

    data: Path = DATA
    base_port: int = layout.BASE_PORT
    kafka_port: int = layout.KAFKA_PORT
    kafka_bootstrap: str | None = None
    postgres_host: str | None = None
    postgres_port: int = 5432
    postgres_user: str | None = None
    postgres_password: str = ""

    @property
    def run_folder(self) -> Path:
        """What one system owns: data, keys, tokens, logs."""
        return self.data / "run"

    @property
    def cache_folder(self) -> Path:
        """What was downloaded, and outlives `make reset`."""
        return self.data / "cache"

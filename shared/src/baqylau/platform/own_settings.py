"""A process that is given another line's settings must not start: what can be told of that, told before it does.

The database says itself whose it is (`Store.prepare`). What is away can't be asked, and is passed over.
"""

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import orjson
import psycopg
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from baqylau.http_client import HttpClient, OutOfReach
from baqylau.lines import Line
from baqylau.platform.auth import require_own_token
from baqylau.platform.settings import ProcessSettings, Settings

ASK_SECONDS = 1.0
_TOPICS = "baqylau."
_NOT_LET_IN = "permission denied for database"
_FEEDS = ("secrecy-gate", "registry", "control")


def require_own_settings(settings: ProcessSettings) -> None:
    """Raises ValueError, in one sentence, for tokens, keys, a broker or a feed of another line."""
    if settings.line is not Line.GATE and settings.service_token_file is not None:
        require_own_token(settings.service_token_file, settings.line)
    if isinstance(settings, Settings):
        _require_own_keys(settings)
    _require_own_broker(settings)
    for service in _FEEDS:
        _require_own_feed(settings, service)


def _require_own_keys(settings: Settings) -> None:
    """A local key set names the audience of each key; one that signs for other lines alone is theirs."""
    try:
        keys = [] if settings.jwks_file is None else orjson.loads(settings.jwks_file.read_bytes())["keys"]
        audiences = {key.get("aud", settings.line.value) for key in keys}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return
    if audiences and settings.line.value not in audiences:
        raise ValueError(f"BAQYLAU_JWKS_FILE holds no key that signs for {settings.line}: is it another line's?")


def require_own_database(settings: ProcessSettings) -> None:
    """To be asked where the database can't be had. Raises ValueError where that is as whom, and not for now.

    A server that lets nobody but its own service into a database says so; whose it is, the database says itself.
    """
    if not isinstance(settings, Settings):
        return
    try:
        psycopg.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            user=settings.postgres_user,
            password=settings.postgres_password,
            dbname=settings.postgres_dbname,
            connect_timeout=2,
        ).close()
    except psycopg.OperationalError as error:
        # Refused while connecting, an error has no SQLSTATE in psycopg; from a server of another language, it waits.
        if _NOT_LET_IN in str(error):
            raise ValueError(
                f"{settings.postgres_user} isn't let into the database {settings.postgres_dbname}: "
                "is BAQYLAU_POSTGRES_DBNAME another service's?"
            ) from None


def _require_own_broker(settings: ProcessSettings) -> None:
    """A broker with topics of other lines alone is theirs; one with none may be given them yet."""
    if not settings.kafka.answers():
        return
    limit = int(ASK_SECONDS * 1000)
    try:
        with KafkaAdminClient(**settings.kafka.client, bootstrap_timeout_ms=limit, request_timeout_ms=limit) as admin:
            topics = [topic for topic in admin.list_topics() if topic.startswith(_TOPICS)]
    except (KafkaError, OSError):
        return
    if topics and not any(topic.startswith(f"{_TOPICS}{settings.line}.") for topic in topics):
        raise ValueError(
            f"the broker of BAQYLAU_KAFKA_BOOTSTRAP has topics, and none of {settings.line}: is it another line's?"
        )


def _require_own_feed(settings: ProcessSettings, service: str) -> None:
    """Asked before a token is ever sent there."""
    setting = f"feed_{service.replace('-', '_')}"
    url, line = getattr(settings, setting, None), Line.GATE if service == "secrecy-gate" else settings.line
    if not url:
        return
    try:
        says = _live(url)
        found = says["service"], says["line"]
    except (OutOfReach, HTTPException, OSError, ValueError, LookupError, TypeError):
        return
    if found != (service, line.value):
        raise ValueError(f"BAQYLAU_{setting.upper()} is where another answers than {service} on {line}")


def _live(url: str) -> Any:
    """What is there says of itself. A real client takes 0.1 s of a processor: the plainest will do, where it can."""
    if not url.startswith("http://") or getproxies():
        with closing(HttpClient(ASK_SECONDS)) as client:
            return client.get_json(f"{url}/health/live")
    place = urlsplit(url)
    connection = HTTPConnection(place.netloc, timeout=ASK_SECONDS)
    try:
        connection.request("GET", f"{place.path}/health/live")
        return orjson.loads(connection.getresponse().read())
    finally:
        connection.close()

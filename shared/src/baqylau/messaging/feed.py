"""Reads another service's `/events`: what fills a hole when the topic can't."""

from collections.abc import Sequence
from pathlib import Path

from baqylau.http_client import HttpClient, OutOfReach
from baqylau.lines import Line
from baqylau.messaging.envelope import Incoming, from_item

TIMEOUT_SECONDS = 3.0


class FeedOutOfReach(Exception):
    """The feed can't be read for now."""


class Feed:
    """The feed of one upstream. `audience`: whose token it asks for (`gate`, or the line itself)."""

    def __init__(self, topic: str, base_url: str, tokens: Path, audience: Line) -> None:
        self._topic = topic
        self._url = f"{base_url}/events"
        self._token = tokens / audience.value
        self._http = HttpClient(TIMEOUT_SECONDS, only=base_url)

    def read(self, partition: int, after: int, limit: int = 500) -> Sequence[Incoming]:
        """Records of a partition behind a position, oldest first. Raises `FeedOutOfReach`."""
        try:
            found = self._http.get_json(
                self._url,
                params={"after": after, "partition": partition, "limit": limit},
                headers={"Authorization": f"Bearer {self._token.read_text().strip()}"},
            )
            return [from_item(self._topic, dict(item)) for item in found["items"]]
        except OutOfReach as error:
            raise FeedOutOfReach(str(error)) from error
        except (OSError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise FeedOutOfReach(type(error).__name__) from error

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

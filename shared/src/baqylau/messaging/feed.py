"""Reads another service's `/events`: what fills a hole when the topic can't."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import httpx

from baqylau import certificates
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
        self._certificates = certificates.needed(base_url)

    @cached_property
    def _client(self) -> httpx.Client:
        """Made for the first hole: most processes never see one."""
        return httpx.Client(timeout=TIMEOUT_SECONDS, verify=self._certificates)

    def read(self, partition: int, after: int, limit: int = 500) -> Sequence[Incoming]:
        """Records of a partition behind a position, oldest first. Raises `FeedOutOfReach`."""
        try:
            answer = self._client.get(
                self._url,
                params={"after": after, "partition": partition, "limit": limit},
                headers={"Authorization": f"Bearer {self._token.read_text().strip()}"},
            )
            answer.raise_for_status()
            return [from_item(self._topic, dict(item)) for item in answer.json()["items"]]
        except httpx.HTTPStatusError as error:
            raise FeedOutOfReach(f"status {error.response.status_code}") from error
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            OSError,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
        ) as error:
            raise FeedOutOfReach(type(error).__name__) from error

    def close(self) -> None:
        """Close its connections."""
        if "_client" in vars(self):
            self._client.close()

"""A client of HTTP that is made, and its library imported, for the first question.

Most processes never ask anybody. The import costs 80 ms of a processor, and to read the certificates 20 more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


class OutOfReach(Exception):
    """There is no answer, or none that is of use. Its argument is the kind of what happened instead, for a log.

    `timed_out`: nothing happened within the time given.
    """

    def __init__(self, kind: str, *, timed_out: bool = False) -> None:
        super().__init__(kind)
        self.timed_out = timed_out


class HttpClient:
    """Follows no redirection. Waits `seconds` for a connection, and again for each part of the answer.

    `only`: how all its URLs begin, where that is always the same: without TLS it needs no certificates.
    """

    def __init__(self, seconds: float, only: str = "") -> None:
        self._seconds = seconds
        self._only = only

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx  # noqa: PLC0415 (see above)

        return httpx.Client(timeout=self._seconds, verify=not self._only.startswith("http://"))

    def get_json(self, url: str, **sent: Any) -> Any:
        """What a 2xx answer holds. `sent`: as httpx has it. Raises `OutOfReach`, also for any other answer."""
        with self._asking(url):
            answer = self._client.get(url, **sent)
            if not answer.is_success:
                raise OutOfReach(f"status {answer.status_code}")
            return answer.json()

    def post(self, url: str, **sent: Any) -> int:
        """The answer's status, whatever it is, and nothing else. `sent`: as httpx has it. Raises `OutOfReach`."""
        with self._asking(url), self._client.stream("POST", url, **sent) as answer:
            return answer.status_code

    @contextmanager
    def _asking(self, url: str) -> Iterator[None]:
        import httpx  # noqa: PLC0415 (see above)

        if not url.startswith(self._only):
            raise OutOfReach("another server")
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise OutOfReach(type(error).__name__, timed_out=isinstance(error, httpx.TimeoutException)) from error

    def close(self) -> None:
        """Close its connections."""
        if "_client" in vars(self):
            self._client.close()

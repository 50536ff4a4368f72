"""A small client of Baqylau's HTTP interfaces: calls, refusals with their grounds, the simulated clocks, waiting."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as time_of_day
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import httpx

ALMATY = ZoneInfo("Asia/Almaty")
MORNING = time_of_day(9)
NOT_KNOWN_YET = frozenset({"unit-regime-unknown", "employee-not-posted", "organization-unknown", "document-unknown"})
"""What a service answers until the event that tells it has come over Kafka."""

Json = dict[str, Any]
Seen = TypeVar("Seen")


class Line(StrEnum):
    """What a token and a service belong to."""

    GATE = "gate"
    OPEN = "non-confidential"
    CONFIDENTIAL = "confidential"


@dataclass(frozen=True)
class Ground:
    """One entry of `violations` of an RFC 9457 answer."""

    citation: str | None
    reason: str
    field: str | None


class Refused(Exception):
    """An answer of 4xx, with every ground that it gives."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        problem = answer.json()
        self.detail = str(problem["detail"])
        self.grounds = tuple(Ground(v["citation"], v["reason"], v["field"]) for v in problem["violations"])
        self.path = answer.request.url.path
        super().__init__(f"{answer.request.method} {self.path}: {self.status} {self.detail}")


class Interrupted(Exception):
    """Somebody asked to end here; no call is under way."""


class TooLong(Exception):
    """What was waited for didn't come."""


class Api:
    """One service, called with one token."""

    def __init__(self, http: httpx.Client, base_url: str, token: str) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: str | int) -> Json:
        """Raises `Refused`."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: Json) -> Json:
        """Raises `Refused`."""
        return self._send("POST", path, json=body)

    def put(self, path: str, body: Json) -> Json:
        """Raises `Refused`."""
        return self._send("PUT", path, json=body)

    def _send(self, method: str, path: str, **content: Any) -> Json:
        answer = self._http.request(method, self._base_url + path, headers=self._headers, **content)
        if answer.is_client_error:
            raise Refused(answer)
        found: Json = answer.raise_for_status().json()
        return found


class Tokens(Protocol):
    """Whoever issues tokens."""

    def __call__(self, role: str, line: str, organization: str | None = None, units: Iterable[str] = ()) -> str: ...


class Stage:
    """Where the story plays: the services of both lines, as whom one calls them, and what day it is there.

    `url(service, line)` is a service's base URL. Once `interrupted` is set, the next call isn't made but raises
    `Interrupted`: a call that is cut off could still move a clock after it was given back.
    """

    def __init__(self, url: Callable[[str, str], str], token: Tokens) -> None:
        self._url = url
        self._token = token
        self._http = httpx.Client(timeout=30, event_hooks={"request": [self._between_calls]})
        self.interrupted = threading.Event()
        self.day = date(2020, 11, 30)

    def gate(self, role: str = "gate-officer", audience: Line = Line.GATE) -> Api:
        return Api(self._http, self._url("secrecy-gate", Line.GATE), self._token(role, audience))

    def registry(
        self, line: Line, role: str = "registrar", organization: str | None = None, units: Iterable[str] = ()
    ) -> Api:
        return Api(self._http, self._url("registry", line), self._token(role, line, organization, units))

    def control(self, line: Line, role: str = "controller", organization: str | None = None) -> Api:
        return Api(self._http, self._url("control", line), self._token(role, line, organization))

    def notifications(self, line: Line, role: str = "operator") -> Api:
        return Api(self._http, self._url("notifications", line), self._token(role, line))

    def last_positions(self, since: Mapping[str, int] = MappingProxyType({})) -> dict[str, int]:
        """Topic → the position of its newest event, as the services' feeds show it. `since`: an earlier answer."""
        feeds = {f"baqylau.{line}.secrecy-gate.v1": self.gate("subscriber", line) for line in Line}
        for line in (Line.OPEN, Line.CONFIDENTIAL):
            for name, service in self._services().items():
                feeds[f"baqylau.{line}.{name}.v1"] = service(line, "subscriber")
        return {topic: _last_position(feed, since.get(topic, 0)) for topic, feed in feeds.items()}

    def it_is(self, day: date, at: time_of_day = MORNING) -> None:
        """Moves the clocks of registry, control and notifications, on both lines."""
        self.day = day
        self._set_clocks(datetime.combine(day, at, ALMATY).isoformat())

    def real_time_again(self) -> None:
        """Restores all clocks."""
        self.interrupted.clear()
        self._set_clocks(None)

    def _between_calls(self, _: httpx.Request) -> None:
        if self.interrupted.is_set():
            raise Interrupted

    def _set_clocks(self, now: str | None) -> None:
        for line in (Line.OPEN, Line.CONFIDENTIAL):
            for service in self._services().values():
                service(line, "operator").put("/simulation/clock", {"now": now})

    def _services(self) -> dict[str, Callable[[Line, str], Api]]:
        return {"registry": self.registry, "control": self.control, "notifications": self.notifications}


def when_known(call: Callable[[], Json]) -> Json:
    """Calls again while the service hasn't been told yet of what the call names. Raises `Refused`, `TooLong`."""

    def taken() -> Json | None:
        try:
            return call()
        except Refused as refused:
            if {ground.reason for ground in refused.grounds} <= NOT_KNOWN_YET:
                return None
            raise

    return until(taken, "the service to hear of a unit, an organization or a document")


def until(look: Callable[[], Seen | None], what: str, limit: float = 60) -> Seen:
    """Looks until there is something to see, and returns it. Raises `TooLong` after `limit` s."""
    deadline = time.monotonic() + limit
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise TooLong(f"waited {limit:.0f} s for {what}")
        time.sleep(0.05)
    return seen


def _last_position(feed: Api, last: int) -> int:
    while page := feed.get("/events", after=last, limit=1000)["items"]:
        last = page[-1]["position"]
    return last

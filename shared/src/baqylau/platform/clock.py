"""Time as a dependency: the real instant, and the day of the law, which a simulation may move."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")

EARLIEST, LATEST = datetime(1991, 12, 16, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A simulation stays within them, so that no later day of it is one that can't be reckoned with."""


class Clock:
    """Two times. `recorded_at` is always real; `now` and `today` are the domain's, in Asia/Almaty.

    A simulation sets the domain's time forwards or back and lets it run on from there; a restart restores it.
    """

    def __init__(self) -> None:
        self._shift = timedelta()

    def recorded_at(self) -> datetime:
        """The real instant, UTC."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """The domain's instant, UTC."""
        return datetime.now(UTC) + self._shift

    def today(self) -> date:
        """The domain's day in Asia/Almaty: a deadline lasts to the end of it."""
        return self.now().astimezone(ALMATY).date()

    def simulate(self, now: datetime | None) -> None:
        """Set the domain's time; None restores it. `now` carries its offset. Raises OverflowError for one too far."""
        if now is not None and not EARLIEST <= now < LATEST:
            raise OverflowError(now.year)
        self._shift = timedelta() if now is None else now - datetime.now(UTC)

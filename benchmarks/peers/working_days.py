"""Working days of Kazakhstan as a team would count them with a library."""

from collections.abc import Callable
from datetime import date

import holidays
import numpy as np
from workalendar.asia import Kazakhstan

YEARS = range(2020, 2031)
Both = Callable[[date, int], object]
"""A shift by so many working days, and the count of working days back."""


def by_numpy() -> Both:
    """`busday_offset` and `busday_count` with a calendar prepared once. It knows no worked Saturdays."""
    calendar = np.busdaycalendar(holidays=sorted(holidays.country_holidays("KZ", years=YEARS)))
    day_of = {day: np.datetime64(day) for day in np.arange("2020-01-01", "2031-01-01", dtype="datetime64[D]").tolist()}

    def both(day: date, days: int) -> object:
        shifted = np.busday_offset(day_of[day], days, roll="backward", busdaycal=calendar)
        return shifted, np.busday_count(day_of[day], shifted, busdaycal=calendar)

    return both


def by_holidays() -> Both:
    """`get_nth_working_day` and `get_working_days_count`, the years prepared once."""
    calendar = holidays.country_holidays("KZ", years=YEARS)

    def both(day: date, days: int) -> object:
        shifted = calendar.get_nth_working_day(day, days)
        return shifted, calendar.get_working_days_count(day, shifted)

    return both


def by_workalendar() -> Both:
    """`add_working_days` and `get_working_days_delta`; it keeps a year's holidays by itself."""
    calendar = Kazakhstan()

    def both(day: date, days: int) -> object:
        shifted = calendar.add_working_days(day, days)
        return shifted, calendar.get_working_days_delta(day, shifted)

    return both

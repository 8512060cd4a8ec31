"""Which days are working days: the statutory calendar with the city's own days over it (RULES 4, S6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, timedelta
from functools import cache, cached_property

import chinese_calendar

from ground.kept import A_DAY, Kept
from ground.worktime import WorkCalendar
from organizations.models import WorkdayOverride

_KNOWN_YEARS = range(
    min(chinese_calendar.holidays).year,
    max(chinese_calendar.holidays).year + 1,
)
SATURDAY = 5
#: Promises that are given today end within so many days, but for rare ones.
AHEAD = timedelta(days=60)


_OVERRIDES = Kept(lambda: WorkdayOverride.objects.order_by())


class CityCalendar:
    """Reads the overrides once, on the first question. Make one per piece of work, do not keep it."""

    @cached_property
    def _overrides(self) -> dict[date, bool]:
        return {row.day: row.is_workday for row in _OVERRIDES()}

    def is_workday(self, day: date) -> bool:
        """Make-up workdays are workdays, statutory holidays are not; an unknown year goes by weekdays."""
        if day in self._overrides:
            return self._overrides[day]
        if calendar_is_known(day.year):
            return _by_statute(day)
        return day.weekday() < SATURDAY


@cache
def _by_statute(day: date) -> bool:
    """The library looks through all its days for the first and the last one whenever it is asked."""
    return bool(chinese_calendar.is_workday(day))


_shared: ContextVar[CityCalendar | None] = ContextVar("wenshao_calendar", default=None)


def calendar() -> WorkCalendar:
    """The city's calendar. One query, on the first question; within `one_calendar` the same for everybody."""
    return _shared.get() or CityCalendar()


@contextmanager
def one_calendar() -> Iterator[None]:
    """Whatever asks for the calendar inside shares one: a step asks several times and reads the days once."""
    token = _shared.set(_shared.get() or CityCalendar())
    try:
        yield
    finally:
        _shared.reset(token)


def calendar_is_known(year: int) -> bool:
    """Whether the State Council's holidays of that year are in the library; else pages say “节假日表未更新”."""
    return year in _KNOWN_YEARS


def unknown_years(today: date) -> list[int]:
    """The years in which promises run now and of which neither the library nor the city's table knows a day.

    No query as long as the library knows them; pages warn those who can mend it.
    """
    years = {day.year for day in (today, today + AHEAD) if not calendar_is_known(day.year)}
    if not years:
        return []
    entered = _ENTERED(first=date(min(years), 1, 1), last=date(max(years), 12, 31))
    return sorted(years - {row.day.year for row in entered})


_ENTERED = Kept(
    lambda first, last: WorkdayOverride.objects.filter(day__gte=first, day__lte=last),
    first=A_DAY,
    last=A_DAY + timedelta(days=1),
)

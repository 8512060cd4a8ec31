"""When things happen in the year until now: hour, day of the week, season, holidays, the New Year dip, summer storms.

Days are drawn by weight, so that a year of 600,000 moments costs seconds; the same seed draws the same moments.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate, groupby
from typing import Final

from django.utils import timezone

from ground.worktime import WorkCalendar

#: So many days lie behind today.
DAYS: Final = 364
#: Requests by weekday (Monday first), by month, and what is left of them on a statutory holiday.
ASKED: Final = (1.25, 1.1, 1.0, 1.0, 1.05, 0.85, 0.75)
ASKED_IN_MONTHS: Final = (0.95, 0.75, 1.0, 1.05, 1.15, 1.2, 1.15, 1.1, 1.05, 0.95, 1.0, 0.95)
ASKED_ON_HOLIDAYS: Final = 0.5
#: Whistles by weekday: evenings from Tuesday on, and above all the weekend (S6, H7, H8).
CALLED: Final = (0.6, 1.0, 0.9, 1.0, 1.1, 2.2, 1.7)
CALLED_ON_HOLIDAYS: Final = 1.3
#: The days around the Spring Festival: what is left of both.
NEW_YEAR: Final = 0.2
#: So many storms come between June and September; on a stormy day so much more is asked, so much less is called.
STORMS, ASKED_IN_STORMS, CALLED_IN_STORMS = 6, 2.4, 0.35
STORM_MONTHS: Final = range(6, 10)
#: How much is asked and called at the beginning and at the end of the year.
GROWTH: Final = (0.85, 1.15)

#: Hours of requests: the morning first, a second wave after supper.
ASKING_HOURS: Final = dict(
    zip(range(7, 23), (3, 8, 11, 10, 7, 3, 3, 6, 6, 5, 4, 5, 7, 8, 5, 2), strict=True)
)  # fmt: skip
#: When whistles begin, in minutes of the day: on working days after work, some by day; on free days all day.
ON_WORKDAYS: Final = {
    time(7, 30): 4, time(9, 0): 3, time(14, 30): 3, time(16, 30): 5, time(18, 30): 16, time(19, 0): 26,
    time(19, 30): 30, time(20, 0): 9,
}  # fmt: skip
ON_FREE_DAYS: Final = {
    time(8, 0): 14, time(8, 30): 18, time(9, 0): 26, time(9, 30): 12, time(14, 0): 7, time(15, 0): 13,
    time(16, 0): 5, time(19, 0): 5, time(19, 30): 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the year: how much is asked and called on it (1 is the usual), and what kind of day it is."""

    date: date
    asked: float
    called: float
    is_workday: bool
    is_stormy: bool


@dataclass(slots=True)
class Rhythm:
    """Draws moments of the year that ends now. `now`: aware; the calendar tells working days."""

    now: datetime
    calendar: WorkCalendar
    chance: random.Random
    days: list[Day] = field(default_factory=list)
    _of: dict[date, Day] = field(default_factory=dict)

    def __post_init__(self) -> None:
        today = timezone.localtime(self.now).date()
        dates = [today - timedelta(days=ago) for ago in range(DAYS, -1, -1)]
        quiet, stormy = set(_new_year(dates, self.calendar)), set(self._storms(dates))
        self.days = [
            self._day(each, index / DAYS, each in quiet, each in stormy) for index, each in enumerate(dates)
        ]
        self._of = {day.date: day for day in self.days}

    @property
    def begins(self) -> datetime:
        """Midnight of the first day."""
        return at_time(self.days[0].date, time(0))

    def asked(self, count: int) -> list[datetime]:
        """When so many requests were filed, in order; all of them before now."""
        hours = list(ASKING_HOURS), list(accumulate(ASKING_HOURS.values()))
        found: list[datetime] = []
        for day in self._drawn([each.asked for each in self.days], count):
            hour = self.chance.choices(hours[0], cum_weights=hours[1])[0]
            at = at_time(day.date, time(hour, self.chance.randrange(60), self.chance.randrange(60)))
            found.append(at if at < self.now else at - timedelta(days=1))
        return sorted(found)

    def called(self, count: int, longest: timedelta) -> list[datetime]:
        """When so many whistles begin, in order; the longest of them is over by now."""
        found = []
        for day in self._drawn([each.called for each in self.days], count):
            hours = ON_WORKDAYS if day.is_workday else ON_FREE_DAYS
            at = at_time(day.date, self.chance.choices(list(hours), list(hours.values()))[0])
            found.append(at if at + longest < self.now else at - timedelta(days=7))
        return sorted(found)

    def is_stormy(self, moment: datetime) -> bool:
        day = self._of.get(timezone.localtime(moment).date())
        return day is not None and day.is_stormy

    def progress(self, moment: datetime) -> float:
        """How far the year has gone: 0 at its beginning, 1 now."""
        return min(max((moment - self.begins) / (self.now - self.begins), 0.0), 1.0)

    # Inside

    def _drawn(self, weights: list[float], count: int) -> Iterator[Day]:
        yield from self.chance.choices(self.days, cum_weights=list(accumulate(weights)), k=count)

    def _day(self, day: date, progress: float, is_quiet: bool, is_stormy: bool) -> Day:
        is_workday = self.calendar.is_workday(day)
        is_holiday = day.weekday() < 5 and not is_workday
        usual = (GROWTH[0] + (GROWTH[1] - GROWTH[0]) * progress) * (NEW_YEAR if is_quiet else 1)
        asked = usual * ASKED[day.weekday()] * ASKED_IN_MONTHS[day.month - 1]
        called = usual * CALLED[day.weekday()]
        if is_holiday:
            asked, called = asked * ASKED_ON_HOLIDAYS, called * CALLED_ON_HOLIDAYS
        if is_stormy:
            asked, called = asked * ASKED_IN_STORMS, called * CALLED_IN_STORMS
        return Day(day, asked, called, is_workday, is_stormy)

    def _storms(self, dates: list[date]) -> Iterator[date]:
        """Each lasts two days."""
        summer = [each for each in dates if each.month in STORM_MONTHS]
        for first in self.chance.sample(summer, min(STORMS, len(summer))):
            yield from (first, first + timedelta(days=1))


def _new_year(dates: list[date], calendar: WorkCalendar) -> list[date]:
    """The Spring Festival: the longest row of days off from January on, without those of the New Year of the sun."""
    winter = [each for each in dates if (1, 15) <= (each.month, each.day) <= (2, 28)]
    rows = [list(some) for free, some in groupby(winter, lambda day: not calendar.is_workday(day)) if free]
    return max(rows, key=len, default=[])


def at_time(day: date, moment: time) -> datetime:
    """A time of day where the city is."""
    return datetime.combine(day, moment, tzinfo=timezone.get_default_timezone())

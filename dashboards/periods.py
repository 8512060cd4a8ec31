"""The four periods of a dashboard, as the city counts days: this week, month, quarter, year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from ground import clock


@dataclass(frozen=True, slots=True)
class Window:
    """From one midnight in the city to another, the end not included."""

    key: str
    label: str
    first: date
    after: date

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        return _midnight(self.after)

    @property
    def last(self) -> date:
        """The last day in it, for links and headings."""
        return self.after - timedelta(days=1)


#: key → (本…, 上…)
LABELS = {
    "week": ("本周", "上周"),
    "month": ("本月", "上月"),
    "quarter": ("本季", "上季"),
    "year": ("本年", "上年"),
}
DEFAULT = "month"


def window(key: str, on: date | None = None) -> Window:
    """The period of that kind around a day (default today); an unknown key means the month."""
    key = key if key in LABELS else DEFAULT
    first = _first_day(key, on or clock.today())
    return Window(key, LABELS[key][0], first, _next(key, first))


def before(present: Window) -> Window:
    """The period of the same kind before it."""
    first = _first_day(present.key, present.first - timedelta(days=1))
    return Window(present.key, LABELS[present.key][1], first, present.first)


def _first_day(key: str, day: date) -> date:
    if key == "week":
        return day - timedelta(days=day.weekday())
    if key == "month":
        return day.replace(day=1)
    if key == "quarter":
        return date(day.year, day.month - (day.month - 1) % 3, 1)
    return date(day.year, 1, 1)


def _next(key: str, first: date) -> date:
    if key == "week":
        return first + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[key]
    ahead = first.month - 1 + months
    return date(first.year + ahead // 12, ahead % 12 + 1, 1)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))

"""The four periods of a dashboard, as the city counts days: this week, month, quarter, year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ground import clock
from ground.periods import first_day, first_day_after


@dataclass(frozen=True, slots=True)
class Window:
    """From one midnight in the city to another, the end not included."""

    key: str
    label: str
    first: date
    after: date

    @property
    def start(self) -> datetime:
        return clock.midnight(self.first)

    @property
    def end(self) -> datetime:
        return clock.midnight(self.after)

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
    day = on or clock.today()
    return Window(key, LABELS[key][0], first_day(key, day), first_day_after(key, day))


def before(present: Window) -> Window:
    """The period of the same kind before it."""
    first = first_day(present.key, present.first - timedelta(days=1))
    return Window(present.key, LABELS[present.key][1], first, present.first)

"""The periods of a dashboard, as the city counts days: today, this week, month, quarter, year, or any days.

`window_of` is the one reader of an address, `query_of` the one writer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from ground import clock
from ground.periods import first_day, first_day_after


@dataclass(frozen=True, slots=True)
class Window:
    """From one midnight in the city to another, the end not included.

    `refusal`: what was asked for and cannot be shown, in words; the window is what is shown instead.
    """

    key: str
    label: str
    first: date
    after: date
    refusal: str = field(default="", compare=False)

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

    @property
    def days(self) -> int:
        return (self.after - self.first).days

    @property
    def is_under_way(self) -> bool:
        """Whether some of its days are still to come."""
        return self.first <= clock.today() < self.last

    @property
    def so_far(self) -> int:
        """How many of its days have come, today among them."""
        return min(max((clock.today() - self.first).days + 1, 0), self.days)


#: key → (本…, 上…), of the periods that the calendar knows.
LABELS = {
    "week": ("本周", "上周"),
    "month": ("本月", "上月"),
    "quarter": ("本季", "上季"),
    "year": ("本年", "上年"),
}
#: Everything that a dashboard offers besides any days.
CHOICES = {"today": ("今天", "昨天"), **LABELS}
ANY = "any"
DEFAULT = "month"
#: Nothing is counted before this, and nobody reads more days than these at once.
EARLIEST = date(2010, 1, 1)
MOST_DAYS = 1100
KEPT = ("figure", "sort")
_NAME = re.compile(r"-?[a-z0-9_.]{1,40}")


def window(key: str, on: date | None = None) -> Window:
    """The period of that kind around a day (default today); an unknown key means the month."""
    key = key if key in CHOICES else DEFAULT
    day = on or clock.today()
    if key == "today":
        return Window(key, CHOICES[key][0], day, day + timedelta(days=1))
    return Window(key, CHOICES[key][0], first_day(key, day), first_day_after(key, day))


def span(first: date, last: date) -> Window:
    """Any days, both ends included."""
    return Window(ANY, _wording(first, last), first, last + timedelta(days=1))


def _wording(first: date, last: date) -> str:
    if first == last:
        return _day(first)
    return f"{_day(first)}至{_day(last) if last.year != first.year else f'{last.month}月{last.day}日'}"


def _day(day: date) -> str:
    year = "" if day.year == clock.today().year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"


def before(present: Window) -> Window:
    """What a period is compared with: the period of the same kind before it, of any days as many before them.

    While it is under way, as many days of the one before as have come of this one ("上月同期").
    """
    come = present.so_far if present.is_under_way else present.days
    if present.key == ANY:
        return Window(ANY, f"前 {come} 天", present.first - timedelta(days=come), present.first)
    label = CHOICES[present.key][1]
    if present.key == "today":
        return Window(present.key, label, present.first - timedelta(days=1), present.first)
    first = first_day(present.key, present.first - timedelta(days=1))
    if not present.is_under_way:
        return Window(present.key, label, first, present.first)
    return Window(present.key, f"{label}同期", first, min(first + timedelta(days=come), present.first))


# The address


def window_of(params: Mapping[str, str]) -> Window:
    """The window that an address asks for. What cannot be read is the month, with a word why (`refusal`)."""
    key = params.get("period", "")
    if key in CHOICES:
        return window(key)
    if key == ANY or (not key and ("from" in params or "to" in params)):
        return _any_days(params.get("from", ""), params.get("to", ""))
    return window(DEFAULT)


def query_of(shown: Window) -> str:
    """How an address asks for the window: "period=month", "period=any&from=2026-03-01&to=2026-03-31"."""
    if shown.key != ANY:
        return urlencode({"period": shown.key})
    return urlencode({"period": ANY, "from": shown.first, "to": shown.last})


def kept_of(params: Mapping[str, str]) -> dict[str, str]:
    """What an address asks for besides days, kept by links to other days: the figure and the sorting."""
    return {name: value for name in KEPT if _NAME.fullmatch(value := params.get(name, ""))}


def _any_days(begun: str, ended: str) -> Window:
    first, last, today = _read(begun), _read(ended), clock.today()
    if first is None or last is None:
        return _refused("起止日期没有填全，或者不是日期，请按“2026-03-01”的样子填")
    if first > last:
        return _refused("起始日期晚于截止日期，请对调")
    if first > today:
        return _refused("起始日期还没有到，请选今天或以前的日子")
    if first < EARLIEST:
        return _refused(f"最早从 {EARLIEST.year} 年 1 月 1 日起，请把起始日期改晚一些")
    if (last - first).days >= MOST_DAYS:
        return _refused("一次最多看三年，请把起止日期改近一些")
    if last > today:
        return replace(span(first, today), refusal="截止日期还没有到，先看到今天为止。")
    return span(first, last)


def _read(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _refused(why: str) -> Window:
    return replace(window(DEFAULT), refusal=f"{why}；现在看到的是本月。")

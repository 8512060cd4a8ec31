"""Working days and the hours outside them (RULES 4, S6).

A calendar is anything with `is_workday(day: date) -> bool`: the statutory one with the city's own days over
it lives in `organizations.workdays`. Times are aware; days are counted where the city is (TIME_ZONE).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from django.utils import timezone

#: The working day of a public office. What lies outside is "after eight hours" (八小时外).
WORKDAY_START, WORKDAY_END = time(9, 0), time(18, 0)


class WorkCalendar(Protocol):
    def is_workday(self, day: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Span:
    """How long something may take: real minutes, day and night, or whole working days."""

    minutes: int = 0
    working_days: int = 0

    def __str__(self) -> str:
        if self.working_days:
            return f"{self.working_days} 个工作日"
        return f"{self.minutes // 60} 小时" if self.minutes % 60 == 0 else f"{self.minutes} 分钟"


def due_after(start: datetime, span: Span, calendar: WorkCalendar) -> datetime:
    """When `span` from `start` is over.

    Working days end at 18:00 of the n-th working day after the day of `start`, which itself does not count
    (民法典 第二百零一条: the day on which a period begins is not counted).
    """
    if not span.working_days:
        return start + timedelta(minutes=span.minutes)
    day, left = _day_of(start), span.working_days
    while left:
        day += timedelta(days=1)
        left -= calendar.is_workday(day)
    return _moment(day, WORKDAY_END)


def off_hours_minutes(start: datetime, end: datetime, calendar: WorkCalendar) -> int:
    """Whole minutes of [start, end) outside working hours: evenings, weekends, statutory holidays (S6)."""
    if end <= start:
        return 0
    inside = sum((over - begin for begin, over in _working_stretches(start, end, calendar)), timedelta())
    return int((end - start - inside).total_seconds() // 60)


def working_days_between(start: datetime, end: datetime, calendar: WorkCalendar) -> int:
    """How many working days lie after the day of `start`, up to and with the day of `end` (the city's days)."""
    day, last = _day_of(start), _day_of(end)
    return sum(calendar.is_workday(day + timedelta(days=n)) for n in range(1, (last - day).days + 1))


def next_morning(moment: datetime, calendar: WorkCalendar) -> datetime:
    """09:00 of the first working day after the day of `moment`."""
    day = _day_of(moment) + timedelta(days=1)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return _moment(day, WORKDAY_START)


def end_of_work(day: date) -> datetime:
    """18:00 of a day where the city is: what is due “by” a day is due then."""
    return _moment(day, WORKDAY_END)


def ends_with_work(moment: datetime) -> bool:
    """Whether it is 18:00 where the city is, when everything ends that is counted in working days."""
    return timezone.localtime(moment).time() == WORKDAY_END


def share_of(
    start: datetime, due: datetime, share: float, calendar: WorkCalendar, *, in_working_time: bool
) -> datetime:
    """The first moment at which `share` (0 to 1) of the time from `start` to `due` is used up.

    `in_working_time` counts only 09:00–18:00 of working days, or all of it where none lies in between.
    Nothing is used up before `start`, and all of it exactly at `due`.
    """
    if share >= 1 or due <= start:
        return due
    stretches = list(_working_stretches(start, due, calendar)) if in_working_time else []
    left = sum((end - begin for begin, end in stretches), timedelta()) * share
    if share <= 0 or not left:
        return start + (due - start) * max(share, 0)
    for begin, end in stretches:
        if left <= end - begin:
            return begin + left
        left -= end - begin
    return due


def _working_stretches(
    start: datetime, end: datetime, calendar: WorkCalendar
) -> Iterator[tuple[datetime, datetime]]:
    """The working hours within [start, end), day by day."""
    day, last = _day_of(start), _day_of(end)
    while day <= last:
        if calendar.is_workday(day):
            begin, over = max(start, _moment(day, WORKDAY_START)), min(end, _moment(day, WORKDAY_END))
            if begin < over:
                yield begin, over
        day += timedelta(days=1)


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=timezone.get_default_timezone())


def _day_of(moment: datetime) -> date:
    return timezone.localtime(moment, timezone.get_default_timezone()).date()

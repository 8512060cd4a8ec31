"""Working days and the hours outside them (RULES 4, S6).

A calendar is anything with `is_workday(day: date) -> bool`: the statutory one with the city's own days over
it lives in `organizations.workdays`. Times are aware; days are counted where the city is (TIME_ZONE).
"""

from __future__ import annotations

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
    day, left = timezone.localtime(start).date(), span.working_days
    while left:
        day += timedelta(days=1)
        left -= calendar.is_workday(day)
    return _moment(day, WORKDAY_END)


def off_hours_minutes(start: datetime, end: datetime, calendar: WorkCalendar) -> int:
    """Whole minutes of [start, end) outside working hours: evenings, weekends, statutory holidays (S6)."""
    if end <= start:
        return 0
    inside = timedelta()
    day, last = timezone.localtime(start).date(), timezone.localtime(end).date()
    while day <= last:
        if calendar.is_workday(day):
            overlap = min(end, _moment(day, WORKDAY_END)) - max(start, _moment(day, WORKDAY_START))
            inside += max(overlap, timedelta())
        day += timedelta(days=1)
    return int((end - start - inside).total_seconds() // 60)


def _moment(day: date, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))

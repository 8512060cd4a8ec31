"""Weeks, months, quarters and years as the city counts days."""

from __future__ import annotations

from datetime import date, timedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def first_day(kind: str, day: date) -> date:
    """The first day of the week (Monday), month, quarter or year that `day` lies in."""
    if kind == "week":
        return day - timedelta(days=day.weekday())
    months = MONTHS[kind]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def first_day_after(kind: str, day: date) -> date:
    """The first day of the next period of that kind."""
    first = first_day(kind, day)
    if kind == "week":
        return first + timedelta(days=7)
    ahead = first.month - 1 + MONTHS[kind]
    return date(first.year + ahead // 12, ahead % 12 + 1, 1)

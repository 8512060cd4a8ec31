"""Counts into rows: what is the same stays untouched, what has nothing left goes. Call in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q

from dashboards.measures import Counts
from dashboards.models import Rollup, Standing
from dashboards.rolling.tallying import Days
from ground.periods import first_day_after

PORTION = 1_000
DAY, MONTH = Rollup.Span.DAY, Rollup.Span.MONTH

Key = tuple[str, date]
Wanted = Mapping[Key, Counts]


def write_month(month: date, found: Days) -> int:
    """All rows of a month: its days, and the month as their sum. Returns how many rows were not as they are now."""
    after = first_day_after("month", month)
    days = Rollup.objects.filter(span=DAY, starts_on__gte=month, starts_on__lt=after)
    changed = _replace(days, found, span=DAY)
    summed: dict[Key, Counts] = defaultdict(Counts)
    for (place, _), counts in found.items():
        summed[place, month].take(counts)
    months = Rollup.objects.filter(span=MONTH, starts_on=month)
    return len(changed) + len(_replace(months, summed, span=MONTH))


def write_days(month: date, days: list[date], found: Days) -> int:
    """Rows of these days of a month, and the month anew where they changed. Returns how many rows changed.

    `found` may hold other days as well.
    """
    wanted = {key: counts for key, counts in found.items() if key[1] in days}
    changed = _replace(Rollup.objects.filter(span=DAY, starts_on__in=days), wanted, span=DAY)
    places = sorted({place for place, _ in changed})
    return len(changed) + sum(_sum_up(month, some) for some in _portions(places))


def _sum_up(month: date, places: list[str]) -> int:
    """The month's rows of these places, added up from their days as they are stored."""
    after = first_day_after("month", month)
    rows = Rollup.objects.filter(place__in=places)
    days = rows.filter(span=DAY, starts_on__gte=month, starts_on__lt=after)
    summed: dict[Key, Counts] = defaultdict(Counts)
    for place, figures in days.order_by().values_list("place", "figures").iterator(PORTION):
        summed[place, month].take(figures)
    return len(_replace(rows.filter(span=MONTH, starts_on=month), summed, span=MONTH))


def write_standing(kind: str, day: date, found: Mapping[str, Counts]) -> int:
    """The rows of one kind of standing on one day. Returns how many were not as they are now."""
    rows = Standing.objects.filter(kind=kind, day=day)
    return len(_replace(rows, {(place, day): counts for place, counts in found.items()}, kind=kind))


def drop_outside(first: date, after: date, today: date) -> int:
    """Rows of days on which nothing is left to be counted, and standings of days that a wrong clock had seen."""
    outside = Q(starts_on__lt=first) | Q(starts_on__gte=after)
    gone, _ = Rollup.objects.filter(outside).delete()
    never, _ = Standing.objects.filter(day__gt=today).delete()
    return gone + never


def _replace(rows: models.QuerySet[Any], wanted: Wanted, **same: Any) -> set[Key]:
    """Make the stored rows those that are wanted; `same` is what all share. Returns the keys that differed."""
    model: Any = rows.model
    on = "starts_on" if model is Rollup else "day"
    gone: dict[int, Key] = {}
    kept: set[Key] = set()
    stored = rows.order_by().values_list("pk", "place", on, "figures")
    for pk, place, day, figures in stored.iterator(PORTION):
        counts = wanted.get((place, day))
        plain = counts.plain() if counts is not None else {}
        if not plain:
            gone[pk] = (place, day)
        elif plain == figures:
            kept.add((place, day))
    for some in _portions(list(gone)):
        model.objects.filter(pk__in=some).delete()
    missing = [key for key in wanted if key not in kept]
    written = _write(model, on, wanted, missing, same)
    return written | set(gone.values())


def _write(model: Any, on: str, wanted: Wanted, keys: list[Key], same: Mapping[str, Any]) -> set[Key]:
    """One statement a portion, whether a row is new or stands there with other figures."""
    written: set[Key] = set()
    unique = ["place", on, *same]
    for some in _portions(keys):
        plain = {key: wanted[key].plain() for key in some}
        new = [
            model(place=place, **{on: day}, **same, figures=figures)
            for (place, day), figures in plain.items()
            if figures
        ]
        model.objects.bulk_create(new, update_conflicts=True, unique_fields=unique, update_fields=["figures"])
        written |= {key for key, figures in plain.items() if figures}
    return written


def _portions(items: list[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(items), PORTION // 2):
        yield items[start : start + PORTION // 2]

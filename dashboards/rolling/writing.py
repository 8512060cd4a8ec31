"""Counts into rows: what is the same stays untouched, what has nothing left goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import models

from dashboards.measures import Counts
from dashboards.models import Rollup, Standing
from dashboards.rolling.tallying import Days
from ground.periods import first_day_after

PORTION = 1_000
DAY, MONTH = Rollup.Span.DAY, Rollup.Span.MONTH


def write_days(found: Days, days: Iterable[date]) -> int:
    """Rows of exactly these days, and of the months they lie in. Returns how many rows were not as they are now.

    Call in one transaction: a month is the sum of its days.
    """
    wanted_days = sorted(set(days))
    wrong = 0
    for month in sorted({day.replace(day=1) for day in wanted_days}):
        of_month = [day for day in wanted_days if day.replace(day=1) == month]
        rows = Rollup.objects.filter(span=DAY, starts_on__in=of_month)
        wanted = {(place, day): counts.plain() for (place, day), counts in found.items() if day in of_month}
        changed = _replace(rows, wanted, lambda key: Rollup(place=key[0], span=DAY, starts_on=key[1]))
        wrong += len(changed) + _write_month(month, {place for place, _ in changed})
    return wrong


def _write_month(month: date, places: set[str]) -> int:
    """The month's rows of these places, added up from their days."""
    after = first_day_after("month", month)
    summed: dict[str, Counts] = defaultdict(Counts)
    for some in _portions(sorted(places)):
        rows = Rollup.objects.filter(
            place__in=some, span=DAY, starts_on__gte=month, starts_on__lt=after
        ).values_list("place", "figures")
        for place, figures in rows:
            summed[place].take(figures)
    stored = Rollup.objects.filter(span=MONTH, starts_on=month, place__in=places)
    wanted = {(place, month): counts.plain() for place, counts in summed.items()}
    return len(_replace(stored, wanted, lambda key: Rollup(place=key[0], span=MONTH, starts_on=key[1])))


def write_standing(kind: str, day: date, found: Mapping[str, Counts]) -> int:
    """The rows of one kind of standing on one day. Returns how many were not as they are now."""
    rows = Standing.objects.filter(kind=kind, day=day)
    wanted = {(place, day): counts.plain() for place, counts in found.items()}
    return len(_replace(rows, wanted, lambda key: Standing(place=key[0], kind=kind, day=key[1])))


Key = tuple[str, date]


def _replace(rows: models.QuerySet[Any], wanted: Mapping[Key, dict[str, int]], new: Any) -> set[Key]:
    """Make the stored rows those that are wanted. Returns the keys that differed."""
    on = "starts_on" if rows.model is Rollup else "day"
    wanted = {key: figures for key, figures in wanted.items() if figures}
    changed, gone, seen = [], [], set()
    for row in rows.iterator(PORTION):
        key = (row.place, getattr(row, on))
        seen.add(key)
        figures = wanted.get(key)
        if figures is None:
            gone.append((row.pk, key))
        elif figures != row.figures:
            row.figures = figures
            changed.append((row, key))
    missing = [key for key in wanted if key not in seen]
    manager = rows.model._default_manager
    manager.bulk_update([row for row, _ in changed], ["figures"], batch_size=PORTION // 2)
    for some in _portions([pk for pk, _ in gone]):
        manager.filter(pk__in=some).delete()
    manager.bulk_create([_filled(new(key), wanted[key]) for key in missing], batch_size=PORTION)
    return {key for _, key in changed} | {key for _, key in gone} | set(missing)


def _filled(row: Any, figures: dict[str, int]) -> Any:
    row.figures = figures
    return row


def _portions(items: list[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(items), PORTION // 2):
        yield items[start : start + PORTION // 2]

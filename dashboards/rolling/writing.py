"""Counts into rows: what is the same stays untouched, what has nothing left goes. Call in one transaction.

Days are counted; a month is the sum of its days, a year the sum of its months as they are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q

from dashboards.measures import Counts
from dashboards.models import Rollup, Standing
from dashboards.rolling.tallying import Days
from ground.periods import first_day, first_day_after

PORTION = 1_000
DAY, MONTH, YEAR = Rollup.Span.DAY, Rollup.Span.MONTH, Rollup.Span.YEAR
#: What a span is added up from.
PARTS: dict[str, str] = {MONTH: DAY, YEAR: MONTH}

Key = tuple[str, date]
Wanted = Mapping[Key, Counts]


def write_month(month: date, found: Days) -> int:
    """The rows of a month: its days, and the month as their sum. Returns how many were not as they are now.

    The year is left as it is: a round that counts many months adds it up once (`write_year`).
    """
    days = _parts_of(MONTH, month)
    changed = _replace(days, found, span=DAY)
    summed: dict[Key, Counts] = defaultdict(Counts)
    for (place, _), counts in found.items():
        summed[place, month].take(counts)
    months = Rollup.objects.filter(span=MONTH, starts_on=month)
    return len(changed) + len(_replace(months, summed, span=MONTH))


def write_days(month: date, days: list[date], found: Days) -> int:
    """Rows of these days of a month, and month and year anew where they changed. Returns how many rows changed.

    `found` may hold other days as well.
    """
    wanted = {key: counts for key, counts in found.items() if key[1] in days}
    changed = _replace(Rollup.objects.filter(span=DAY, starts_on__in=days), wanted, span=DAY)
    places = {place for place, _ in changed}
    return len(changed) + _sum_up(MONTH, month, places) + _sum_up(YEAR, first_day(YEAR, month), places)


def write_year(year: date) -> int:
    """The rows of a year, from its months. Returns how many were not as they are now."""
    stored = Rollup.objects.filter(span=YEAR, starts_on=year)
    places = {*_places(stored), *_places(_parts_of(YEAR, year))}
    return _sum_up(YEAR, year, places)


def _sum_up(span: str, start: date, places: Iterable[str]) -> int:
    """The rows of these places, added up from their parts as they are stored. Returns how many changed."""
    return sum(
        len(_replace(Rollup.objects.filter(span=span, starts_on=start, place__in=some), summed, span=span))
        for some, summed in sums(span, start, places)
    )


def sums(span: str, start: date, places: Iterable[str]) -> Iterator[tuple[list[str], Wanted]]:
    """Of a few hundred places at a time: what their months of a year, or days of a month, add up to as stored."""
    for some in _portions(sorted(places)):
        summed: dict[Key, Counts] = defaultdict(Counts)
        parts = _parts_of(span, start).filter(place__in=some)
        for place, figures in parts.order_by().values_list("place", "figures").iterator(PORTION):
            summed[place, start].take(figures)
        yield some, summed


def _parts_of(span: str, start: date) -> models.QuerySet[Rollup]:
    after = first_day_after(span, start)
    return Rollup.objects.filter(span=PARTS[span], starts_on__gte=start, starts_on__lt=after)


def _places(rows: models.QuerySet[Rollup]) -> Iterable[str]:
    return rows.order_by().values_list("place", flat=True).distinct()


def write_standing(kind: str, day: date, found: Mapping[str, Counts]) -> int:
    """The rows of one kind of standing on one day. Returns how many were not as they are now."""
    rows = Standing.objects.filter(kind=kind, day=day)
    return len(_replace(rows, {(place, day): counts for place, counts in found.items()}, kind=kind))


def drop_outside(first: date, after: date, today: date) -> int:
    """Rows of days on which nothing is left to be counted, and standings of days that a wrong clock had seen."""
    # The year of the first month may begin before it.
    outside = Q(starts_on__lt=first_day(YEAR, first)) | Q(starts_on__lt=first) & ~Q(span=YEAR)
    outside |= Q(starts_on__gte=after)
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


def _portions(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), PORTION // 2):
        yield items[start : start + PORTION // 2]

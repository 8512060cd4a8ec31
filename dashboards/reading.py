"""Rollups of places in spans of days: whole years as years, whole months as months, the days at the edges one by one.
One query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import orjson
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from dashboards.measures import Counts
from dashboards.models import Rollup, RollupState, Standing
from dashboards.periods import Window
from ground import clock
from ground.kept import A_DAY, Kept
from ground.periods import first_day, first_day_after

DAY, MONTH, YEAR = Rollup.Span.DAY, Rollup.Span.MONTH, Rollup.Span.YEAR
Cut = tuple[str, date, date]  # span, first, after


def read(places: Iterable[str], *windows: Window) -> list[dict[str, Counts]]:
    """For each window: place → what happened there in it. Places without anything have empty counts."""
    cuts = [_cut(window.first, window.after) for window in windows]
    found: list[dict[str, Counts]] = [defaultdict(Counts) for _ in windows]
    where = _where({cut for each in cuts for cut in each})
    rows = Rollup.objects.filter(where, place__in=list(places)).order_by()
    for place, span, starts_on, figures in rows.values_list("place", "span", "starts_on", "figures"):
        for each, into in zip(cuts, found, strict=True):
            if _lies_in(span, starts_on, each):
                into[place].take(figures)
    return found


def gather(asked: Sequence[tuple[Iterable[str], Window]]) -> list[dict[str, Counts]]:
    """For each (places, window): place → what happened there in it. One query, however many are asked for:
    a page asks for its own place in many windows, and for its children in one. What is asked for twice (a period and
    its place in the drawing) is added up once and shared."""
    places_and_cuts = [(frozenset(places), tuple(_cut(each.first, each.after))) for places, each in asked]
    wanted = list(dict.fromkeys(places_and_cuts))
    found: list[dict[str, Counts]] = [defaultdict(Counts) for _ in wanted]
    where = Q(pk__in=[])
    for places in {places for places, _ in wanted if places}:
        of_places = {cut for each, cuts in wanted if each == places for cut in cuts}
        where |= Q(place__in=sorted(places)) & _where(_joined(of_places))
    # A year of many places is a megabyte of figures: read as text, they are told apart several times faster.
    rows = Rollup.objects.filter(where).order_by().annotate(text=Cast("figures", TextField()))
    # Thousands of rows lie in a few hundred days: into what a day falls is asked once.
    falls: dict[tuple[str, date], list[int]] = {}
    for place, span, starts_on, text in rows.values_list("place", "span", "starts_on", "text"):
        if (day := (span, starts_on)) not in falls:
            falls[day] = [n for n, (_, cuts) in enumerate(wanted) if _lies_in(span, starts_on, cuts)]
        figures = orjson.loads(text)
        for n in falls[day]:
            if place in wanted[n][0]:
                found[n][place].take(figures)
    by_wish = dict(zip(wanted, found, strict=True))
    return [by_wish[each] for each in places_and_cuts]


def series(place: str, span: str, first: date, after: date) -> dict[date, Counts]:
    """Start of a day or month → what happened in one place, of those where anything did. One query."""
    rows = Rollup.objects.filter(place=place, span=span, starts_on__gte=first, starts_on__lt=after)
    return {starts_on: Counts(figures) for starts_on, figures in rows.values_list("starts_on", "figures")}


def stand_now(places: Iterable[str]) -> dict[str, Counts]:
    """place → how it stands at the last round: all kinds together. Two queries with `as_of`."""
    return stand_at(places, as_of())


def stand_at(places: Iterable[str], moment: datetime | None) -> dict[str, Counts]:
    """The same of the round at that moment: one query; nothing before the first round."""
    found: dict[str, Counts] = defaultdict(Counts)
    if moment is None or not (wanted := list(places)):
        return found
    day, kept = clock.day_of(moment), next((each for most, each in _STANDING if len(wanted) <= most), None)
    rows = _standing(wanted, day) if kept is None else kept(places=wanted, day=day)
    for row in rows:
        found[row.place].take(row.figures)
    return found


def _standing(places: Sequence[str], day: date) -> QuerySet[Standing]:
    return Standing.objects.filter(place__in=places, day=day).order_by()


#: By how many places are asked for: a page asks for its own, its children and its peers.
_STANDING = [
    (most, Kept(_standing, places=tuple(f"nowhere{number}" for number in range(most)), day=A_DAY))
    for most in (16, 64, 256)
]


def as_of() -> datetime | None:
    """The moment as of which the rollups say what they say; None before the first round."""
    return RollupState.objects.filter(pk=1).values_list("as_of", flat=True).first()


def _cut(first: date, after: date) -> list[Cut]:
    """A span of days as whole years with months before and after them, and days before and after those."""
    month, last_month = _whole("month", first, after)
    if month >= last_month:
        return [(DAY, first, after)]
    year, last_year = _whole("year", month, last_month)
    if year >= last_year:
        year = last_year = last_month
    cuts = [
        (DAY, first, month), (MONTH, month, year), (YEAR, year, last_year), (MONTH, last_year, last_month),
        (DAY, last_month, after),
    ]  # fmt: skip
    return [cut for cut in cuts if cut[1] < cut[2]]


def _whole(kind: str, first: date, after: date) -> tuple[date, date]:
    """Where the first whole period of that kind begins, and where the last one ends; none where that is earlier."""
    begun = first_day(kind, first)
    return (begun if begun == first else first_day_after(kind, first)), first_day(kind, after)


def _where(cuts: set[Cut]) -> Q:
    query = Q(pk__in=[])
    for span, first, after in sorted(cuts):
        query |= Q(span=span, starts_on__gte=first, starts_on__lt=after)
    return query


def _joined(cuts: set[Cut]) -> set[Cut]:
    """Cuts of one span that touch or overlap, as one."""
    joined: list[Cut] = []
    for span, first, after in sorted(cuts):
        if joined and joined[-1][0] == span and first <= joined[-1][2]:
            joined[-1] = (span, joined[-1][1], max(after, joined[-1][2]))
        else:
            joined.append((span, first, after))
    return set(joined)


def _lies_in(span: str, starts_on: date, cuts: Sequence[Cut]) -> bool:
    return any(span == each and first <= starts_on < after for each, first, after in cuts)

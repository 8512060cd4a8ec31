"""The proof that rollups equal the rows: counted once more by the database (`counting`), and compared.

Stored figures are as of the last round: work that was done since shows as a difference until the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min

from dashboards.measures import together
from dashboards.models import Rollup, RollupState, Standing
from dashboards.rolling import changes
from dashboards.rolling.proving.counting import Around, Found
from dashboards.rolling.proving.happened import happened
from dashboards.rolling.proving.stood import stood
from dashboards.rolling.writing import sums
from ground import clock
from ground.periods import first_day, first_day_after

DAY, MONTH, YEAR = Rollup.Span.DAY, Rollup.Span.MONTH, Rollup.Span.YEAR
Rows = Mapping[tuple[str, date], Mapping[str, int]]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One figure that is stored otherwise than it is counted. `what`: a span, or a kind of standing."""

    what: str
    place: str
    on: date
    measure: str
    stored: int
    counted: int

    def __str__(self) -> str:
        return f"{self.what} {self.on} {self.place} {self.measure}：存的是 {self.stored}，数出来是 {self.counted}"


def differences(at: datetime | None = None, at_once: int = 1) -> list[Difference]:
    """Everything that is stored, against the rows. `at`: as of when it was counted (default: the last round).

    at_once: so many months in one go; more than one is quicker where there are few rows, and holds more in memory.
    """
    at = at or as_of()
    around, all_ = Around(), months()
    found: list[Difference] = []
    for begin in range(0, len(all_), at_once):
        found += _of_months(all_[begin : begin + at_once], at, around)
    return [*found, *of_years(), *of_standings(at, around)]


def as_of() -> datetime:
    return RollupState.objects.filter(pk=1).values_list("as_of", flat=True).first() or clock.now()


def months(first: date | None = None, last: date | None = None) -> list[date]:
    """The firsts of the months to be proved: those with rows, those with rollups, or those asked for."""
    begin, after = changes.extent()
    kept = Rollup.objects.exclude(span=YEAR).aggregate(first=Min("starts_on"), last=Max("starts_on"))
    if kept["first"] is not None:
        begin, after = min(begin, kept["first"]), max(after, kept["last"] + timedelta(days=1))
    return changes.months((first or begin, last + timedelta(days=1) if last else after))


def of_month(month: date, at: datetime, around: Around) -> Iterator[Difference]:
    """The days of a month, and the month."""
    return _of_months([month], at, around)


def _of_months(some: list[date], at: datetime, around: Around) -> Iterator[Difference]:
    """Months one after another without a gap."""
    after = first_day_after("month", some[-1])
    counted = happened(some[0], after, at, around)
    rows = Rollup.objects.filter(starts_on__gte=some[0], starts_on__lt=after).order_by()
    yield from _compare(DAY, _stored(rows.filter(span=DAY)), _plain(counted))
    yield from _compare(MONTH, _stored(rows.filter(span=MONTH)), _summed(counted))


def of_years() -> Iterator[Difference]:
    """Every year against its months as they are stored: those are proved against the rows."""
    rows = Rollup.objects.exclude(span=DAY).order_by()
    for year in sorted(
        {first_day("year", day) for day in rows.values_list("starts_on", flat=True).distinct()}
    ):
        of_year = rows.filter(starts_on__gte=year, starts_on__lt=first_day_after("year", year))
        places = set(of_year.values_list("place", flat=True).distinct())
        for some, summed in sums(YEAR, year, places):
            stored = _stored(of_year.filter(span=YEAR, place__in=some))
            yield from _compare(YEAR, stored, {key: counts.plain() for key, counts in summed.items()})


def of_standings(at: datetime, around: Around) -> Iterator[Difference]:
    """How places stand on the day of the last round."""
    day = clock.day_of(at)
    for kind in Standing.Kind.values:
        counted = {(place, day): counts.plain() for place, counts in stood(kind, at, around).items()}
        rows = Standing.objects.filter(kind=kind, day=day).order_by()
        stored = {(place, day): figures for place, figures in rows.values_list("place", "figures")}
        yield from _compare(kind, stored, counted)


def _stored(rows: object) -> Rows:
    found = rows.values_list("place", "starts_on", "figures").iterator(2_000)  # type: ignore[attr-defined]
    return {(place, day): figures for place, day, figures in found}


def _plain(found: Found) -> Rows:
    return {key: counts.plain() for key, counts in found.items()}


def _summed(found: Found) -> Rows:
    parts: dict[tuple[str, date], list[Mapping[str, int]]] = {}
    for (place, day), counts in found.items():
        parts.setdefault((place, day.replace(day=1)), []).append(counts)
    return {key: together(each).plain() for key, each in parts.items()}


def _compare(what: str, stored: Rows, counted: Rows) -> Iterator[Difference]:
    for key in sorted(stored.keys() | counted.keys()):
        here, there = stored.get(key, {}), counted.get(key, {})
        if here == there:
            continue
        for name in sorted(here.keys() | there.keys()):
            if here.get(name, 0) != there.get(name, 0):
                yield Difference(what, *key, name, here.get(name, 0), there.get(name, 0))

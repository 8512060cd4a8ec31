"""How long it takes: submitted → first contact, accepted → resolved. The median, and what nine of ten stay below.

In hours of the wall clock, from the columns alone: nights, holidays and the days during which whoever asked was
asked back are in them, because that is how long people waited. After a reopening it is the last resolving that
counts, from the first accepting. What was explained by law is not among the resolved, as in the rates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
)

from ground import clock
from requests.figures.rates import OWN, conditions
from requests.models import ServiceRequest

MEDIAN, NINE_OF_TEN = 0.5, 0.9
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Times:
    """Hours, None where there is nothing to measure; `contacts` and `resolutions` say of how many."""

    contacts: int = 0
    contact_median: float | None = None
    contact_p90: float | None = None
    resolutions: int = 0
    resolve_median: float | None = None
    resolve_p90: float | None = None


def times_by(requests: QuerySet[ServiceRequest], column: Any) -> dict[Hashable, Times]:
    """One query: the times of each value of `column` (a column, or an expression)."""
    group = column if hasattr(column, "resolve_expression") else F(column)
    rows: Any = requests.filter(OWN).order_by()
    if connection.vendor != "postgresql":
        return _counted_here(rows, group)
    found = rows.values(group=group).annotate(**_aggregates())
    return {row["group"]: _hours(row) for row in found}


def times_of(requests: QuerySet[ServiceRequest]) -> Times:
    """One query: the times of all of them together."""
    return times_by(requests, Value(0)).get(0, Times())


def _spans() -> dict[str, tuple[str, str, Q]]:
    """contact, resolve → from, to, and which requests are measured."""
    done = conditions(clock.now())["done"]
    return {
        "contact": ("submitted_at", "contacted_at", Q(contacted_at__isnull=False)),
        "resolve": ("accepted_at", "resolved_at", done),
    }


# PostgreSQL knows percentiles


class _Percentile(Aggregate):
    """Seconds below which that share of the spans lies, between the two nearest where it falls between them."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM %(expressions)s))"
    output_field = FloatField()


def _aggregates() -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for name, (start, end, which) in _spans().items():
        span = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
        wanted[f"{name}_n"] = Count("pk", filter=which)
        for label, share in (("median", MEDIAN), ("p90", NINE_OF_TEN)):
            wanted[f"{name}_{label}"] = _Percentile(span, share=share, filter=which)
    return wanted


# SQLite does not: the same sum is done here, over four columns of the rows


def _counted_here(rows: Any, group: Any) -> dict[Hashable, Times]:
    kept: dict[Hashable, dict[str, list[float]]] = defaultdict(lambda: {"contact": [], "resolve": []})
    for name, (start, end, which) in _spans().items():
        pairs = rows.filter(which).annotate(_group=group).values_list("_group", start, end)
        for key, begun, ended in pairs.iterator(chunk_size=2000):
            kept[key][name].append((ended - begun).total_seconds())
    return {key: _hours(_measured(spans)) for key, spans in kept.items()}


def _measured(spans: dict[str, list[float]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, seconds in spans.items():
        row[f"{name}_n"] = len(seconds)
        row[f"{name}_median"] = percentile(seconds, MEDIAN)
        row[f"{name}_p90"] = percentile(seconds, NINE_OF_TEN)
    return row


def percentile(values: Iterable[float], share: float) -> float | None:
    """As PERCENTILE_CONT has it: between the two nearest values, by how near each is."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _hours(row: dict[str, Any]) -> Times:
    def hours(name: str) -> float | None:
        return None if row[name] is None else float(row[name]) / HOUR

    return Times(
        contacts=row["contact_n"],
        contact_median=hours("contact_median"),
        contact_p90=hours("contact_p90"),
        resolutions=row["resolve_n"],
        resolve_median=hours("resolve_median"),
        resolve_p90=hours("resolve_p90"),
    )

"""What happened on a day, counted from the rows: requests, dispatches, whistles with their claims, the ledger.

Rows pass once, with the conditions of `requests.figures` as columns; the day of a row is the city's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, IntegerField, Min, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from dashboards import histograms
from dashboards.measures import BROKEN_DOWN, BY_CATEGORY, OF_REQUESTS, Counts
from dashboards.places import Ladder, Leaf
from ground import clock
from requests.figures import conditions
from requests.models import Dispatch, RequestEvent, ServiceRequest
from requests.states import DispatchState
from volunteers.models import Claim, LedgerEntry, Whistle
from volunteers.states import LIVE, ClaimState, WhistleState

PORTION = 2_000
#: Steps that send a request on its way.
ARRANGING = ("handle", "dispatch", "whistle")
PUBLISHED = (WhistleState.OPEN, WhistleState.RUNNING, WhistleState.DONE)

Days = dict[tuple[str, date], Counts]
Span = tuple[date, date]  # first day, day after the last one


class Tally:
    """Counts of each leaf and day, spread over all places in the end."""

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder
        self._found: dict[tuple[Leaf, date], Counts] = defaultdict(Counts)

    def of(self, leaf: Leaf, day: date) -> Counts:
        return self._found[leaf, day]

    def spread(self) -> Days:
        days: Days = defaultdict(Counts)
        for (leaf, day), counts in self._found.items():
            for place in self._ladder.places(leaf):
                days[place, day].take(counts)
        return days


def tally(spans: Sequence[Span], at: datetime, ladder: Ladder) -> Days:
    """(place, day) → counts, of the days in `spans` (first, after), as of the moment `at`. Six queries."""
    found = Tally(ladder)
    _requests(found, spans, at, ladder)
    _dispatches(found, spans, ladder)
    _whistles(found, spans, ladder)
    _ledger(found, spans, ladder)
    return found.spread()


def _within(column: str, spans: Sequence[Span]) -> Q:
    """The moment in that column lies on one of the days."""
    return reduce(
        or_,
        (
            Q(**{f"{column}__gte": clock.midnight(first), f"{column}__lt": clock.midnight(after)})
            for first, after in spans
        ),
    )


# Requests

_PLACE = ("district_id", "street_id", "community_id", "grid_id", "building_id")
_MOMENTS = ("submitted_at", "accepted_at", "contacted_at", "resolved_at")


def _requests(found: Tally, spans: Sequence[Span], at: datetime, ladder: Ladder) -> None:
    rows = ServiceRequest.objects.filter(_within("submitted_at", spans), whole=None)
    arranged = dict(
        RequestEvent.objects.filter(
            _within("subject__submitted_at", spans), subject__whole=None, step__in=ARRANGING
        ).order_by().values_list("subject").annotate(first=Min("at"))
    )  # fmt: skip
    for row in _with_flags(rows, at):
        leaf = _leaf(row, ladder)
        counts = found.of(leaf, clock.day_of(row["submitted_at"]))
        _count_request(counts, row)
        _measure_times(counts, row, arranged.get(row["pk"]))


def _with_flags(rows: QuerySet[ServiceRequest], at: datetime) -> Iterator[dict[str, Any]]:
    """Every condition as a column `is_…` of 1 or 0."""
    wanted = conditions(at)
    flags = {
        f"is_{name}": Case(When(wanted[name], then=1), default=0, output_field=IntegerField())
        for name in OF_REQUESTS
    }
    columns = (*_PLACE, *_MOMENTS, *BROKEN_DOWN, "reopened", "pk")
    return rows.order_by().annotate(**flags).values(*columns, *flags).iterator(PORTION)


def _leaf(row: Mapping[str, Any], ladder: Ladder) -> Leaf:
    return Leaf(
        row["district_id"], row["street_id"], row["community_id"], row["grid_id"],
        ladder.group_of(row["building_id"]),
    )  # fmt: skip


def _count_request(counts: Counts, row: Mapping[str, Any]) -> None:
    for name in OF_REQUESTS:
        if row[f"is_{name}"]:
            counts[name] += 1
    for name in BROKEN_DOWN:
        if row[name]:
            counts[f"{name}.{row[name]}"] += 1
    for name in BY_CATEGORY:
        if row[f"is_{name}"]:
            counts[f"{name}.category.{row['category']}"] += 1
    if row["reopened"]:
        counts["reopened"] += 1


def _measure_times(counts: Counts, row: Mapping[str, Any], arranged: datetime | None) -> None:
    """Of what people asked for themselves; of resolving only what the completion rate counts (RULES 7)."""
    if not row["is_own"]:
        return
    if arranged is not None:
        counts["arranged"] += 1
    spans = (
        ("accept", row["submitted_at"], row["accepted_at"]),
        ("contact", row["submitted_at"], row["contacted_at"]),
        ("arrange", row["accepted_at"], arranged),
        ("resolve", row["accepted_at"], row["resolved_at"] if row["is_done"] else None),
    )
    for name, begun, ended in spans:
        if begun is not None and ended is not None:
            counts[histograms.measure(name, (ended - begun).total_seconds())] += 1


# Dispatches: of the day on which they were sent

_RETURNED = Q(state=DispatchState.RETURNED)


def _dispatches(found: Tally, spans: Sequence[Span], ladder: Ladder) -> None:
    rows = Dispatch.objects.filter(_within("sent_at", spans)).order_by()
    place = tuple(f"service_request__{column}" for column in _PLACE)
    for *where, sent_at, state, rejections in rows.values_list(*place, "sent_at", "state", "rejections"):
        counts = found.of(_leaf(dict(zip(_PLACE, where, strict=True)), ladder), clock.day_of(sent_at))
        counts["dispatches"] += 1
        counts["dispatches.returned"] += state == DispatchState.RETURNED
        counts["dispatches.rejected"] += rejections > 0


# Whistles: of the day on which they begin

_CLAIMS = {
    "claims": Q(state__in=LIVE),
    "claims.credited": Q(state=ClaimState.CREDITED),
    "claims.absent": Q(state=ClaimState.ABSENT),
}


def _whistles(found: Tally, spans: Sequence[Span], ladder: Ladder) -> None:
    rows = Whistle.objects.filter(_within("starts_at", spans)).order_by()
    claimed = _claims(spans)
    columns = (
        *_PLACE[:4],
        "service_request__building_id",
        "starts_at",
        "pk",
        "state",
        "kind",
        "duty_area",
        "places_max",
    )
    for row in rows.exclude(state=WhistleState.DRAFT).values(*columns).iterator(PORTION):
        row["building_id"] = row["service_request__building_id"]
        counts = found.of(_leaf(row, ladder), clock.day_of(row["starts_at"]))
        if row["state"] not in PUBLISHED:
            counts["whistles.cancelled"] += 1
            continue
        counts["whistles"] += 1
        counts["whistles.done"] += row["state"] == WhistleState.DONE
        counts[f"whistles.kind.{row['kind']}"] += 1
        counts["places"] += row["places_max"]
        counts.update(claimed.get(row["pk"], {}))


def _claims(spans: Sequence[Span]) -> dict[int, dict[str, int]]:
    counted = {f"n{place}": Count("pk", filter=which) for place, which in enumerate(_CLAIMS.values())}
    rows: Any = Claim.objects.filter(_within("whistle__starts_at", spans))
    rows = rows.order_by().values("whistle_id").annotate(**counted)
    return {row["whistle_id"]: {name: row[f"n{n}"] for n, name in enumerate(_CLAIMS)} for row in rows}


# The ledger: of the day on which was served


def _ledger(found: Tally, spans: Sequence[Span], ladder: Ladder) -> None:
    """Grouped by the database: entries are many, the whistles they belong to are few."""
    columns = (
        *_PLACE[:3], "whistle__grid_id", "whistle__service_request__building_id", "served_at", "duty_area",
    )  # fmt: skip
    rows: Any = LedgerEntry.objects.filter(_within("served_at", spans)).order_by()
    rows = rows.values(*columns).annotate(
        n_minutes=Coalesce(Sum("minutes"), 0),
        n_off_hours=Coalesce(Sum("off_hours_minutes"), 0),
        n_times=Count("claim", distinct=True, filter=Q(claim__state=ClaimState.CREDITED)),
    )
    for row in rows.iterator(PORTION):
        row["grid_id"], row["building_id"] = row[columns[3]], row[columns[4]]
        counts = found.of(_leaf(row, ladder), clock.day_of(row["served_at"]))
        counts["minutes"] += row["n_minutes"]
        counts["off_hours_minutes"] += row["n_off_hours"]
        counts["times"] += row["n_times"]
        counts[f"minutes.duty.{row['duty_area']}"] += row["n_minutes"]

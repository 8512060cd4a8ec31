"""What happened in a month, counted by the database."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncDate

from dashboards import histograms
from dashboards.measures import BROKEN_DOWN, BY_CATEGORY, OF_REQUESTS
from dashboards.rolling.proving.counting import Around, Columns, Found, Tables
from dashboards.rolling.tallying import ARRANGING, PUBLISHED
from ground import clock
from requests.figures import OWN, conditions
from requests.models import Dispatch, RequestEvent, ServiceRequest
from requests.states import DispatchState
from volunteers.models import Claim, LedgerEntry, Whistle
from volunteers.states import LIVE, ClaimState, WhistleState

#: Where the bins of histograms end, in seconds.
EDGES = [histograms.GROWTH**power for power in range(1, 400)]
REQUESTS = Columns(group="building__group")
DISPATCHES = Columns(
    "service_request__", "service_request__grid", "service_request__grid__branch",
    "service_request__building__group",
)  # fmt: skip
WHISTLES = Columns(group="service_request__building__group")
CLAIMS = Columns(
    "whistle__", "whistle__grid", "whistle__grid__branch", "whistle__service_request__building__group"
)
ENTRIES = Columns("", CLAIMS.grid, CLAIMS.branch, CLAIMS.group)


def happened(first: date, after: date, at: datetime, around: Around) -> Found:
    """(place, day) → counts of the days from `first` to the one before `after`, as of the moment `at`."""
    span = clock.midnight(first), clock.midnight(after) - timedelta(microseconds=1)
    tables = Tables(around)
    _requests(tables, ServiceRequest.objects.filter(whole=None, submitted_at__range=span), at)
    _dispatches(tables, Dispatch.objects.filter(sent_at__range=span))
    _whistles(tables, span)
    _ledger(tables, LedgerEntry.objects.filter(served_at__range=span))
    return tables.found


def _requests(tables: Tables, rows: Any, at: datetime) -> None:
    wanted = conditions(at)
    sent = RequestEvent.objects.filter(subject=OuterRef("pk"), step__in=ARRANGING).order_by()
    counted = {name: Count("pk", filter=wanted[name]) for name in OF_REQUESTS}
    counted["reopened"] = Count("pk", filter=Q(reopened__gt=0))
    counted["arranged"] = Count("pk", filter=OWN & Q(is_sent=True))
    tables.count(rows.annotate(is_sent=Exists(sent)), REQUESTS, counted, moment="submitted_at")
    for column in BROKEN_DOWN:
        tables.count(rows, REQUESTS, {column: Count("pk")}, moment="submitted_at", by=column)
    badly = {f"{name}.category": Count("pk", filter=wanted[name]) for name in BY_CATEGORY}
    tables.count(rows, REQUESTS, badly, moment="submitted_at", by="category")
    first = sent.values("subject").annotate(first=Min("at")).values("first")
    _times(tables, rows.filter(OWN).annotate(sent_first=Subquery(first)), wanted["done"])


def _times(tables: Tables, rows: Any, done: Q) -> None:
    columns, places = tables.places_of(REQUESTS)
    spans = {
        "accept": ("submitted_at", "accepted_at", Q()),
        "contact": ("submitted_at", "contacted_at", Q()),
        "arrange": ("accepted_at", "sent_first", Q()),
        "resolve": ("accepted_at", "resolved_at", done),
    }
    for name, (begun, ended, which) in spans.items():
        measured = rows.filter(which, **{f"{begun}__isnull": False, f"{ended}__isnull": False}).order_by()
        days = measured.annotate(_day=TruncDate("submitted_at"))
        for day, start, end, *values in days.values_list("_day", begun, ended, *columns).iterator(2_000):
            place = bisect_right(EDGES, (end - start).total_seconds())
            for each in places(tuple(values)):
                tables.found[each, day][f"{name}{histograms.SIGN}{place}"] += 1


def _dispatches(tables: Tables, rows: Any) -> None:
    counted = {
        "dispatches": Count("pk"),
        "dispatches.returned": Count("pk", filter=Q(state=DispatchState.RETURNED)),
        "dispatches.rejected": Count("pk", filter=Q(rejections__gt=0)),
    }
    tables.count(rows, DISPATCHES, counted, moment="sent_at")


def _whistles(tables: Tables, span: tuple[datetime, datetime]) -> None:
    rows = Whistle.objects.filter(starts_at__range=span)
    published = Q(state__in=PUBLISHED)
    counted = {
        "whistles": Count("pk", filter=published),
        "whistles.cancelled": Count("pk", filter=Q(state=WhistleState.CANCELLED)),
        "whistles.done": Count("pk", filter=Q(state=WhistleState.DONE)),
        "places": Sum("places_max", filter=published),
    }
    tables.count(rows, WHISTLES, counted, moment="starts_at")
    tables.count(
        rows.filter(published), WHISTLES, {"whistles.kind": Count("pk")}, moment="starts_at", by="kind"
    )
    claims = Claim.objects.filter(whistle__starts_at__range=span, whistle__state__in=PUBLISHED)
    said = {
        "claims": Count("pk", filter=Q(state__in=LIVE)),
        "claims.credited": Count("pk", filter=Q(state=ClaimState.CREDITED)),
        "claims.absent": Count("pk", filter=Q(state=ClaimState.ABSENT)),
    }
    tables.count(claims, CLAIMS, said, moment="whistle__starts_at")


def _ledger(tables: Tables, rows: Any) -> None:
    counted = {
        "minutes": Sum("minutes"),
        "off_hours_minutes": Sum("off_hours_minutes"),
        "times": Count(F("claim"), distinct=True, filter=Q(claim__state=ClaimState.CREDITED)),
    }
    tables.count(rows, ENTRIES, counted, moment="served_at")
    tables.count(rows, ENTRIES, {"minutes.duty": Sum("minutes")}, moment="served_at", by="duty_area")

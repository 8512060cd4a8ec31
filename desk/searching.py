"""Lists of requests: words, filters that stay in the URL, and pages that stay fast however long the list is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboards.areas import area_of
from grids.models import Grid
from grids.scope import grid_ids
from ground import clock
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of
from requests.figures import NAMES, conditions
from requests.models import Category, Dispatch, Photo, ServiceRequest
from requests.states import LIVE, DispatchState, State, Track
from volunteers.models import Whistle
from volunteers.states import WhistleState

PAGE = 30  # rows

#: What a row of a list shows, in one query; numbers stay sealed.
_SHOWN = (
    "category",
    "grid",
    "building",
    "handler",
    "submitter",
    "responsible",
    "supervised_by",
    "consent_at",
)
#: What narrows the work list and the list of everything, besides the words.
FILTERS = ("q", "grid", "category", "source", "track", "state", "mark")
#: 上报、督办、重办: how a request left its straight road.
MARKS = {
    "escalated": ("上级在办", Q(community__isnull=False) & ~Q(handler=F("community"))),
    "supervised": ("督办", Q(supervised_at__isnull=False)),
    "reopened": ("重办", Q(reopened__gt=0)),
    "urged": ("催办", Q(urges__gt=0)),
}


def for_rows(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """With everything that a row says: no query a row, no phone number opened."""
    merged = ServiceRequest.objects.filter(merged_into=OuterRef("pk"), state=State.MERGED)
    heard = Whistle.objects.filter(
        service_request=OuterRef("pk"), state__in=(WhistleState.OPEN, WhistleState.RUNNING)
    )
    sent = Dispatch.objects.filter(service_request=OuterRef("pk"))
    return (
        rows.select_related(*_SHOWN)
        .defer("submitter__phone", "responsible__phone", "grid__boundary")
        .annotate(
            photo_count=_number_of(Photo.objects.filter(service_request=OuterRef("pk")), "service_request"),
            merged_count=_number_of(merged, "merged_into"),
            is_heard=Exists(heard.order_by()),
            is_sent=Exists(sent.filter(state__in=LIVE).order_by()),
            is_answered=Exists(sent.filter(state=DispatchState.ANSWERED).order_by()),
        )
    )


def _number_of(rows: QuerySet[Any], field: str) -> Any:
    counted = rows.order_by().values(field).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def found_by(rows: QuerySet[ServiceRequest], query: Mapping[str, str]) -> QuerySet[ServiceRequest]:
    """The rows that satisfy words and filters of the URL; what makes no sense there is ignored."""
    if words := query.get("q", "").replace("\0", " ").strip()[:60]:
        rows = rows.filter(
            Q(number__icontains=words)
            | Q(title__icontains=words)
            | Q(text__icontains=words)
            | Q(address__icontains=words)
            | Q(building__name__icontains=words)
        )
    if grid := number_of(query.get("grid")):
        rows = rows.filter(Q(grid=grid) | Q(grid__parent=grid) | Q(grid__parent__parent=grid))
    if category := number_of(query.get("category")):
        rows = rows.filter(category=category)
    if query.get("source") in ServiceRequest.Source.values:
        rows = rows.filter(source=query["source"])
    if query.get("state") in State.values:
        rows = rows.filter(state=query["state"])
    if query.get("track") in Track.values:
        rows = rows.filter(track=query["track"])
    if mark := MARKS.get(query.get("mark", "")):
        rows = rows.filter(mark[1])
    return _as_counted(rows, query)


def _as_counted(rows: QuerySet[ServiceRequest], query: Mapping[str, str]) -> QuerySet[ServiceRequest]:
    """The filters by which a figure of a dashboard opens its rows: which, within, handler, from, to."""
    if (which := query.get("which")) in NAMES:
        rows = rows.filter(conditions(clock.now())[which])
    if within := number_of(query.get("within")):
        node = Organization.objects.filter(pk=within).first()
        rows = rows.filter(area_of(node).requests) if node else rows.none()
    if handler := number_of(query.get("handler")):
        rows = rows.filter(handler=handler)
    if first := day_of(query.get("from")):
        rows = rows.filter(submitted_at__gte=clock.midnight(first))
    if last := day_of(query.get("to")):
        rows = rows.filter(submitted_at__lt=clock.midnight(last + timedelta(days=1)))
    return rows


def grids_to_choose(user: Any) -> list[tuple[int, str]]:
    """The grids by which the user may narrow a list: those of a seat at a community, or of a grid duty."""
    seats = scope_of(user).seats(Power.HANDLE)
    mine = Q(community__in=seats, tier__lte=Grid.Tier.SECOND) if seats else Q(pk__in=[])
    if own := grid_ids(user, Power.HANDLE):
        mine |= Q(pk__in=own)
    rows = Grid.objects.filter(mine).order_by("tier", "code").values_list("pk", "name")
    return list(rows[:200])


def categories_to_choose() -> list[tuple[int, str]]:
    return list(Category.objects.filter(is_open=True).values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """A page of a long list: where the next one begins, not how many there are."""

    rows: list[ServiceRequest]
    next_key: str
    is_first: bool


def page_after(rows: QuerySet[ServiceRequest], key: str) -> KeysetPage:
    """The rows after `key`, newest first; an unreadable key gives the first page."""
    start = _read_key(key)
    if start is not None:
        at, pk = start
        # The first condition is implied by the second: it is there for the index.
        rows = rows.filter(submitted_at__lte=at).filter(Q(submitted_at__lt=at) | Q(pk__lt=pk))
    taken = list(rows.order_by("-submitted_at", "-id")[: PAGE + 1])
    shown = taken[:PAGE]
    more = len(taken) > PAGE
    return KeysetPage(shown, _write_key(shown[-1]) if more else "", start is None)


def _write_key(last: ServiceRequest) -> str:
    return f"{last.submitted_at.timestamp():.6f}-{last.pk}"


def _read_key(key: str) -> tuple[datetime, int] | None:
    moment, _, pk = key.partition("-")
    number = number_of(pk)
    try:
        at = datetime.fromtimestamp(float(moment), tz=timezone.get_default_timezone())
    except (ValueError, OverflowError, OSError):
        return None
    return (at, number) if number is not None and 2000 <= at.year < 2200 else None


def number_of(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 16 else None


def day_of(value: str | None) -> date | None:
    """The day that the URL names, if it lies within the years of any platform: the edges of the calendar break."""
    try:
        day = date.fromisoformat(value or "")
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None

"""The work list: which requests wait for whom, in tabs that count open rows only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from grids.scope import grid_ids
from ground import clock
from organizations.posts import Power
from organizations.scope import scope_of
from requests.models import Hold, ServiceRequest
from requests.states import BAD_RATING, OPEN, State
from volunteers.models import Whistle
from volunteers.states import WhistleState

#: How long a bad rating stays on the list: as long as the submitter may reopen it (RULES 1).
REOPENING = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Tab:
    """One heap of work: what it is called, what it says when it is empty, the colour of its count."""

    key: str
    label: str
    empty: str
    state: str = ""


TABS = (
    Tab("new", "待受理", "新的点单都受理了。"),
    Tab("hand", "我在办", "你手上没有在办的点单。"),
    Tab("today", "今天到期", "今天没有到期的点单。", "soon"),
    Tab("overdue", "已超时", "没有超时的点单。", "late"),
    Tab("waiting", "等别人", "没有在等别人的点单。"),
    Tab("unsatisfied", "不满意", "近 15 天没有不满意的评价。", "late"),
)


def work_of(user: Any) -> QuerySet[ServiceRequest]:
    """What the user's posts have to act on: handled where they sit, or in the grids of their duty."""
    scope = scope_of(user)
    seats = scope.seats(Power.HANDLE) | scope.seats(Power.VERIFY)
    mine = Q(handler__in=seats) if seats else Q(pk__in=[])
    if grids := grid_ids(user, Power.HANDLE):
        mine |= Q(grid__in=grids, handler=F("community"))
    return ServiceRequest.objects.filter(mine)


def in_tab(key: str, user: Any, at: datetime) -> QuerySet[ServiceRequest]:
    """The requests under one tab, the most pressing first."""
    rows = _marked(work_of(user)).filter(_conditions(user, at)[key])
    if key == "unsatisfied":
        return rows.order_by("-ended_at", "-id")
    return rows.order_by("due", "id")


def counts(user: Any) -> dict[str, int]:
    """Tab → how many. One query, kept for the HTTP request: the menu asks as well."""
    cache = getattr(user, "scope_cache", None)
    if cache is not None and "work_counts" in cache:
        return cache["work_counts"]
    wanted = _conditions(user, clock.now())
    alive = _marked(work_of(user)).filter(Q(state__in=OPEN) | wanted["unsatisfied"])
    found = alive.aggregate(**{key: Count("pk", filter=condition) for key, condition in wanted.items()})
    if cache is not None:
        cache["work_counts"] = found
    return found


def _marked(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """With `is_waiting`: somebody else has it in hand, be it a whistle or whatever holds it."""
    heard = Whistle.objects.filter(
        service_request=OuterRef("pk"), state__in=(WhistleState.OPEN, WhistleState.RUNNING)
    )
    return rows.annotate(
        is_heard=Exists(heard), is_held=Exists(Hold.objects.filter(service_request=OuterRef("pk")))
    )


def _conditions(user: Any, at: datetime) -> dict[str, Q]:
    under_way = Q(state__in=[State.ACCEPTED, State.IN_PROGRESS])
    elsewhere = Q(is_heard=True) | Q(is_held=True)
    mine = Q(responsible=user) & ~elsewhere
    midnight = clock.midnight(timezone.localdate(at) + timedelta(days=1))
    return {
        "new": Q(state=State.SUBMITTED),
        "hand": under_way & mine,
        "today": Q(state__in=OPEN, due__gte=at, due__lt=midnight),
        "overdue": Q(state__in=OPEN, due__lt=at),
        "waiting": under_way & (elsewhere | ~Q(responsible=user) | Q(responsible=None)),
        "unsatisfied": Q(state=State.CLOSED, rating__satisfied__lte=BAD_RATING, ended_at__gte=at - REOPENING),
    }


def headline(found: dict[str, int]) -> str:
    """What matters most, in one line."""
    parts = []
    if found["overdue"]:
        parts.append(f"{found['overdue']} 件已超时")
    if found["today"]:
        parts.insert(0, f"{found['today']} 件今天到期")
    if parts:
        return "，".join(parts)
    if found["new"]:
        return f"{found['new']} 件等你受理，今天没有到期的"
    under_way = found["hand"] + found["waiting"]
    return f"{under_way} 件在办，今天没有到期的" if under_way else "手上的事都办完了"

"""The work list: which requests wait for whom, in tabs that count by partial indexes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboards.patterns import reading as patterns
from desk import prepared, seats
from ground import clock
from organizations.posts import Power
from organizations.scope import scope_of
from requests import dispatching
from requests.models import Dispatch, Hold, ServiceRequest
from requests.states import BAD_RATING, OPEN, DispatchState, State
from volunteers.models import Whistle
from volunteers.states import WhistleState

_UNDER_WAY = (State.ACCEPTED, State.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Tab:
    """One heap of work: what it is called, what it says when it is empty, the colour of its count."""

    key: str
    label: str
    empty: str
    state: str = ""


TABS = (
    Tab("new", "待受理", "新的点单都受理了。"),
    Tab("takeover", "上报来的", "没有等你们接手的点单。"),
    Tab("mine", "我在办", "你手上没有在办的点单。"),
    Tab("today", "今天到期", "今天没有到期的点单。", "soon"),
    Tab("overdue", "已超时", "没有超时的点单。", "late"),
    Tab("waiting", "等别人", "没有在等别人的点单。"),
    Tab("unsatisfied", "不满意", "近期没有不满意的评价。", "late"),
    Tab("consent", "待我同意", "没有等你同意的事。", "soon"),
    Tab("supervised", "督办", "没有你们督办的点单。"),
    Tab("callback", "待回访", "没有等回访的点单。"),
    Tab("reopened", "重办", "没有要求重办的点单。"),
)
BY_KEY = {tab.key: tab for tab in TABS}
_DAILY = ("new", "mine", "today", "overdue", "waiting", "unsatisfied")
_DAILY_ABOVE = ("takeover", "mine", "today", "overdue", "waiting", "supervised", "consent")
#: What the user himself has to act on: the number in the menu.
_TO_DO = ("new", "takeover", "mine", "consent", "callback")


def work_of(user: Any) -> QuerySet[ServiceRequest]:
    """What the user's posts handle: where they sit, or in the grids of their duty."""
    return ServiceRequest.objects.filter(seats.handled(user))


def in_tab(key: str, user: Any, at: datetime) -> QuerySet[ServiceRequest]:
    """The requests under one tab: supervised and urged ones on top, then the most pressing."""
    rows = _heaps(user, at)[key]
    if key == "unsatisfied":
        return rows.order_by("-ended_at", "-id")
    if key == "callback":
        return rows.order_by("lapse_due", "id")
    return rows.alias(pressed=_pressed()).order_by("-pressed", F("due").asc(nulls_last=True), "id")


def _pressed() -> Case:
    return Case(
        When(supervised_at__isnull=False, then=Value(2)),
        When(urges__gt=0, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def counts(user: Any) -> dict[str, int]:
    """Tab → how many. One query, kept for the HTTP request: the menu asks as well."""
    found = _counted(user)
    return {tab.key: found[tab.key] for tab in TABS}


def proposals(user: Any) -> int:
    """How many clusters of requests the user's seats may file as 未诉先办; counted by the same query."""
    return _counted(user)["patterns"]


def _counted(user: Any) -> dict[str, int]:
    cache = getattr(user, "scope_cache", None)
    if cache is not None and "work_counts" in cache:
        return cache["work_counts"]
    counted = prepared.numbers("work", user, lambda: _numbers(user))
    if cache is not None:
        cache["work_counts"] = counted
    return counted


def _numbers(user: Any) -> dict[str, Any]:
    found = {key: _how_many(rows) for key, rows in _heaps(user, clock.now()).items()}
    return found | {"patterns": _how_many(patterns.awaiting(user))}


def _how_many(rows: QuerySet[Any]) -> Any:
    """The number of rows as a part of another query, so that each heap finds its own index."""
    counted = rows.order_by().annotate(_one=Value(1)).values("_one").annotate(_n=Count("pk")).values("_n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _heaps(user: Any, at: datetime) -> dict[str, QuerySet[ServiceRequest]]:
    rows = ServiceRequest.objects.all()
    open_rows = rows.filter(state__in=OPEN)
    work = open_rows.filter(seats.handled(user))
    under_way = Q(state__in=_UNDER_WAY)
    to_take_over = under_way & Q(takeover_due__isnull=False)
    midnight = clock.midnight(timezone.localdate(at) + timedelta(days=1))
    here = under_way & (Q(responsible=user) | Q(responsible=None)) & Q(takeover_due=None, consent_kind="")
    in_hand = here & ~_elsewhere()
    return {
        "new": work.filter(state=State.SUBMITTED),
        "takeover": open_rows.filter(to_take_over & seats.verified(user)),
        "mine": work.filter(in_hand),
        "today": work.filter(due__gte=at, due__lt=midnight),
        "overdue": work.filter(due__lt=at),
        "waiting": work.filter(~Q(state=State.SUBMITTED) & ~(to_take_over & seats.verified(user)) & ~in_hand),
        "unsatisfied": rows.filter(_badly_rated(at) & seats.handled(user)),
        "consent": rows.filter(seats.consented(user), consent_at__isnull=False),
        "supervised": open_rows.filter(seats.supervised(user)),
        # Whoever may still rate is remembered by the platform: the clock's index leads to those few.
        "callback": rows.filter(seats.called_back(user), state=State.RESOLVED, next_at__isnull=False),
        "reopened": work.filter(reopened__gt=0),
    }


def _badly_rated(at: datetime) -> Q:
    """As long as the submitter may ask for it to be done again (RULES 1)."""
    bad = Q(rating__satisfied__lte=BAD_RATING) | Q(rating__solved=False)
    return Q(state=State.CLOSED, reopen_until__gte=at) & bad


def _elsewhere() -> Q:
    """Somebody else has it in hand: a whistle, a unit, a part, whatever else holds it.

    A dispatch that was answered waits for the sender, and so does one whose lead gave it back.
    """
    heard = Whistle.objects.filter(
        service_request=OuterRef("pk"), state__in=(WhistleState.OPEN, WhistleState.RUNNING)
    )
    sent = Dispatch.objects.filter(
        service_request=OuterRef("pk"), state__in=(DispatchState.SENT, DispatchState.ACCEPTED)
    )
    holds = Hold.objects.filter(service_request=OuterRef("pk"))
    holds = holds.exclude(key=dispatching.LEAD).exclude(key__startswith="dispatch:")
    return Q(Exists(heard.order_by())) | Q(Exists(sent.order_by())) | Q(Exists(holds))


def tabs_for(user: Any, found: dict[str, int]) -> list[Tab]:
    """The tabs that are this person's daily work, and any other that is not empty."""
    daily: tuple[str, ...] = ()
    if seats.acts(user):
        daily = _DAILY_ABOVE if seats.is_above(user) else _DAILY
    else:
        if scope_of(user).seats(Power.CONSENT):
            daily += ("consent",)
        if scope_of(user).has(Power.SUPERVISE):
            daily += ("supervised",)
    return [tab for tab in TABS if tab.key in daily or found[tab.key]]


def to_do(found: dict[str, int]) -> int:
    """What waits for the user himself."""
    return sum(found[key] for key in _TO_DO)


def headline(found: dict[str, int]) -> str:
    """What matters most, in one line."""
    if late := _late(found):
        return late
    asked = [
        (found["consent"], "件等你同意"),
        (found["takeover"], "件等你们接手"),
        (found["new"], "件等你受理"),
    ]
    if any(number for number, _ in asked):
        said = "，".join(f"{number} {words}" for number, words in asked if number)
        return f"{said}，今天没有到期的"
    under_way = found["mine"] + found["waiting"]
    if under_way:
        return f"{under_way} 件在办，今天没有到期的"
    return f"{found['supervised']} 件在督办，没有等你同意的" if found["supervised"] else "手上的事都办完了"


def _late(found: dict[str, int]) -> str:
    parts = [
        f"{found[key]} 件{words}"
        for key, words in (("today", "今天到期"), ("overdue", "已超时"))
        if found[key]
    ]
    if parts and found["consent"]:
        parts.append(f"{found['consent']} 件等你同意")
    return "，".join(parts)

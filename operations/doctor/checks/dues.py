"""Due columns: what lists, tabs and the platform's own clock go by, proved from the events and the promises."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from grids.models import CareAssessment, Household
from ground.worktime import WorkCalendar
from operations.doctor.findings import Finding, of_rows, of_sentences
from operations.doctor.registry import Ask, check
from organizations.models import Policy
from organizations.workdays import calendar
from requests import clocks, proving, proving_dispatches
from requests.models import Dispatch, DispatchEvent, RequestEvent, ServiceRequest
from requests.states import LIVE, OPEN, State
from volunteers.models import Whistle
from volunteers.states import WhistleState
from volunteers.whistling.reminders import moments_of

#: So many rows are read at a time, with their events in one query.
BATCH = 1000
BY_HAND = (
    "数据被直接改过，或者期限定下以后改了工作日历或往日的政策（那样期限以当时承诺的为准，不用改）："
    "查日志和备份，从备份恢复这些行。"
)
TICK = "确认 worker 和 beat 在运行；一两分钟后还在的，把这些行的 remind_at 清空。"


class Remembered:
    """The city's calendar, each day asked once."""

    def __init__(self) -> None:
        self.is_workday = cache(calendar().is_workday)


class Signed:
    """Every policy of every district, read once: what held where on a day."""

    def __init__(self) -> None:
        self._by_district: dict[int, list[Policy]] = defaultdict(list)
        for policy in Policy.objects.order_by("-begins_on", "-id"):
            self._by_district[policy.district_id].append(policy)

    def held(self, district_id: int, on: date) -> Policy:
        """As `Policy.of` says it, without a query."""
        signed = self._by_district[district_id]
        return next((each for each in signed if each.begins_on <= on), None) or Policy(
            district_id=district_id
        )


@check(
    "due",
    "期限列",
    cost="单、派单连同事件分批读（每 1,000 行 2 次查询）：10 万件点单约 1 分钟；--quick 只看没有结束的",
    looks_twice=True,
)
def due(ask: Ask) -> Iterator[Finding]:
    """accept_due, contact_due, resolve_due, takeover_due, due, due_from and the rest of a request are what its events
    and promises come to (`requests.proving`), those of a dispatch likewise; next_at is the next thing that the clock
    has to do; reminders of whistles, and the rhythm of care of households, are those of their rows. A wrong one
    lets something fall out of every list, or calls people out for nothing."""
    days, signed = Remembered(), Signed()
    yield from of_sentences("点单的期限和事件不符", BY_HAND, _of_requests(ask, days, signed))
    yield from of_sentences("派单的期限和事件不符", BY_HAND, _of_dispatches(ask, days, signed))
    yield from of_rows(
        "不招募的哨单还要提醒",
        TICK,
        Whistle.objects.exclude(state=WhistleState.OPEN).filter(remind_at__isnull=False),
    )
    yield from of_sentences("哨单的下次提醒不是它的时刻", BY_HAND, _of_whistles())
    yield from _of_households()


def _of_requests(ask: Ask, days: WorkCalendar, signed: Signed) -> Iterator[str]:
    rows = ServiceRequest.objects.defer("asker_name", "text")  # nobody's words are opened for it
    if ask.is_quick:
        going_on = Q(state__in=[*OPEN, State.RESOLVED]) | Q(due__isnull=False) | Q(next_at__isnull=False)
        rows = rows.filter(going_on)
    for row, events in _with_events(rows, RequestEvent):
        said = proving.faults(row, events, held=signed.held, calendar=days)
        for fault in [*said, *_next_faults(row, days, ask.at)]:
            yield f"点单 {row.pk}：{fault}"


def _next_faults(row: ServiceRequest, days: WorkCalendar, now: datetime) -> Iterator[str]:
    """What the clock has to do next follows from the other columns; what failed may have been put off."""
    planned = copy.copy(row)
    try:
        clocks.set_due(planned, now, days)
    except (KeyError, TypeError, ValueError):
        yield "next_at cannot be planned from the other columns"
        return
    for name in ("next_at", "contact_next_at"):
        here, there = getattr(row, name), getattr(planned, name)
        if here != there and not _is_put_off(here, there, now):
            yield f"{name} is {here}, the other columns say {there}"


def _is_put_off(here: datetime | None, there: datetime | None, now: datetime) -> bool:
    return here is not None and there is not None and there <= now and here > there


def _of_dispatches(ask: Ask, days: WorkCalendar, signed: Signed) -> Iterator[str]:
    rows = Dispatch.objects.select_related("service_request").only(
        *_own_columns(Dispatch), "service_request__district"
    )
    if ask.is_quick:
        rows = rows.filter(Q(state__in=LIVE) | Q(due__isnull=False) | Q(next_at__isnull=False))
    for row, events in _with_events(rows, DispatchEvent):
        policy = signed.held(row.service_request.district_id, timezone.localdate(row.sent_at))
        said = proving_dispatches.faults(row, events, policy, days)
        for fault in [*said, *_next_of_dispatch(row, days, ask.at)]:
            yield f"派单 {row.pk}：{fault}"


def _next_of_dispatch(row: Dispatch, days: WorkCalendar, now: datetime) -> Iterator[str]:
    planned = copy.copy(row)
    clocks.plan_reminder(planned, days)
    here, there = row.next_at, planned.next_at
    if here != there and not _is_put_off(here, there, now):
        yield f"next_at is {here}, the other columns say {there}"


def _own_columns(model: Any) -> list[str]:
    return [field.name for field in model._meta.concrete_fields]


def _with_events(rows: Any, event: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Every row with its events in their order; two queries for `BATCH` rows, however many events they have."""
    found = list(rows.order_by("pk")[:BATCH])
    while found:
        told: defaultdict[int, list[Any]] = defaultdict(list)
        of_them = event.objects.filter(subject__in=[row.pk for row in found]).order_by("id")
        for each in of_them.values_list("subject_id", "step", "source", "target", "at", "codes", named=True):
            told[each.subject_id].append(each)
        yield from ((row, told[row.pk]) for row in found)
        found = list(rows.filter(pk__gt=found[-1].pk).order_by("pk")[:BATCH])


def _of_whistles() -> Iterator[str]:
    """Those that recruit, which are few."""
    waiting = Whistle.objects.filter(state=WhistleState.OPEN, remind_at__isnull=False).order_by("pk")
    for row in waiting.only("kind", "starts_at", "ends_at", "remind_at", "state"):
        if row.remind_at not in moments_of(row):
            yield f"哨单 {row.pk}：remind_at is {row.remind_at}"


def _of_households() -> Iterable[Finding]:
    """The care columns repeat the newest assessment."""
    newest = CareAssessment.objects.filter(household=OuterRef("pk")).order_by("-at", "-id")
    columns = {"care_level": "level", "care_days": "days", "care_review_on": "review_on"}
    rows = Household.objects.filter(pk__in=CareAssessment.objects.order_by().values("household"))
    rows = rows.annotate(**{f"said_{name}": Subquery(newest.values(name)[:1]) for name in columns.values()})
    same = Q()
    for column, name in columns.items():
        here_empty, there_empty = Q(**{column: None}), Q(**{f"said_{name}": None})
        same &= Q(**{column: F(f"said_{name}")}) | (here_empty & there_empty)
    return of_rows("户的关爱等级不是最近一次评定的", "在户的页面重新评定一次。", rows.exclude(same))

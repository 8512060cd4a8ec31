"""系列: a whistle that is blown again every so many weeks, on the same weekday and at the same time.

Beat makes the next ones a week ahead as copies of the first, published at once. One transaction each: the copy and
the day of the one after it are written together under the lock of the series, so a worker that dies, or two at
once, make each exactly once (unique in the database: series and start).
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from ground import clock
from ground.errors import RuleViolation
from ground.steps import lock_row
from organizations.tree import lock_tree
from volunteers.models import Whistle, WhistleSeries
from volunteers.states import WhistleState
from volunteers.tables import WHISTLES
from volunteers.whistling import calling, whistles

log = structlog.get_logger(__name__)

#: How long before it is held the next one is made and heard.
AHEAD = timedelta(days=7)
WEEKS = (1, 4)
#: A series is looked at again once a year.
LONGEST = timedelta(days=366)


def begin(whistle: Whistle, *, by: Any, every_weeks: int, until: date) -> WhistleSeries:
    """定期重复: from now on every so many weeks until that day (Shanghai), as copies of this one.

    A draft may be the first: its series waits until it is published. The same again gives the series that stands.
    Raises RuleViolation with the field, NoPower.
    """
    begun = WhistleSeries.objects.filter(first=whistle, every_weeks=every_weeks, until=until).first()
    if begun is not None and by == begun.made_by:
        return begun
    with WHISTLES.take("repeat", whistle, by=by, weeks=every_weeks, until=until.isoformat()) as move:
        first = move.thing
        _refuse_what_cannot_be(first, every_weeks, until)
        series = WhistleSeries(first=first, every_weeks=every_weeks, until=until, made_by=by, made_at=move.at)
        series.place_under(first.community)
        series.next_on = _after(series, _day_of(first))
        series.save()
        first.series = series
    return series


def _refuse_what_cannot_be(first: Whistle, every_weeks: int, until: date) -> None:
    low, high = WEEKS
    if not low <= every_weeks <= high:
        raise RuleViolation(f"每 {low} 到 {high} 周一次。", field="every_weeks")
    following = _day_of(first) + timedelta(weeks=every_weeks)
    if until < following:
        day = f"{following.month}月{following.day}日"
        raise RuleViolation(f"下一次是 {day}，截止日期不能早于它。", field="until")
    if until - clock.today() > LONGEST:
        raise RuleViolation("系列最长一年，到期再定。", field="until")


def stop(series: WhistleSeries, *, by: Any, because: str = "") -> WhistleSeries:
    """停止系列: nothing more is made; what was published already stands, and is cancelled by itself.

    `by=None`: the platform could not go on, for the reason `because`.
    """
    codes: dict[str, Any] = {"because": because} if because else {}
    with WHISTLES.take("stop", series.first, by=by, **codes) as move:
        lock_row(series)
        series.stopped_at, series.next_on = move.at, None
        series.save(update_fields=["stopped_at", "next_on"])
        if by is None:
            calling.tell_of_stopped_series(move.thing, because, series.made_by)
    return series


# The clock


def make_due() -> int:
    """Make every occurrence that lies within the next week; safe to run twice and side by side.

    Gives how many were made here. What an outage has swallowed is left out: nobody is called for the past. A series
    that fails is logged and does not stop the others.
    """
    horizon = timezone.localdate(clock.now() + AHEAD)
    due = WhistleSeries.objects.filter(next_on__lte=horizon).exclude(first__state=WhistleState.DRAFT)
    made = 0
    for series in due.select_related("first__community", "made_by").order_by("next_on", "id"):
        try:
            made += _make(series, horizon)
        except Exception:
            log.exception("series failed", series=series.pk)
    return made


def _make(series: WhistleSeries, horizon: date) -> int:
    """Everything of one series up to that day."""
    made = 0
    try:
        while series.next_on is not None and series.next_on <= horizon:
            made += _make_next(series, horizon)
    except RuleViolation as violation:
        _give_up(series, violation.sentence)
    return made


def _make_next(series: WhistleSeries, horizon: date) -> bool:
    with transaction.atomic():
        lock_tree(series.district.tree_id)
        lock_row(series)
        first = Whistle.objects.select_related("community", "team", "leader", "grid").get(pk=series.first_id)
        if series.next_on is None or series.next_on > horizon:
            return False  # another worker was first
        if first.state == WhistleState.CANCELLED and not first.events.filter(step="publish").exists():
            raise RuleViolation("系列的第一张草稿已取消。")
        starts_at = _moment(first, series.next_on)
        series.next_on = _after(series, series.next_on)
        series.save(update_fields=["next_on"])
        if min(starts_at, first.claim_by + (starts_at - first.starts_at)) <= clock.now():
            return False
        key = uuid.uuid5(uuid.NAMESPACE_OID, f"whistle-series:{series.pk}:{starts_at:%Y%m%d}")
        copy = whistles.draft(by=None, series=series, key=key, **whistles.arguments_of(first, starts_at))
        whistles.publish(copy, by=None)
    return True


def _give_up(series: WhistleSeries, because: str) -> None:
    """What stands in the way will not go by itself: the community closed, the team was dissolved."""
    as_it_stands = WhistleSeries.objects.select_related("first", "made_by").get(pk=series.pk)
    with suppress(RuleViolation):  # another worker was first
        stop(as_it_stands, by=None, because=because)
    series.next_on = None


def _day_of(first: Whistle) -> date:
    return timezone.localdate(first.starts_at)


def _moment(first: Whistle, day: date) -> datetime:
    """The start on that day: the first one's time of day where the city is."""
    return timezone.make_aware(datetime.combine(day, timezone.localtime(first.starts_at).time()))


def _after(series: WhistleSeries, day: date) -> date | None:
    """The day after that one; None when it lies beyond the end."""
    following = day + timedelta(weeks=series.every_weeks)
    return following if following <= series.until else None

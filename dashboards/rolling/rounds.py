"""When rollups are written: every ten minutes what changed, every night everything, and whatever an outage left.

What changed is told by the events since the last round, by dues that have passed since, and by `RollupNews`
where the tree or the territory changed: then everything is counted anew. One round at a time, under the lock of
the one row that says how far they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q

from dashboards.models import RollupNews, RollupState, Standing
from dashboards.places import Ladder
from dashboards.rolling.standing import stand
from dashboards.rolling.tallying import day_of, tally
from dashboards.rolling.writing import write_days, write_standing
from ground import clock
from ground.periods import first_day_after
from requests.models import Dispatch, DispatchEvent, RequestEvent, ServiceRequest
from requests.states import OPEN
from volunteers.models import ClaimEvent, LedgerEntry, Whistle, WhistleEvent

#: A transaction that began before the last round may have committed after it.
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: days counted, rows that were not as they are now, and whether it was everything."""

    days: int
    rows: int
    is_full: bool


def catch_up() -> Round | None:
    """What has changed since the last round; everything, once a day and where the tree changed. Safe to run twice.

    None where another round is under way.
    """
    with transaction.atomic():
        state = _take()
        if state is None:
            return None
        news = list(RollupNews.objects.values_list("pk", flat=True))
        now = clock.now()
        if state.as_of is None or news or _is_a_new_day(state, now):
            done = _everything(now)
            state.full_at = now
        else:
            done = _what_changed(state.as_of - OVERLAP, now)
        state.as_of = now
        state.save()
        RollupNews.objects.filter(pk__in=news).delete()
        return done


def rebuild(first: date | None = None, last: date | None = None) -> Round:
    """Count the days from `first` to `last` anew (default: all there are), and how everything stands now."""
    with transaction.atomic():
        RollupState.objects.get_or_create(pk=1)
        state = RollupState.objects.select_for_update().get(pk=1)
        now = clock.now()
        done = _everything(now, first, last)
        if first is None and last is None:
            state.as_of = state.full_at = now
            state.save()
        return done


def _take() -> RollupState | None:
    RollupState.objects.get_or_create(pk=1)
    return RollupState.objects.select_for_update(skip_locked=True).filter(pk=1).first()


def _is_a_new_day(state: RollupState, now: datetime) -> bool:
    return state.full_at is None or day_of(state.full_at) != day_of(now)


def _everything(now: datetime, first: date | None = None, last: date | None = None) -> Round:
    ladder, rows, days = Ladder(), 0, 0
    begin = first or first_day_of_all()
    end = last or last_day_of_all()
    for start, after in _months(begin, end):
        of_month = [start + timedelta(days=n) for n in range((after - start).days)]
        rows += write_days(tally(start, after, now, ladder), of_month)
        days += len(of_month)
    return Round(days, rows + _stand(now, ladder, Standing.Kind), True)


def _what_changed(since: datetime, now: datetime) -> Round:
    ladder, rows = Ladder(), 0
    days = changed_days(since, now)
    for start, after in _runs(days):
        of_run = [start + timedelta(days=n) for n in range((after - start).days)]
        rows += write_days(tally(start, after, now, ladder), of_run)
    return Round(len(days), rows + _stand(now, ladder, Standing.Kind), False)


def _stand(now: datetime, ladder: Ladder, kinds: Iterable[str]) -> int:
    day = day_of(now)
    return sum(write_standing(kind, day, stand(kind, now, ladder)) for kind in kinds)


# Which days


def changed_days(since: datetime, now: datetime) -> list[date]:
    """Days of which something may have changed since."""
    heard = {"at__gt": since}
    requests = ServiceRequest.objects.filter(
        Q(pk__in=RequestEvent.objects.filter(**heard).order_by().values("subject"))
        | Q(state__in=OPEN, contact_due__gt=since, contact_due__lte=now)
        | Q(state__in=OPEN, accept_due__gt=since, accept_due__lte=now)
    )
    whistles = Whistle.objects.filter(
        Q(pk__in=WhistleEvent.objects.filter(**heard).order_by().values("subject"))
        | Q(pk__in=ClaimEvent.objects.filter(**heard).order_by().values("subject__whistle"))
    )
    dispatches = Dispatch.objects.filter(
        pk__in=DispatchEvent.objects.filter(**heard).order_by().values("subject")
    )
    moments: list[Any] = [
        requests.order_by().values_list("submitted_at", flat=True),
        whistles.order_by().values_list("starts_at", flat=True),
        dispatches.order_by().values_list("sent_at", flat=True),
        LedgerEntry.objects.filter(**heard).order_by().values_list("served_at", flat=True),
    ]
    return sorted({day_of(moment) for found in moments for moment in found})


def first_day_of_all() -> date:
    """The day of the first row that is counted; today where there is none."""
    found = _edges(Min)
    return min((day_of(moment) for moment in found if moment is not None), default=clock.today())


def last_day_of_all() -> date:
    """Whistles may begin later than today."""
    latest = Whistle.objects.order_by("-starts_at").values_list("starts_at", flat=True).first()
    return max(clock.today(), day_of(latest) if latest else clock.today())


def _edges(edge: Any) -> list[datetime | None]:
    columns = (
        (ServiceRequest, "submitted_at"), (Dispatch, "sent_at"), (Whistle, "starts_at"), (LedgerEntry, "served_at"),
    )  # fmt: skip
    return [model.objects.order_by().aggregate(edge=edge(column))["edge"] for model, column in columns]


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """From day to day after, cut at the firsts of months."""
    start, end = first, last + timedelta(days=1)
    while start < end:
        after = min(first_day_after("month", start), end)
        yield start, after
        start = after


def _runs(days: list[date]) -> Iterator[tuple[date, date]]:
    """Days that follow each other, put together."""
    start = previous = None
    for day in days:
        if previous is None or (day - previous).days > 1:
            if start is not None and previous is not None:
                yield start, previous + timedelta(days=1)
            start = day
        previous = day
    if start is not None and previous is not None:
        yield start, previous + timedelta(days=1)

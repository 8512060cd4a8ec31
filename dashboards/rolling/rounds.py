"""When rollups are written: every ten minutes what changed, every night everything, and whatever an outage left.

A round counts and writes month by month, each in a transaction of its own under the lease (`holding`); only when
all is written `as_of` moves. Killed half-way, the months that were written are right, the others as they were, and
the next round begins again from the same `as_of`. One that counts whole months adds a year up after its last month;
killed before, it is followed by one that counts everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dashboards.models import Standing
from dashboards.places import Ladder
from dashboards.rolling import changes
from dashboards.rolling.changes import Signs
from dashboards.rolling.holding import PATIENCE, Busy, Hold, Overtaken, held
from dashboards.rolling.standing import stand
from dashboards.rolling.tallying import tally
from dashboards.rolling.writing import drop_outside, write_days, write_month, write_standing, write_year
from ground import clock
from ground.periods import first_day, first_day_after

#: Hears of every month: how many are done, of how many.
Listen = Callable[[int, int], None]
Kind = Standing.Kind
#: So many days are counted together: each time the rows pass once, and the counts of a month or two fit in memory.
AT_ONCE = 60


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: days counted, rows that were not as they are now, and whether it was everything."""

    days: int
    rows: int
    is_full: bool


def catch_up() -> Round | None:
    """What has changed since the last round; everything, once a day and where the tree changed. Safe to run twice.

    None where another round is under way, or took this one over.
    """
    try:
        with held() as hold:
            return _go(hold)
    except (Busy, Overtaken):
        return None


def rebuild(
    first: date | None = None, last: date | None = None, listen: Listen = lambda done, of: None
) -> Round:
    """Count the months from `first` to `last` anew (default: all there are), and how everything stands today.

    Months are counted whole: each is the sum of its days. How places stood on other days is left as it was: nobody
    can count that any more. Waits for a round that is under way; raises Busy, Overtaken.
    """
    with held(PATIENCE) as hold:
        now, ladder = clock.now(), Ladder()
        signs = changes.signs(ladder)
        if first is None and last is None:
            return _everything(hold, now, ladder, signs, listen)
        full_at = hold.state.full_at
        # Cut off before its year is added up, it is followed by a round that counts everything.
        hold.settle(full_at=None)
        done = _months(hold, now, ladder, _span(first, last), listen)
        hold.settle(full_at=full_at)
        if last is None or last >= clock.day_of(now):
            done = _and(done, _stand(hold, now, ladder, Kind))
        return done


def _go(hold: Hold) -> Round:
    now, ladder = clock.now(), Ladder()
    signs = changes.signs(ladder)
    since = changes.heard_since(hold.state, now, signs)
    if since is None:
        return _everything(hold, now, ladder, signs, lambda done, of: None)
    return _what_changed(hold, since, now, ladder, signs)


# Everything


def _span(first: date | None, last: date | None) -> changes.Span:
    begin, after = changes.extent()
    return first or begin, last + timedelta(days=1) if last else after


def _months(hold: Hold, now: datetime, ladder: Ladder, span: changes.Span, listen: Listen) -> Round:
    rows, days, months = 0, 0, changes.months(span)
    for number, month in enumerate(months, start=1):
        after = first_day_after("month", month)
        found = tally([(month, after)], now, ladder)
        with hold.piece():
            rows += write_month(month, found)
        if after not in months or after.month == 1:
            with hold.piece():
                rows += write_year(first_day("year", month))
        days += (after - month).days
        listen(number, len(months))
    return Round(days, rows, True)


def _everything(hold: Hold, now: datetime, ladder: Ladder, signs: Signs, listen: Listen) -> Round:
    span = changes.extent()
    done = _months(hold, now, ladder, span, listen)
    months = changes.months(span)
    with hold.piece():
        dropped = drop_outside(months[0], first_day_after("month", months[-1]), clock.day_of(now))
    done = _and(done, _stand(hold, now, ladder, Kind) + dropped)
    hold.settle(as_of=now, full_at=now, signs=signs)
    return done


# What changed


def _what_changed(hold: Hold, since: datetime, now: datetime, ladder: Ladder, signs: Signs) -> Round:
    days, rows = changes.changed_days(since, now), 0
    for start in range(0, len(days), AT_ONCE):
        some = days[start : start + AT_ONCE]
        found = tally(list(changes.runs(some)), now, ladder)
        for month, of_month in changes.by_month(some).items():
            with hold.piece():
                rows += write_days(month, of_month, found)
    kinds = [Kind.WORK]
    kinds += [Kind.PEOPLE] if changes.people_changed(hold.state, since, signs) else []
    kinds += [Kind.REGISTRY] if changes.registry_changed(hold.state, since, signs) else []
    rows += _stand(hold, now, ladder, kinds)
    hold.settle(as_of=now, signs=signs)
    return Round(len(days), rows, False)


def _stand(hold: Hold, now: datetime, ladder: Ladder, kinds: Iterable[str]) -> int:
    """Today's rows, new in the first round of a day. A million residents are counted where the registry changed,
    and every night; people where a service, a registration, a policy did."""
    rows = 0
    for kind in kinds:
        with clock.at(now):
            found = stand(kind, now, ladder)
        with hold.piece():
            rows += write_standing(kind, clock.day_of(now), found)
    return rows


def _and(done: Round, rows: int) -> Round:
    return Round(done.days, done.rows + rows, done.is_full)

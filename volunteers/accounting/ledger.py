"""服务台账: entries are only added, balances are sums of entries (RULES 2, 7; S6).

Every entry is written under its volunteer's lock, and the balance of its quarter anew with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from ground import clock, periods
from ground.steps import lock_row
from ground.worktime import WorkCalendar, off_hours_minutes
from organizations.workdays import calendar
from volunteers.leaderboards import news as board_news
from volunteers.models import Claim, LedgerEntry, ServiceBalance, Volunteer
from volunteers.states import EntryKind, Period

#: A wish has no window; nobody serves longer for one than a working day (minutes).
MOST_OF_A_WISH = 480
#: What stands on every entry of a claim as it stood on its first one.
_SAME = ("whistle_id", "unit_id", "district_id", "street_id", "community_id", "duty_area", "served_at")


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of ledger entries: minutes, those of them outside working hours, services, and of them off-hours.

    A service is a claim whose entries come to something: one that was reversed is none.
    """

    minutes: int = 0
    off_hours_minutes: int = 0
    times: int = 0
    off_hours_times: int = 0


# Writing


def enter(claim: Claim, *, by: Any, minutes: int, attested: str, reason: str = "") -> LedgerEntry:
    """Bring a claim to `minutes` in all, by an entry of the difference (0 takes back what was credited).

    The first entry is a CREDIT, what follows a CORRECTION, and a REVERSAL where nothing is left. It stands where
    the first one stands: the same unit, place and time. Called by the verbs of `crediting` inside their step;
    locks the volunteer until the end of the transaction.
    """
    lock_row(claim.volunteer)
    before = list(LedgerEntry.objects.filter(claim=claim).order_by("id"))
    total = sum(each.minutes for each in before)
    off_hours = off_hours_of(claim, minutes, calendar()) if minutes else 0
    entry = LedgerEntry.objects.create(
        volunteer=claim.volunteer,
        claim=claim,
        **_placed(claim, before),
        kind=_kind(before, minutes),
        minutes=minutes - total,
        off_hours_minutes=off_hours - sum(each.off_hours_minutes for each in before),
        attested=attested,
        reason=reason,
        by=by,
        at=clock.now(),
    )
    add_up(claim.volunteer, quarter_of(entry.served_at))
    board_news.note(district_id=entry.district_id, community_id=entry.community_id, served_at=entry.served_at)
    return entry


def _kind(before: list[LedgerEntry], minutes: int) -> EntryKind:
    if not before:
        return EntryKind.CREDIT
    return EntryKind.CORRECTION if minutes else EntryKind.REVERSAL


def _placed(claim: Claim, before: list[LedgerEntry]) -> dict[str, Any]:
    """Where an entry counts: as the first one of the claim does, else as whistle and volunteer stand now."""
    if before:
        return {name: getattr(before[0], name) for name in _SAME}
    whistle = claim.whistle
    now = {name: getattr(whistle, name) for name in ("district_id", "street_id", "community_id", "duty_area")}
    unit = claim.volunteer.unit
    return {
        **now,
        "whistle_id": whistle.pk,
        "unit_id": unit.pk if unit else None,
        "served_at": served_at(claim),
    }


def add_up(volunteer: Volunteer, quarter: date) -> None:
    """Write the balance of one quarter anew from the entries. Call under the volunteer's lock."""
    sums = balance(volunteer, *bounds(Period.QUARTER, quarter))
    ServiceBalance.objects.update_or_create(
        volunteer=volunteer,
        quarter=quarter,
        defaults={
            "minutes": sums.minutes,
            "off_hours_minutes": sums.off_hours_minutes,
            "times": sums.times,
            "off_hours_times": sums.off_hours_times,
        },
    )


def rebuild(volunteers: Iterable[int]) -> int:
    """Write all balances of these volunteers anew, one transaction each; gives how many rows were written."""
    written = 0
    for pk in volunteers:
        with transaction.atomic():
            volunteer = Volunteer.objects.get(pk=pk)
            lock_row(volunteer)
            moments = LedgerEntry.objects.filter(volunteer=volunteer).values_list("served_at", flat=True)
            kept = ServiceBalance.objects.filter(volunteer=volunteer).values_list("quarter", flat=True)
            quarters = {quarter_of(each) for each in moments.order_by()} | set(kept)
            for quarter in sorted(quarters):
                add_up(volunteer, quarter)
            written += len(quarters)
    return written


# Which minutes a claim stands for


def most_minutes(claim: Claim) -> int:
    """No more than that can be credited: the real window of the whistle, or eight hours for a wish."""
    whistle = claim.whistle
    if whistle.is_wish:
        return MOST_OF_A_WISH
    return max(int((whistle.over_at - whistle.starts_at).total_seconds() // 60), 0)


def served_at(claim: Claim) -> datetime:
    """The moment by which a service counts to a month: the start of the whistle; a wish, when it was fulfilled."""
    whistle = claim.whistle
    return (claim.checked_out_at or whistle.ends_at) if whistle.is_wish else whistle.starts_at


def span_of(claim: Claim, minutes: int) -> tuple[datetime, datetime]:
    """From when to when somebody served that many minutes.

    From the check-in on, within the real window. Corrected up, the service is taken to have begun earlier, never
    to have gone on past the end. A wish ends when it was fulfilled.
    """
    whistle, length = claim.whistle, timedelta(minutes=minutes)
    if whistle.is_wish:
        end = served_at(claim)
        return end - length, end
    start = min(max(claim.checked_in_at or whistle.starts_at, whistle.starts_at), whistle.over_at)
    start = min(start, whistle.over_at - length)
    return start, start + length


def off_hours_of(claim: Claim, minutes: int, workdays: WorkCalendar) -> int:
    """How many of the minutes lie outside working hours (S6)."""
    return off_hours_minutes(*span_of(claim, minutes), workdays)


# Reading


def balance(volunteer: Volunteer, start: datetime | None = None, end: datetime | None = None) -> Balance:
    """The sums of what was served in [start, end); without bounds, of everything. One query."""
    entries = LedgerEntry.objects.filter(volunteer=volunteer)
    if start is not None:
        entries = entries.filter(served_at__gte=start)
    if end is not None:
        entries = entries.filter(served_at__lt=end)
    by_claim = entries.order_by().values("claim").annotate(n=Sum("minutes"), n_off=Sum("off_hours_minutes"))
    sums = by_claim.aggregate(
        all_minutes=Sum("n", default=0),
        off_hours=Sum("n_off", default=0),
        times=Count("claim", filter=Q(n__gt=0)),
        off_hours_times=Count("claim", filter=Q(n_off__gt=0)),
    )
    return Balance(sums["all_minutes"], sums["off_hours"], sums["times"], sums["off_hours_times"])


def quarter_of(moment: datetime) -> date:
    """The first day of the quarter that a moment lies in, where the city is."""
    return periods.first_day(Period.QUARTER, timezone.localtime(moment).date())


def first_day(period: str, today: date | None = None) -> date:
    """The first day of the month, quarter or year that `today` lies in."""
    return periods.first_day(period, today or clock.today())


def bounds(period: str, today: date | None = None) -> tuple[datetime, datetime]:
    """First moment of the period and of the next one, where the city is."""
    day = today or clock.today()
    return (
        clock.midnight(periods.first_day(period, day)),
        clock.midnight(periods.first_day_after(period, day)),
    )

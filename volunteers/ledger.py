"""服务台账: entries are only added, balances are sums of entries (RULES 2, 7; S6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum

from ground import clock, periods
from ground.worktime import off_hours_minutes
from organizations.models import Policy
from organizations.workdays import calendar
from volunteers.models import Claim, LedgerEntry, Volunteer
from volunteers.states import ClaimState, Period, VolunteerKind


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of ledger entries: minutes, those of them outside working hours, services, and of them off-hours."""

    minutes: int = 0
    off_hours_minutes: int = 0
    times: int = 0
    off_hours_times: int = 0


@dataclass(frozen=True, slots=True)
class Quota:
    """Where an employed member stands this quarter and this year (S6)."""

    times: int
    times_wanted: int
    minutes: int
    minutes_wanted: int

    @property
    def hours(self) -> float:
        """Hours with at most one decimal; a whole number without one."""
        rounded = round(self.minutes / 60, 1)
        return int(rounded) if rounded == int(rounded) else rounded

    @property
    def hours_wanted(self) -> int:
        return self.minutes_wanted // 60

    @property
    def minutes_left(self) -> int:
        return max(self.minutes_wanted - self.minutes, 0)

    @property
    def times_left(self) -> int:
        return max(self.times_wanted - self.times, 0)

    @property
    def is_met(self) -> bool:
        return not self.minutes_left and not self.times_left


def enter(claim: Claim, *, by: Any, minutes: int, attested: str, reason: str = "") -> LedgerEntry:
    """Write a credit. Called by `crediting.credit` inside its step."""
    whistle, volunteer = claim.whistle, claim.volunteer
    start = min(max(claim.checked_in_at or whistle.starts_at, whistle.starts_at), whistle.ends_at)
    # Corrected up, the service is taken to have begun earlier, never to have gone on past the window.
    start = min(start, whistle.ends_at - timedelta(minutes=minutes))
    return LedgerEntry.objects.create(
        volunteer=volunteer,
        claim=claim,
        whistle=whistle,
        unit=volunteer.unit,
        district_id=whistle.district_id,
        street_id=whistle.street_id,
        community_id=whistle.community_id,
        minutes=minutes,
        off_hours_minutes=off_hours_minutes(start, start + timedelta(minutes=minutes), calendar()),
        duty_area=whistle.duty_area,
        attested=attested,
        reason=reason,
        served_at=whistle.starts_at,
        by=by,
        at=clock.now(),
    )


def balance(volunteer: Volunteer, start: datetime | None = None, end: datetime | None = None) -> Balance:
    """The sums of what was served in [start, end); without bounds, of everything. One query."""
    entries = LedgerEntry.objects.filter(volunteer=volunteer)
    if start is not None:
        entries = entries.filter(served_at__gte=start)
    if end is not None:
        entries = entries.filter(served_at__lt=end)
    sums = entries.aggregate(
        all_minutes=Sum("minutes", default=0),
        off_hours=Sum("off_hours_minutes", default=0),
        times=Count("claim", distinct=True),
        off_hours_times=Count("claim", distinct=True, filter=Q(off_hours_minutes__gt=0)),
    )
    return Balance(sums["all_minutes"], sums["off_hours"], sums["times"], sums["off_hours_times"])


def quota(volunteer: Volunteer, today: date | None = None, policy: Policy | None = None) -> Quota | None:
    """Where the volunteer stands; None for those whom no quota binds, and where the district sets none.

    One query, and one for the policy where the caller has none at hand.
    """
    if volunteer.kind != VolunteerKind.EMPLOYED:
        return None
    policy = policy or Policy.of(volunteer.district_id, today)
    if not policy.quota_times and not policy.quota_hours:
        return None
    year, quarter = bounds(Period.YEAR, today), bounds(Period.QUARTER, today)
    entries = LedgerEntry.objects.filter(volunteer=volunteer, served_at__gte=year[0], served_at__lt=year[1])
    sums = entries.aggregate(
        minutes=Sum("off_hours_minutes", default=0),
        times=Count(
            "claim",
            distinct=True,
            filter=Q(off_hours_minutes__gt=0, served_at__gte=quarter[0], served_at__lt=quarter[1]),
        ),
    )
    return Quota(
        times=sums["times"],
        times_wanted=policy.quota_times,
        minutes=sums["minutes"],
        minutes_wanted=policy.quota_hours * 60,
    )


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


def discrepancies() -> list[str]:
    """What contradicts the rule that credited claims and only they have entries; empty if the ledger is sound."""
    entered = LedgerEntry.objects.values("claim")
    credited = Claim.objects.filter(state=ClaimState.CREDITED)
    missing = credited.exclude(pk__in=entered).values_list("pk", flat=True)
    found = [f"接单 {pk} 已认定，但台账里没有记录。" for pk in missing]
    stray = LedgerEntry.objects.exclude(claim__state=ClaimState.CREDITED).values_list("pk", "claim_id")
    found += [f"台账记录 {pk} 对应的接单 {claim} 没有认定。" for pk, claim in stray]
    sums = LedgerEntry.objects.values("claim").annotate(
        minutes_sum=Sum("minutes"), off_sum=Sum("off_hours_minutes")
    )
    wrong = sums.filter(Q(minutes_sum__lt=0) | Q(off_sum__lt=0) | Q(off_sum__gt=F("minutes_sum")))
    found += [f"接单 {row['claim']} 的台账合计不合理。" for row in wrong]
    return found

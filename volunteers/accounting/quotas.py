"""指标: what an employed member owes in a quarter and in a year, and where he stands (S6, RULES 7).

Read from ServiceBalance, which the ledger writes with every entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from ground import clock
from organizations.models import Organization, Policy, Unit
from volunteers.accounting.ledger import first_day
from volunteers.models import Registration, ServiceBalance, Volunteer
from volunteers.states import Period, VolunteerKind


@dataclass(frozen=True, slots=True)
class Quota:
    """Where an employed member stands: services outside working hours this quarter, such minutes this year (S6)."""

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


def sets_none(policy: Policy) -> bool:
    """Whether the district asks for nothing: then there are no rings, lists and reminders (RULES 6)."""
    return not policy.quota_times and not policy.quota_hours


def quota(volunteer: Volunteer, today: date | None = None, policy: Policy | None = None) -> Quota | None:
    """Where the volunteer stands; None for those whom no quota binds, and where the district sets none.

    One query, and one for the policy where the caller has none at hand.
    """
    if volunteer.kind != VolunteerKind.EMPLOYED:
        return None
    policy = policy or Policy.of(volunteer.district_id, today)
    if sets_none(policy):
        return None
    quarter, year = first_day(Period.QUARTER, today), first_day(Period.YEAR, today)
    sums = ServiceBalance.objects.filter(
        volunteer=volunteer, quarter__gte=year, quarter__lte=quarter
    ).aggregate(
        minutes=Sum("off_hours_minutes", default=0),
        times=Sum("off_hours_times", filter=Q(quarter=quarter), default=0),
    )
    return stands(policy, times=sums["times"], minutes=sums["minutes"])


def stands(policy: Policy, *, times: int, minutes: int) -> Quota:
    return Quota(
        times=times,
        times_wanted=policy.quota_times,
        minutes=minutes,
        minutes_wanted=policy.quota_hours * 60,
    )


def bound(rows: QuerySet[Volunteer] | None = None) -> QuerySet[Volunteer]:
    """Those whom a quota binds."""
    return (Volunteer.objects.all() if rows is None else rows).filter(kind=VolunteerKind.EMPLOYED)


def with_figures(rows: QuerySet[Volunteer], policy: Policy, today: date | None = None) -> Any:
    """Volunteers with `times` of the quarter, `minutes` of the year, and what is missing of either.

    `all_minutes` and `all_times` are those of the year at any hour. One join for all of them: `rows` must not be
    joined with anything of which a volunteer has many.
    """
    quarter, year = first_day(Period.QUARTER, today), first_day(Period.YEAR, today)
    of_quarter = Q(balances__quarter=quarter)
    of_year = Q(balances__quarter__gte=year, balances__quarter__lte=quarter)
    rows = rows.annotate(
        times=Sum("balances__off_hours_times", filter=of_quarter, default=0),
        minutes=Sum("balances__off_hours_minutes", filter=of_year, default=0),
        all_times=Sum("balances__times", filter=of_year, default=0),
        all_minutes=Sum("balances__minutes", filter=of_year, default=0),
    )
    return rows.annotate(
        times_left=Greatest(policy.quota_times - F("times"), 0, output_field=IntegerField()),
        minutes_left=Greatest(policy.quota_hours * 60 - F("minutes"), 0, output_field=IntegerField()),
    )


#: What one may ask for in a list: all, those who lack anything, something of the quarter, or of the year.
BEHIND = {
    "any": Q(times_left__gt=0) | Q(minutes_left__gt=0),
    "quarter": Q(times_left__gt=0),
    "year": Q(minutes_left__gt=0),
    "none": Q(times_left=0, minutes_left=0),
}
#: More people than that are not told one by one.
MOST_KEYS = 2_000
#: Sorted by what is missing: the most first.
MOST_MISSING = ("-minutes_left", "-times_left", "minutes", "pk")


# Of many


@dataclass(frozen=True, slots=True)
class Total:
    """How the people of a unit or a community stand together. `minutes`: outside working hours, this year."""

    key: int | None
    name: str
    people: int
    met: int
    behind_quarter: int
    behind_year: int
    minutes: int

    @property
    def behind(self) -> int:
        return self.people - self.met


def registered_in(rows: QuerySet[Volunteer], where: Q) -> QuerySet[Volunteer]:
    """Those with a confirmed registration that satisfies a condition on its scope columns.

    By key where they are few, as in a community: told by a subquery, PostgreSQL looks through the whole district.
    """
    confirmed = Registration.objects.confirmed().filter(where).order_by().values_list("volunteer", flat=True)
    keys = list(confirmed[: MOST_KEYS + 1])
    return rows.filter(pk__in=keys if len(keys) <= MOST_KEYS else confirmed)


def totals(rows: QuerySet[Volunteer], policy: Policy, by: str, today: date | None = None) -> list[Total]:
    """The totals by "unit" or "community" (of registration), those who lack most first. Three queries."""
    confirmed = Registration.objects.confirmed().filter(volunteer=OuterRef("pk"))
    group = F("member__unit") if by == "unit" else Subquery(confirmed.values("community")[:1])
    sums = _sums_of(rows, today)
    heaps: dict[int | None, list[Quota]] = {}
    for pk, key in bound(rows).order_by().annotate(_group=group).values_list("pk", "_group"):
        heaps.setdefault(key, []).append(_stands(policy, *sums.get(pk, (0, 0))))
    names = _names(by, [key for key in heaps if key is not None])
    found = [_total(key, names.get(key, "还没有报到"), heap) for key, heap in heaps.items()]
    return sorted(found, key=lambda total: (total.key is None, -total.behind, total.name))


def standings(rows: QuerySet[Volunteer], policy: Policy, today: date | None = None) -> dict[int, Quota]:
    """Volunteer → where he stands, of those whom the quota binds. Two queries."""
    sums = _sums_of(rows, today)
    ids = bound(rows).order_by().values_list("pk", flat=True)
    return {pk: _stands(policy, *sums.get(pk, (0, 0))) for pk in ids}


def _stands(policy: Policy, times: int, minutes: int) -> Quota:
    return stands(policy, times=times, minutes=minutes)


def _sums_of(rows: QuerySet[Volunteer], today: date | None) -> dict[int, tuple[int, int]]:
    """Volunteer → services of the quarter and minutes of the year, outside working hours."""
    quarter, year = first_day(Period.QUARTER, today), first_day(Period.YEAR, today)
    kept = ServiceBalance.objects.filter(
        volunteer__in=rows.order_by().values("pk"), quarter__gte=year, quarter__lte=quarter
    )
    sums = (
        kept.order_by()
        .values("volunteer")
        .annotate(
            n_times=Sum("off_hours_times", filter=Q(quarter=quarter), default=0),
            n_minutes=Sum("off_hours_minutes", default=0),
        )
    )
    return {row["volunteer"]: (row["n_times"], row["n_minutes"]) for row in sums}


def _total(key: int | None, name: str, heap: list[Quota]) -> Total:
    return Total(
        key=key,
        name=name,
        people=len(heap),
        met=sum(each.is_met for each in heap),
        behind_quarter=sum(each.times_left > 0 for each in heap),
        behind_year=sum(each.minutes_left > 0 for each in heap),
        minutes=sum(each.minutes for each in heap),
    )


def _names(by: str, keys: list[int]) -> dict[int | None, str]:
    if by == "unit":
        return dict(Unit.objects.filter(pk__in=keys).values_list("pk", "name"))
    rows = Organization.objects.filter(pk__in=keys).order_by().values_list("pk", "short_name", "name")
    return {pk: short or name for pk, short, name in rows}


def asking(districts: QuerySet[Organization]) -> QuerySet[Organization]:
    """Those of the districts whose policy of today sets a quota: pages of quotas are theirs only (RULES 6)."""
    begun = Policy.objects.filter(district=OuterRef("pk"), begins_on__lte=clock.today())
    newest = begun.order_by("-begins_on", "-id")
    usual = Policy()
    return districts.annotate(
        _times=Coalesce(Subquery(newest.values("quota_times")[:1]), usual.quota_times),
        _hours=Coalesce(Subquery(newest.values("quota_hours")[:1]), usual.quota_hours),
    ).filter(Q(_times__gt=0) | Q(_hours__gt=0))

"""服务指标 on the desk: who is behind, by name where registrations or one's own unit are in sight, else in totals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from dashboards.areas import nodes_in_sight, top_of
from ground import clock
from organizations import policies
from organizations.models import Organization, Policy
from organizations.posts import Power, Seat, Tier
from organizations.scope import COLUMNS, scope_of
from volunteers.accounting import quotas
from volunteers.models import Volunteer

#: What a list may be narrowed to; "any" where nothing is said.
CHOICES = (
    ("any", "没有完成的"),
    ("quarter", "本季度次数没完成"),
    ("year", "今年时长没完成"),
    ("none", "都完成了"),
    ("all", "全部"),
)
GROUPS = {"community": "按社区", "unit": "按单位"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: words, who, and how totals are grouped."""

    words: str
    which: str
    by: str

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        which, by = query.get("which", ""), query.get("by", "")
        known = {key for key, _ in CHOICES}
        return cls(
            words=query.get("q", "").strip()[:40],
            which=which if which in known else "any",
            by=by if by in GROUPS else "community",
        )


def narrowed(rows: QuerySet[Volunteer], policy: Policy, asked: Asked) -> Any:
    """Members with their figures, those who lack most first, narrowed to what was asked for."""
    rows = quotas.with_figures(quotas.bound(rows), policy)
    if asked.which in quotas.BEHIND:
        rows = rows.filter(quotas.BEHIND[asked.which])
    if asked.words:
        rows = rows.filter(
            Q(member__name__icontains=asked.words) | Q(member__unit__name__icontains=asked.words)
        )
    read = rows.select_related("member__unit", "user").defer("member__phone", "user__phone")
    return read.order_by(*quotas.MOST_MISSING)


def line_of(volunteer: Any, policy: Policy) -> dict[str, Any]:
    stands = quotas.stands(policy, times=volunteer.times, minutes=volunteer.minutes)
    return {"volunteer": volunteer, "quota": stands, "missing": missing(stands)}


def missing(stands: quotas.Quota) -> str:
    """还差 1 次、3.5 小时; "" where nothing is missing."""
    parts = []
    if stands.times_left:
        parts.append(f"{stands.times_left} 次")
    if stands.minutes_left:
        parts.append(f"{round(stands.minutes_left / 60, 1):g} 小时")
    return f"还差 {'、'.join(parts)}" if parts else ""


# Whose


def of_communities(user: Any) -> QuerySet[Volunteer]:
    """Those with a confirmed registration in the communities whose registrations the user confirms."""
    return quotas.registered_in(Volunteer.objects.all(), scope_of(user).rows(Power.CONFIRM_REGISTRATION))


def shows_names(user: Any) -> bool:
    return scope_of(user).has(Power.CONFIRM_REGISTRATION)


def shows_totals(user: Any) -> bool:
    """The organization department: a street, a district, the city; totals carry no names."""
    above = (Seat.CITY, Tier.DISTRICT, Tier.STREET)
    return any(grant.seat in above for grant in scope_of(user).with_power(Power.TREE_SEE))


def node_of(request: HttpRequest) -> Organization | None:
    """The node of the address if it is in sight, else the user's own top, else (of a city) its first district."""
    wanted = request.GET.get("node", "")
    places = nodes_in_sight(request.user).filter(tier__lte=Tier.COMMUNITY)
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 16:
        return places.filter(pk=int(wanted)).first()
    top = top_of(request.user)
    return top or places.filter(tier=Tier.DISTRICT).order_by("code").first()


def rows_below(node: Organization) -> QuerySet[Volunteer]:
    """Everybody of a district, or those registered below a street or in a community."""
    if node.tier == Tier.DISTRICT:
        return Volunteer.objects.filter(district=node)
    return quotas.registered_in(Volunteer.objects.all(), Q(**{COLUMNS[Tier(node.tier)]: node}))


def policy_of(user: Any, district_id: int) -> Policy:
    return policies.at_hand(user, district_id)


def asks_for_something(user: Any) -> QuerySet[Organization]:
    """Districts in sight whose policy sets a quota: without one there is neither page nor line in the menu."""
    scope = scope_of(user)
    grants = scope.with_power(Power.CONFIRM_REGISTRATION, Power.TREE_SEE, Power.UNIT_SEE)
    districts = Organization.objects.open().filter(parent=None).order_by()
    if not any(grant.seat is Seat.CITY for grant in grants):
        trees = {grant.interval[0] for grant in grants if grant.interval[0]}
        units = {grant.unit_id for grant in grants if grant.unit_id}
        own = Q(tree_id__in=trees)
        if units:
            own |= Q(pk__in=Volunteer.objects.filter(member__unit__in=units).order_by().values("district"))
        districts = districts.filter(own)
    return quotas.asking(districts)


# To download


def csv_of_names(lines: Iterable[Any], policy: Policy) -> Iterable[list[Any]]:
    yield ["姓名", "单位", "本季度八小时外次数", "指标次数", "今年八小时外小时", "指标小时", "还差"]
    for volunteer in lines:
        stands = quotas.stands(policy, times=volunteer.times, minutes=volunteer.minutes)
        yield [
            *(plain(str(volunteer)), plain(str(volunteer.unit or ""))),
            *(stands.times, stands.times_wanted, stands.hours, stands.hours_wanted, missing(stands)),
        ]


def csv_of_totals(lines: Iterable[quotas.Total], by: str) -> Iterable[list[Any]]:
    head = "社区" if by == "community" else "单位"
    yield [head, "在职党员", "都完成", "没有完成", "本季度次数没完成", "今年时长没完成", "今年八小时外小时"]
    for total in lines:
        yield [
            *(plain(total.name), total.people, total.met, total.behind),
            *(total.behind_quarter, total.behind_year, round(total.minutes / 60, 1)),
        ]


def plain(name: str) -> str:
    """A name that a spreadsheet must not take for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def file_name(what: str) -> str:
    return f"wenshao-quota-{what}-{clock.today():%Y%m%d}.csv"

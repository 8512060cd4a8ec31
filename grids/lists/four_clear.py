"""四清楚 (D2): of each member the basics, unit, compound and telephone; which of them are not recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from grids.lists.area import Area
from grids.lists.listing import Column, Listing, View
from grids.models import Home
from organizations.models import Member
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.units import keeps_members

GAPS = {
    "unit": Q(unit=None),
    "home": Q(home=None) | Q(home__compound=None, home__building=None),
    "building": Q(home__compound__isnull=False, home__building=None),
    "account": Q(user=None),
}


def members(area: Area) -> QuerySet[Member]:
    """Those whose register the user keeps, and those who live where he sees the registry; in the chosen place those
    who live there, of a chosen district also those who live nowhere yet."""
    homes = Home.objects.visible_to(area.user).order_by().values("member")
    seen = Member.objects.filter(
        Q(pk__in=Member.objects.visible_to(area.user).order_by().values("pk")) | Q(pk__in=homes)
    )
    return (
        seen.filter(_living_in(area))
        .select_related("unit", "home__compound", "home__building")
        .defer("phone")
    )


def _living_in(area: Area) -> Q:
    if area.grid is not None:
        inside = area.inside(area.grid.pk)
        return Q(home__building__grid__in=inside) | Q(home__building=None, home__compound__grid__in=inside)
    node = area.community or area.street
    if node is None:
        return Q(district=area.district) if area.district is not None else Q()
    column = "community" if area.community is not None else "street"
    return Q(**{f"home__building__{column}": node}) | Q(
        **{"home__building": None, f"home__compound__{column}": node}
    )


def lacking(*gaps: str) -> Callable[[Area], QuerySet[Member]]:
    def rows(area: Area) -> QuerySet[Member]:
        wanted = Q()
        for gap in gaps:
            wanted |= GAPS[gap]
        return members(area).filter(wanted).order_by("name", "id")

    return rows


def _what(member: Any) -> str:
    home = getattr(member, "home", None)
    place = home and (home.building or home.compound)
    missing = {
        "单位": member.unit is None,
        "住处": place is None,
        "楼栋": home is not None and place is not None and home.building is None,
        "账号": member.user_id is None,
    }
    return "、".join(name for name, gone in missing.items() if gone)


def _home(member: Any) -> str:
    home = getattr(member, "home", None)
    return str(home) if home else ""


def _address(member: Any) -> str:
    home = getattr(member, "home", None)
    return reverse("admin:grids_home_change", args=[home.pk]) if home else ""


COLUMNS = (
    Column("党员", lambda row: row.name, 14, url=_address),
    Column("单位", lambda row: row.unit.name if row.unit else "", 28),
    Column("住处", _home, 26),
    Column("缺什么", _what, 20, state=lambda row: "soon" if _what(row) else ""),
)


def is_seen(area: Area) -> bool:
    """Streets see no members: neither their register nor the homes."""
    return scope_of(area.user).has(Power.REGISTRY_SEE) or keeps_members(area.user)


def needs(area: Area) -> int:
    return area.memo("four_clear", lambda: lacking(*GAPS)(area).count())


def headline(area: Area) -> str:
    if not is_seen(area):
        return "党员底数由社区和区里核对"
    number = needs(area)
    return f"{number} 名党员还没有四清楚" if number else "看得到的党员都四清楚"


def _view(key: str, label: str, empty: str, *gaps: str, state: str = "") -> View:
    return View(
        key,
        label,
        COLUMNS,
        lacking(*gaps),
        empty,
        of_registry=False,
        is_personal=True,
        is_placed=False,
        state=state,
    )


LISTING = Listing(
    slug="four-clear",
    title="党员四清楚",
    question="哪些党员的单位、住处、楼栋或账号还没有登记清楚",
    icon="people",
    views=(
        _view("all", "没有四清楚", "看得到的党员，单位、住处、楼栋、账号都登记清楚了。", *GAPS, state="soon"),
        _view("unit", "缺单位", "每名党员都登记了单位。", "unit"),
        _view("home", "缺住处", "每名党员都登记了住处。", "home"),
        _view("building", "只到小区", "每名党员的住处都登记到了楼栋。", "building"),
        _view("account", "缺账号", "每名党员都有账号。", "account"),
    ),
    headline=headline,
    needs=needs,
    needing="名党员没有四清楚",
    fine="党员都四清楚",
    is_seen=is_seen,
)

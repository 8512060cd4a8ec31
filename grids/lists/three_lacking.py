"""三无小区 (D9): compounds without Party branch, owners' committee and property company; and what each lacks."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from grids.lists.area import Area
from grids.lists.listing import Column, Listing, View
from grids.models import Building, Compound

BODIES = ("branch", "owners_committee", "property_company")


def compounds(area: Area) -> QuerySet[Any]:
    """With `lacking`: how many of the three are missing."""
    missing: Any = sum(
        (Case(When(**{body: None}, then=1), default=0, output_field=IntegerField()) for body in BODIES),
        start=Value(0),
    )
    return Compound.objects.filter(area.rows()).annotate(lacking=missing)


def lacking(number: int) -> Any:
    """The view of compounds that lack so many of the three."""

    def rows(area: Area) -> QuerySet[Compound]:
        buildings = Building.objects.filter(compound=OuterRef("pk")).order_by().values("compound")
        counted = Subquery(buildings.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        found = compounds(area).filter(lacking=number).annotate(n_buildings=Coalesce(counted, 0))
        return (
            found.select_related("community", "grid", "paired_unit", *BODIES)
            .defer("grid__boundary")
            .order_by("community_id", "name", "id")
        )

    return rows


def _has(body: str) -> Any:
    def value(compound: Compound) -> str:
        return str(getattr(compound, body) or "没有")

    return value


COLUMNS = (
    Column(
        "小区",
        lambda row: row.name,
        24,
        url=lambda row: reverse("admin:grids_compound_change", args=[row.pk]),
    ),
    Column("类型", lambda row: row.get_kind_display(), 12),
    Column("社区", lambda row: row.community.short_name if row.community else "", 16),
    Column("网格", lambda row: row.grid.name if row.grid else "", 14),
    Column("楼栋", lambda row: row.n_buildings, 8),
    Column(
        "缺什么",
        lambda row: "、".join(row.lacks),
        30,
        state=lambda row: "late" if row.lacking == 3 else "soon",
    ),
    Column("结对单位", lambda row: row.paired_unit.name if row.paired_unit else "还没有", 24),
)
WHAT_IS_THERE = (
    Column("党组织", _has("branch"), 24),
    Column("业主委员会", _has("owners_committee"), 24),
    Column("物业公司", _has("property_company"), 24),
)


def needs(area: Area) -> int:
    return area.memo("three_lacking", lambda: Compound.objects.filter(area.rows()).three_lacking().count())


def headline(area: Area) -> str:
    number = needs(area)
    whole = area.memo("compounds", lambda: Compound.objects.filter(area.rows()).count())
    return f"{whole} 个小区里 {number} 个三无小区" if number else f"{whole} 个小区，没有三无小区"


LISTING = Listing(
    slug="three-lacking",
    title="三无小区",
    question="哪些小区没有党组织、没有业主委员会、也没有物业公司，各缺什么",
    icon="warning",
    views=(
        View(
            "all-three",
            "三样都缺",
            COLUMNS,
            lacking(3),
            "没有三无小区：每个小区至少有其中一样。",
            state="late",
        ),
        View(
            "two", "缺两样", (*COLUMNS[:-2], *WHAT_IS_THERE), lacking(2), "没有缺两样的小区。", state="soon"
        ),
        View("one", "缺一样", (*COLUMNS[:-2], *WHAT_IS_THERE), lacking(1), "没有缺一样的小区。"),
        View("none", "三样都有", (*COLUMNS[:4], *WHAT_IS_THERE), lacking(0), "还没有三样都有的小区。"),
    ),
    headline=headline,
    needs=needs,
    needing="个三无小区",
    fine="没有三无小区",
)

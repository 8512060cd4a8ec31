"""物业公司 and their Party organizations (C10, L3): who manages which compounds, and how many have a branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from grids.lists.area import Area
from grids.lists.listing import Column, Listing, View
from grids.models import Compound
from ground import clock
from organizations.models import Unit, UnitBranch

NAMED = 3


def standing_branches(unit: str = "pk") -> QuerySet[UnitBranch]:
    """The Party organizations of the unit of an outer row that are not dissolved."""
    alive = Q(closed_on=None) | Q(closed_on__gt=clock.today())
    return UnitBranch.objects.filter(alive, unit=OuterRef(unit))


def companies(area: Area) -> QuerySet[Any]:
    """Those that manage a compound of the area, and those registered in it. With `has_branch`."""
    here = Compound.objects.filter(area.rows(), property_company=OuterRef("pk"))
    found = Unit.objects.filter(kind=Unit.Kind.PROPERTY, closed_at=None)
    return found.filter(Q(Exists(here)) | area.placed()).annotate(has_branch=Exists(standing_branches()))


def those(*, with_branch: bool | None) -> Callable[[Area], QuerySet[Unit]]:
    def rows(area: Area) -> QuerySet[Unit]:
        found = companies(area)
        if with_branch is not None:
            found = found.filter(has_branch=with_branch)
        here = Compound.objects.filter(area.rows(), property_company=OuterRef("pk"))
        counted = here.order_by().values("property_company").annotate(n=Count("pk")).values("n")
        first = standing_branches().order_by("founded_on", "id").values("name")[:1]
        return (
            found.annotate(
                n_compounds=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
                branch_name=Subquery(first),
            )
            .select_related("street", "community")
            .order_by("name", "id")
        )

    return rows


def dress(rows: list[Any], area: Area) -> list[Any]:
    """With `compound_names`: the first few, and how many more. One query."""
    names: dict[int, list[str]] = {}
    here = Compound.objects.filter(area.rows(), property_company__in=[row.pk for row in rows]).order_by(
        "name"
    )
    for company, name in here.values_list("property_company", "name"):
        names.setdefault(company or 0, []).append(name)
    for row in rows:
        mine = names.get(row.pk, [])
        more = f" 等 {len(mine)} 个" if len(mine) > NAMED else ""
        row.compound_names = "、".join(mine[:NAMED]) + more
    return rows


def _seat(company: Unit) -> str:
    node = company.community or company.street
    return node.short_name or node.name if node else "区级"


COLUMNS = (
    Column(
        "物业公司",
        lambda row: row.name,
        30,
        url=lambda row: reverse("admin:organizations_unit_change", args=[row.pk]),
    ),
    Column(
        "党组织",
        lambda row: row.branch_name or "还没有",
        30,
        state=lambda row: "done" if row.has_branch else "soon",
    ),
    Column("管理小区", lambda row: row.n_compounds, 10),
    Column("哪些小区", lambda row: row.compound_names, 40),
    Column("登记在", lambda row: _seat(row), 20),
)


def _totals(area: Area) -> dict[str, int]:
    def count() -> dict[str, int]:
        counted = companies(area).aggregate(n=Count("pk"), n_with=Count("pk", filter=Q(has_branch=True)))
        covered = Compound.objects.filter(
            area.rows(),
            Exists(standing_branches("property_company")),
            property_company__closed_at=None,
        )
        return {**counted, "n_covered": covered.count()}

    return area.memo("property_companies", count)


def needs(area: Area) -> int:
    totals = _totals(area)
    return totals["n"] - totals["n_with"]


def headline(area: Area) -> str:
    totals = _totals(area)
    return f"{totals['n']} 家，{totals['n_with']} 家有党组织，覆盖 {totals['n_covered']} 个小区"


LISTING = Listing(
    slug="property-companies",
    title="物业公司",
    question="有哪些物业公司，哪些建了党组织，各管哪些小区",
    icon="building",
    views=(
        View("all", "全部", COLUMNS, those(with_branch=None), "还没有登记物业公司。", dress),
        View(
            "without",
            "没有党组织",
            COLUMNS,
            those(with_branch=False),
            "每家物业公司都有党组织了。",
            dress,
            state="soon",
        ),
        View("with", "有党组织", COLUMNS, those(with_branch=True), "还没有物业公司建立党组织。", dress),
    ),
    headline=headline,
    needs=needs,
    needing="家物业公司没有党组织",
    fine="物业公司都有党组织",
)

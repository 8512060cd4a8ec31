"""党组织覆盖 (H2): how far Party organization reaches, and the grids, buildings, compounds, units without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Q, QuerySet
from django.urls import reverse

from grids.lists.area import Area
from grids.lists.figures import Figures, figures_of, total_of
from grids.lists.lines import Line
from grids.lists.listing import Column, Listing, View, link
from grids.lists.property_companies import standing_branches
from grids.models import Building, Compound, Grid
from ground.templatetags.wenshao import percent
from organizations.models import Unit

SLUG = "coverage"


@dataclass(frozen=True, slots=True)
class Covered:
    """A line with its figures, and how to open what is missing on it."""

    line: Line
    figures: Figures
    address: str

    def gap(self, view: str) -> str:
        return f"{self.address}{'&' if '?' in self.address else '?'}view={view}"


def by_line(area: Area) -> list[Covered]:
    url = reverse("grids:list", args=[SLUG])
    return [
        Covered(line, figures, link(url, area, **dict(line.narrowing)))
        for line, figures in figures_of(area)
        if line.narrowing
    ]


def _share(covered: int, whole: int) -> float | None:
    return covered / whole if whole else None


def _pair(what: str, label: str, view: str) -> tuple[Column, Column]:
    """How many have it of how many, and the share; the number of the rest opens them."""

    def missing(row: Covered) -> int:
        return getattr(row.figures, what) - getattr(row.figures, f"covered_{what}")

    return (
        Column(
            f"{label}没有",
            missing,
            10,
            url=lambda row: row.gap(view) if missing(row) else "",
        ),
        Column(
            f"{label}覆盖",
            lambda row: _share(getattr(row.figures, f"covered_{what}"), getattr(row.figures, what)),
            10,
        ),
    )


def grids_without(area: Area) -> QuerySet[Grid]:
    rows = Grid.objects.filter(area.rows(grid="pk"), branch=None)
    return rows.select_related("community", "parent").defer("boundary", "parent__boundary").order_by("code")


def buildings_without(area: Area) -> QuerySet[Building]:
    rows = Building.objects.filter(area.rows(), group=None)
    return rows.select_related("community", "grid", "compound").defer("grid__boundary").order_by("code")


def compounds_without(area: Area) -> QuerySet[Compound]:
    rows = Compound.objects.filter(area.rows(), branch=None)
    return (
        rows.select_related("community", "grid")
        .defer("grid__boundary")
        .order_by("community_id", "name", "id")
    )


@dataclass(frozen=True, slots=True)
class Kind:
    label: str
    number: int
    covered: int


def units_by_kind(area: Area) -> list[Kind]:
    """Kinds of units with how many have a Party organization of their own. One query."""
    rows = Unit.objects.filter(area.placed(), closed_at=None).annotate(has=Exists(standing_branches()))
    counted = (
        rows.order_by().values_list("kind").annotate(n=Count("pk"), n_with=Count("pk", filter=Q(has=True)))
    )
    found = {kind: (number, covered) for kind, number, covered in counted}
    return [Kind(str(kind.label), *found[kind.value]) for kind in Unit.Kind if kind.value in found]


def units_without(area: Area) -> QuerySet[Unit]:
    rows = Unit.objects.filter(area.placed(), ~Exists(standing_branches()), closed_at=None)
    return rows.select_related("street", "community").order_by("kind", "name", "id")


def _to(model: str) -> Any:
    return lambda row: reverse(f"admin:{model}_change", args=[row.pk])


def _community(row: Any) -> str:
    return row.community.short_name if row.community else ""


LINE_COLUMNS = (
    Column("名称", lambda row: row.line.name, 20, url=lambda row: row.address),
    Column("所属", lambda row: row.line.note, 16),
    *_pair("grids", "网格", "grids"),
    *_pair("buildings", "楼栋", "buildings"),
    *_pair("compounds", "小区", "compounds"),
)
GRID_COLUMNS = (
    Column("网格", lambda row: row.name, 20, url=_to("grids_grid")),
    Column("编号", lambda row: row.code, 22, is_text=True),
    Column("级别", lambda row: row.get_tier_display(), 8),
    Column("上级网格", lambda row: row.parent.name if row.parent else "", 20),
    Column("社区", _community, 16),
)
BUILDING_COLUMNS = (
    Column("楼栋", lambda row: row.name, 24, url=_to("grids_building")),
    Column("编码", lambda row: row.code, 22, is_text=True),
    Column("小区", lambda row: row.compound.name if row.compound else "", 20),
    Column("网格", lambda row: row.grid.name, 14),
    Column("社区", _community, 16),
)
COMPOUND_COLUMNS = (
    Column("小区", lambda row: row.name, 24, url=_to("grids_compound")),
    Column("类型", lambda row: row.get_kind_display(), 12),
    Column("网格", lambda row: row.grid.name if row.grid else "", 14),
    Column("社区", _community, 16),
)
KIND_COLUMNS = (
    Column("类别", lambda row: row.label, 16),
    Column("单位", lambda row: row.number, 10),
    Column("有党组织", lambda row: row.covered, 10),
    Column("覆盖", lambda row: _share(row.covered, row.number), 10),
)
UNIT_COLUMNS = (
    Column("单位", lambda row: row.name, 30, url=_to("organizations_unit")),
    Column("类别", lambda row: row.get_kind_display(), 14),
    Column("街镇", lambda row: row.street.short_name if row.street else "", 16),
    Column("社区", _community, 16),
)


def needs(area: Area) -> int:
    total = total_of(area)
    return total.grids - total.covered_grids


def headline(area: Area) -> str:
    total = total_of(area)
    if not total.grids:
        return "还没有网格"
    without = total.grids - total.covered_grids
    said = f"{without} 个网格还没有党组织" if without else "每个网格都有党组织"
    return f"网格覆盖 {percent(total.coverage)}，{said}"


LISTING = Listing(
    slug=SLUG,
    title="党组织覆盖",
    question="党组织覆盖到哪里，哪些网格、楼栋、小区、单位还没有",
    icon="flag",
    views=(
        View("lines", "总表", LINE_COLUMNS, by_line, "下面还没有网格。", totals=True),
        View("grids", "没有党组织的网格", GRID_COLUMNS, grids_without, "每个网格都有党组织。", state="soon"),
        View(
            "buildings",
            "没有党小组的楼栋",
            BUILDING_COLUMNS,
            buildings_without,
            "每栋楼都有党小组。",
            state="soon",
        ),
        View(
            "compounds",
            "没有党组织的小区",
            COMPOUND_COLUMNS,
            compounds_without,
            "每个小区都有党组织。",
            state="soon",
        ),
        View("kinds", "各类单位", KIND_COLUMNS, units_by_kind, "还没有登记单位。", totals=True),
        View(
            "units", "没有党组织的单位", UNIT_COLUMNS, units_without, "登记了的单位都有党组织。", state="soon"
        ),
    ),
    headline=headline,
    needs=needs,
    needing="个网格没有党组织",
    fine="每个网格都有党组织",
)

"""规模不合标准 (N2, N3, H1): grids and communities that are too small or too large for the district's policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from grids.lists.area import Area, name_of
from grids.lists.figures import people_by_community
from grids.lists.listing import Column, Listing, View
from grids.models import Grid, Household, TerritoryPolicy
from organizations.posts import Tier


@dataclass(frozen=True, slots=True)
class Measured:
    """A grid or community with its number and the limits that hold for it."""

    kind: str  # "community", "second", "third"
    label: str  # what it is
    name: str
    community: str
    number: int
    unit: str
    low: int
    high: int
    narrowing: tuple[tuple[str, int], ...]

    @property
    def off(self) -> int:
        """How many too many; negative: too few; 0: within the limits, or nothing registered yet."""
        if self.number == 0:
            return 0
        return max(self.number - self.high, 0) or min(self.number - self.low, 0)

    @property
    def off_in_words(self) -> str:
        if self.number == 0:
            return "还没有登记"
        if not self.off:
            return "合标准"
        return f"{'多' if self.off > 0 else '少'} {abs(self.off):,} {self.unit}"


def measured(area: Area) -> list[Measured]:
    """Every community and every grid of the second and third tier; four queries, however many there are.

    Second-tier grids count the households of the grids inside them.
    """
    return area.memo("measured", lambda: [*_communities(area), *_grids(area)])


def _communities(area: Area) -> list[Measured]:
    """Of a community of which only some grids are in reach, nothing is said."""
    if area.grid is not None:
        return []
    people = people_by_community(area)
    found = []
    for node in area.nodes:
        if node.tier != Tier.COMMUNITY or not area.holds_whole(node):
            continue
        policy = area.policy(node.tree_id)
        number = people.get(node.pk, 0)
        found.append(
            Measured(
                "community",
                "社区",
                name_of(node),
                name_of(node),
                number,
                "人",
                policy.people_min,
                policy.people_max,
                (("community", node.pk),),
            )
        )
    return found


def _grids(area: Area) -> list[Measured]:
    rows: Any = Grid.objects.filter(area.rows(grid="pk"), tier__gt=Grid.Tier.FIRST).order_by("code")
    names = ("pk", "parent", "tier", "housing", "name", "community", "district")
    grids = list(rows.values_list(*names, named=True))
    counted = dict(
        Household.objects.filter(area.rows())
        .order_by()
        .values_list("grid_id")
        .annotate(n=Count("*"))
        .values_list("grid_id", "n")
    )
    numbers = dict(counted)
    for grid in grids:
        if grid.tier == Grid.Tier.THIRD and grid.parent:
            numbers[grid.parent] = numbers.get(grid.parent, 0) + counted.get(grid.pk, 0)
    places = {node.pk: name_of(node) for node in area.nodes}
    return [_grid(grid, numbers.get(grid.pk, 0), places, area.policy(grid.district)) for grid in grids]


def _grid(grid: Any, number: int, names: dict[int, str], policy: TerritoryPolicy) -> Measured:
    if grid.tier == Grid.Tier.SECOND:
        kind, label, low, high = "second", "二级网格", policy.branch_min, policy.branch_max
    elif grid.housing == Grid.Housing.SELF_BUILT:
        kind, label, low, high = "third", "三级网格（自建房）", policy.self_built_min, policy.self_built_max
    else:
        kind, label, low, high = "third", "三级网格（楼宇）", policy.blocks_min, policy.blocks_max
    where = (("community", grid.community or 0), ("grid", grid.pk))
    return Measured(kind, label, grid.name, names.get(grid.community, ""), number, "户", low, high, where)


def those(keep: Callable[[Measured], bool]) -> Callable[[Area], list[Measured]]:
    """The farthest off first."""

    def rows(area: Area) -> list[Measured]:
        return sorted(
            filter(keep, measured(area)), key=lambda row: (-abs(row.off) / max(row.high, 1), row.name)
        )

    return rows


COLUMNS = (
    Column("名称", lambda row: row.name, 20),
    Column("级别", lambda row: row.label, 20),
    Column("社区", lambda row: row.community, 16),
    Column("现有", lambda row: row.number, 10),
    Column("单位", lambda row: row.unit, 6),
    Column("标准下限", lambda row: row.low, 10),
    Column("标准上限", lambda row: row.high, 10),
    Column(
        "相差",
        lambda row: row.off_in_words,
        14,
        state=lambda row: (
            "late" if row.off > 0 else "soon" if row.off else "wait" if not row.number else "done"
        ),
    ),
)


def needs(area: Area) -> int:
    return sum(1 for row in measured(area) if row.off)


def headline(area: Area) -> str:
    rows = measured(area)
    communities = sum(1 for row in rows if row.off and row.kind == "community")
    grids = sum(1 for row in rows if row.off and row.kind != "community")
    if not communities and not grids:
        return "登记了的网格和社区都合标准"
    parts = [f"{grids} 个网格" if grids else "", f"{communities} 个社区" if communities else ""]
    return f"{'、'.join(filter(None, parts))}不合标准"


LISTING = Listing(
    slug="out-of-range",
    title="规模不合标准",
    question="哪些网格和社区比区里定的标准大了或小了，差多少",
    icon="sliders",
    views=(
        View("off", "不合标准", COLUMNS, those(lambda row: bool(row.off)), "都合标准。", state="soon"),
        View("third", "三级网格", COLUMNS, those(lambda row: row.kind == "third"), "还没有三级网格。"),
        View("second", "二级网格", COLUMNS, those(lambda row: row.kind == "second"), "还没有二级网格。"),
        View("community", "社区", COLUMNS, those(lambda row: row.kind == "community"), "这里不看整个社区。"),
        View("blank", "还没有登记", COLUMNS, those(lambda row: not row.number), "都登记了住户。"),
    ),
    headline=headline,
    needs=needs,
    needing="个网格或社区不合标准",
    fine="规模都合标准",
)

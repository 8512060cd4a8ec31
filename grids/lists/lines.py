"""Counts a district, a community or a grid: the lines of every table that sums up an area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet

from grids.lists.area import Area, is_below, name_of
from grids.models import Grid
from organizations.models import Organization
from organizations.posts import Tier


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is called, how the URL narrows to it ({} for what belongs to none of them)."""

    key: int | None
    name: str
    note: str = ""
    narrowing: tuple[tuple[str, int], ...] = ()
    is_rest: bool = False  # drawn only where something was counted


class Lines:
    """The lines of an area, and how rows find theirs: grids in a community, else communities, of a city districts.

    Grids inside a grid are counted on its line; what stands in none is on the line of the community itself.
    """

    def __init__(self, area: Area) -> None:
        self.area = area
        self.column = _column(area)
        self.lines = _of_grids(area) if self.column == "grid" else _of_nodes(area, self.column)
        self._into = _tops(area) if self.column == "grid" else {line.key: line.key for line in self.lines}

    @property
    def word(self) -> str:
        return {"grid": "网格", "community": "社区", "district": "区县"}[self.column]

    def count(self, rows: QuerySet[Any], grid: str = "grid", **more: Any) -> dict[int | None, dict[str, int]]:
        """Line → {"n": how many rows, and what else is counted}. One query; `grid` as in `Area.rows`."""
        column = f"{self.column}_id" if self.column != "grid" else ("pk" if grid == "pk" else f"{grid}_id")
        grouped = rows.order_by().values(line=F(column)).annotate(n=Count("*"), **more)
        names = ["n", *more]
        found: dict[int | None, dict[str, int]] = {}
        for row in grouped.values_list("line", *names):
            here = found.setdefault(self.of(row[0]), dict.fromkeys(names, 0))
            for name, number in zip(names, row[1:], strict=True):
                here[name] += number
        return found

    def of(self, key: int | None) -> int | None:
        """The line on which a row of that grid, community or district stands."""
        return self._into.get(key)

    def shown(self, *counted: dict[int | None, Any]) -> list[Line]:
        """The lines to draw: those of the rest only where something belongs to them."""
        keys = set().union(*counted)
        lines = [line for line in self.lines if not line.is_rest or line.key in keys]
        return [*lines, Line(None, f"未归到{self.word}", is_rest=True)] if None in keys else lines


def lines_of(area: Area) -> Lines:
    return area.memo("lines", lambda: Lines(area))


def counted(area: Area, rows: Callable[[Area], Any]) -> dict[int | None, dict[str, int]]:
    """`Lines.count` of what `rows` gives, asked once a page whoever wants to know."""
    key = f"counted:{rows.__module__}.{rows.__qualname__}"
    return area.memo(key, lambda: lines_of(area).count(rows(area)))


def whole(area: Area, rows: Callable[[Area], Any]) -> int:
    """All lines together."""
    return sum(line["n"] for line in counted(area, rows).values())


def _column(area: Area) -> str:
    if area.community is not None:
        return "grid"
    is_wide = sum(node.tier == Tier.DISTRICT for node in area.nodes) > 1 and area.district is None
    return "district" if is_wide else "community"


def _of_nodes(area: Area, column: str) -> list[Line]:
    tier = Tier.COMMUNITY if column == "community" else Tier.DISTRICT
    above = area.street or area.district
    streets = {node.pk: node for node in area.nodes if node.tier == Tier.STREET}
    return [
        Line(node.pk, name_of(node), _street_of(node, streets, area), ((column, node.pk),))
        for node in area.nodes
        if node.tier == tier and (above is None or is_below(node, above))
    ]


def _street_of(node: Organization, streets: dict[int, Organization], area: Area) -> str:
    street = streets.get(node.parent_id or 0)
    return name_of(street) if street and area.street is None else ""


def _of_grids(area: Area) -> list[Line]:
    tops = _tops(area)
    return [
        Line(
            grid.pk,
            grid.name,
            grid.get_tier_display(),
            (("community", grid.community_id or 0), ("grid", grid.pk)),
            is_rest=grid.tier == Grid.Tier.FIRST,
        )
        for grid in area.grids
        if tops.get(grid.pk) == grid.pk
    ]


def _tops(area: Area) -> dict[int | None, int | None]:
    """Grid → the grid on whose line it stands: second-tier ones, or, of a chosen one, itself and those inside."""
    if area.grid is not None:
        return {pk: pk for pk in area.inside(area.grid.pk)}
    by_id = {grid.pk: grid for grid in area.grids}
    tops: dict[int | None, int | None] = {}
    for grid in area.grids:  # by tier: parents come before their children
        parent = by_id.get(grid.parent_id or 0)
        has_own = parent is None or parent.tier == Grid.Tier.FIRST
        tops[grid.pk] = grid.pk if has_own else tops[grid.parent_id]
    return tops

"""Whose polygons a map shows, and how they lie: boundaries of grids put together, and slimmed for the wire.

A city shows its districts, a district its streets (communities where the street is skipped), a street its
communities, all of them drawn from their first-tier grids. From the community down it is second-tier grids, third
where there are no second. The same children, with the same totals, as the table of the page.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from django.core.cache import cache
from django.db.models import Count, Sum
from shapely.geometry.base import BaseGeometry

from dashboards import places
from dashboards.areas import Area
from grids.edges import geometry_of
from grids.models import Grid
from organizations.models import Organization
from organizations.posts import Tier
from organizations.scope import COLUMNS

#: Corners of all polygons of one map together: about 300 KB of JSON.
MOST_CORNERS = 12_000
#: Polygons of one map; a community whose third-tier grids are staircases may have more.
MOST_PLACES = 1_000
#: Outlines are kept for one round of the rollups.
KEPT_SECONDS = 600
#: Half of a crack between neighbours that is closed, some 3 m; where corners lie, 0.1 m. Degrees.
CRACK, PRECISION = 3e-5, 1e-6
#: The first tolerance, as a share of the map's width: less than a pixel of a wide screen.
FINE = 1 / 2_000


@dataclass(frozen=True, slots=True)
class Child:
    """What one polygon stands for: a node, or a grid with the node of its branch, if it has one."""

    key: str
    name: str
    node_id: int | None = None
    grid_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """The children of an area. `stamp` changes with their names, their number and their boundaries.

    A boundary that changes inside its box leaves the stamp as it was: it shows after the next round at the latest.
    """

    area: Area
    children: list[Child]
    stamp: str

    def outlines(self) -> Outlines:
        """One query, none where they are known."""
        key = f"map:{places.of_node(self.area.node.pk if self.area.node else None)}:{self.stamp}"
        found = cache.get(key)
        if found is None:
            found = _outlines(self)
            cache.set(key, found, KEPT_SECONDS)
        wkb, undrawn = found
        return Outlines(dict(zip(wkb, shapely.from_wkb(list(wkb.values())), strict=True)), undrawn)


@dataclass(frozen=True, slots=True)
class Outlines:
    """Key of a child → its polygons, of those that have any. undrawn: grids without a boundary, by id and name."""

    shapes: dict[str, BaseGeometry]
    undrawn: list[tuple[int, str]]


def ground_of(area: Area) -> Ground:
    """Two queries (one from the community down)."""
    return _of_grids(area) if area.goes_by_grid else _of_nodes(area)


# Districts, streets, communities


def _of_nodes(area: Area) -> Ground:
    rows = Organization.objects.open()
    if area.node is None:
        rows = rows.filter(tier=Tier.DISTRICT).order_by("code", "tree_id")
    else:
        rows = rows.filter(parent=area.node).order_by("lft")
    children = [
        Child(places.of_node(pk), short or name, pk)
        for pk, name, short in rows.values_list("pk", "name", "short_name")[:MOST_PLACES]
    ]
    box = ("west", "south", "east", "north")
    drawn = Grid.objects.filter(area.grids, tier=Grid.Tier.FIRST)
    sums = drawn.aggregate(n=Count("pk"), n_drawn=Count("west"), **{side: Sum(side) for side in box})
    return Ground(area, children, _stamp(children, sums))


def _first_tier(ground: Ground) -> Iterable[tuple[str | None, int, str, Any]]:
    """(key of the child, grid, its name, its boundary) of every community's own grid."""
    known = {child.key for child in ground.children}
    columns = [f"{column}_id" for column in COLUMNS.values()]
    rows = Grid.objects.filter(ground.area.grids, tier=Grid.Tier.FIRST).order_by("code")
    for pk, name, boundary, *line in rows.values_list("pk", "name", "boundary", *columns):
        keys = (places.of_node(node) for node in line if node)
        yield next((key for key in keys if key in known), None), pk, name, boundary


# Grids


def _of_grids(area: Area) -> Ground:
    columns = (
        "pk",
        "tier",
        "parent",
        "name",
        "branch",
        "branch__closed_at",
        "west",
        "south",
        "east",
        "north",
    )
    rows = list(Grid.objects.filter(area.grids).order_by("tier", "code").values_list(*columns))
    shown = lines_of([(pk, tier, parent) for pk, tier, parent, *_ in rows])
    mine = [row for row in rows if row[0] in shown][:MOST_PLACES]
    children = [
        Child(places.of_grid(pk), name, branch if closed is None else None, pk)
        for pk, _, _, name, branch, closed, *_ in mine
    ]
    return Ground(area, children, _stamp(children, mine))


def lines_of(grids: list[tuple[int, int, int | None]]) -> set[int]:
    """Of (id, tier, parent) those that are lines: the coarsest tier below the community's own grid, and finer ones
    that lie in none of them."""
    top = min((tier for _, tier, _ in grids if tier > Grid.Tier.FIRST), default=Grid.Tier.FIRST)
    inside: set[int] = set()
    lines: set[int] = set()
    for pk, tier, parent in sorted(grids, key=lambda each: each[1]):
        if tier < top:
            continue
        if parent in inside:
            inside.add(pk)
            continue
        lines.add(pk)
        inside.add(pk)
    return lines


def _own_tier(ground: Ground) -> Iterable[tuple[str | None, int, str, Any]]:
    ids = [child.grid_id for child in ground.children if child.grid_id]
    rows = Grid.objects.filter(pk__in=ids).order_by("code").values_list("pk", "name", "boundary")
    for pk, name, boundary in rows:
        yield places.of_grid(pk), pk, name, boundary


# Both


def _stamp(children: list[Child], boundaries: Any) -> str:
    said = repr([(child.key, child.name, child.node_id) for child in children]) + repr(boundaries)
    return hashlib.sha256(said.encode()).hexdigest()[:20]


def _outlines(ground: Ground) -> tuple[dict[str, bytes], list[tuple[int, str]]]:
    """Key → slim polygons as WKB; the grids without a boundary."""
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    undrawn = []
    rows = _own_tier(ground) if ground.area.goes_by_grid else _first_tier(ground)
    for key, pk, name, boundary in rows:
        shape = geometry_of(boundary) if boundary else None
        if shape is None:
            undrawn.append((pk, name))
        elif key is not None:
            parts[key].append(shape)
    whole = {key: joined(shapes) for key, shapes in parts.items()}
    return {key: shape.wkb for key, shape in slim(whole).items()}, undrawn


def joined(shapes: list[BaseGeometry]) -> BaseGeometry:
    """One shape of several. Boundaries drawn one by one leave cracks between neighbours: narrow ones are closed."""
    whole = shapely.union_all(shapes)
    if len(shapes) == 1:
        return whole
    closed = whole.buffer(CRACK, join_style="mitre").buffer(-CRACK, join_style="mitre")
    return shapely.set_precision(closed, PRECISION)


def slim(shapes: dict[str, BaseGeometry], most: int = MOST_CORNERS) -> dict[str, BaseGeometry]:
    """With as many corners as a screen can show, and never more than `most`; neighbours still fit together."""
    if not shapes:
        return {}
    keys, found = list(shapes), list(shapes.values())
    west, south, east, north = shapely.total_bounds(found)
    tolerance = max(east - west, north - south) * FINE
    while True:
        thin = list(shapely.coverage_simplify(found, tolerance))
        thin = [new if not new.is_empty else old.envelope for new, old in zip(thin, found, strict=True)]
        if shapely.get_num_coordinates(thin).sum() <= most or tolerance > east - west + north - south:
            return dict(zip(keys, _never_more(thin, most), strict=True))
        tolerance *= 2


def _never_more(shapes: list[BaseGeometry], most: int) -> list[BaseGeometry]:
    """The last resort, for a thousand islands: boxes."""
    if shapely.get_num_coordinates(shapes).sum() <= most:
        return shapes
    return [shape.envelope for shape in shapes]

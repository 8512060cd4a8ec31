"""The geometry of the demo: a community as a patch of neighbouring cells, houses in rows inside a cell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

from ground.geo import Point

#: Four corners in order: south-west, south-east, north-east, north-west.
Cell = tuple[Point, Point, Point, Point]
#: (column, row), from the south-west.
Spot = tuple[int, int]
#: How far a corner may lie beside its place, as a share of the cells around it.
BEND = 0.2


def patchwork(
    west: float, south: float, widths: tuple[float, ...], heights: tuple[float, ...]
) -> dict[Spot, Cell]:
    """A whole field of cells by (column, row), counted from the south-west: neighbours share their corners.

    Degrees. The corners lie crooked, but the same after every loading.
    """
    chance = random.Random(len(widths) * len(heights))  # noqa: S311 - invented land
    lngs, lats = _edges(west, widths), _edges(south, heights)

    def knot(column: int, row: int) -> Point:
        aside = chance.uniform(-BEND, BEND) * min(_around(widths, column))
        up = chance.uniform(-BEND, BEND) * min(_around(heights, row))
        return Point(round(lngs[column] + aside, 6), round(lats[row] + up, 6))

    return _between_knots(
        {(c, r): knot(c, r) for r in range(len(heights) + 1) for c in range(len(widths) + 1)},
        len(widths),
        len(heights),
    )


def cells(whole: Cell, columns: int, rows: int, chance: random.Random) -> list[Cell]:
    """A cell cut into `columns` × `rows`, from the north-west on; the cuts are slightly crooked, its edge stays."""

    def knot(column: int, row: int) -> Point:
        along, up = chance.uniform(-BEND, BEND) / 2, chance.uniform(-BEND, BEND) / 2
        along = column + (along if 0 < column < columns else 0)
        up = row + (up if 0 < row < rows else 0)
        lng, lat = inside(whole, along / columns, up / rows)
        return Point(round(lng, 8), round(lat, 8))  # finer than the corners: a cut lies on the edge

    knots = {(column, row): knot(column, row) for row in range(rows + 1) for column in range(columns + 1)}
    parts = _between_knots(knots, columns, rows)
    return [parts[column, row] for row in reversed(range(rows)) for column in range(columns)]


def _edges(first: float, sizes: tuple[float, ...]) -> list[float]:
    return list(accumulate(sizes, initial=first))


def _around(sizes: tuple[float, ...], edge: int) -> tuple[float, ...]:
    """The sizes on both sides of an edge; one at the rim."""
    return sizes[max(edge - 1, 0) : edge + 1]


def _between_knots(knots: dict[Spot, Point], columns: int, rows: int) -> dict[Spot, Cell]:
    return {
        (c, r): (knots[c, r], knots[c + 1, r], knots[c + 1, r + 1], knots[c, r + 1])
        for r in range(rows)
        for c in range(columns)
    }


def outline_of(parts: list[Cell]) -> dict[str, object]:
    """The boundary of all cells together, as a GeoJSON polygon."""
    from shapely import Polygon, unary_union

    whole = unary_union([Polygon(part) for part in parts])
    return {"type": "Polygon", "coordinates": [[list(at) for at in whole.exterior.coords]]}


def ring_of(cell: Cell) -> dict[str, object]:
    """A cell as a GeoJSON polygon."""
    return {"type": "Polygon", "coordinates": [[list(at) for at in (*cell, cell[0])]]}


def lattice(cell: Cell, columns: int, rows: int, chance: random.Random) -> Iterator[Point]:
    """Points in rows well inside a cell, none exactly in line."""
    for row in range(rows):
        for column in range(columns):
            along = (column + 0.5 + chance.uniform(-0.15, 0.15)) / columns * 0.8 + 0.1
            up = (row + 0.5 + chance.uniform(-0.15, 0.15)) / rows * 0.8 + 0.1
            lng, lat = inside(cell, along, up)
            yield Point(round(lng, 6), round(lat, 6))


def inside(cell: Cell, along: float, up: float) -> Point:
    """The point at such shares of the way from west to east and from south to north."""
    west_south, east_south, east_north, west_north = cell
    return _between(_between(west_south, east_south, along), _between(west_north, east_north, along), up)


def middle(cell: Cell) -> Point:
    return Point(sum(at.lng for at in cell) / 4, sum(at.lat for at in cell) / 4)


def _between(one: Point, other: Point, share: float) -> Point:
    return Point(one.lng + (other.lng - one.lng) * share, one.lat + (other.lat - one.lat) * share)

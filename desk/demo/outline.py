"""The geometry of the demo: a community as a patch of neighbouring cells, houses in rows inside a cell."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ground.geo import Point

#: Four corners in order: south-west, south-east, north-east, north-west.
Cell = tuple[Point, Point, Point, Point]


def cells(
    corner: Point, size: tuple[float, float], columns: int, rows: int, chance: random.Random
) -> list[Cell]:
    """`columns` × `rows` cells that share their slightly crooked corners; size in degrees of the whole."""
    wide, high = size[0] / columns, size[1] / rows

    def knot(column: int, row: int) -> Point:
        bend = 0.12
        lng = corner.lng + wide * (column + chance.uniform(-bend, bend))
        return Point(round(lng, 6), round(corner.lat + high * (row + chance.uniform(-bend, bend)), 6))

    knots = {(column, row): knot(column, row) for row in range(rows + 1) for column in range(columns + 1)}
    return [
        (knots[c, r], knots[c + 1, r], knots[c + 1, r + 1], knots[c, r + 1])
        for r in reversed(range(rows))
        for c in range(columns)
    ]


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
    west_south, east_south, east_north, west_north = cell
    for row in range(rows):
        for column in range(columns):
            along = (column + 0.5 + chance.uniform(-0.15, 0.15)) / columns * 0.8 + 0.1
            up = (row + 0.5 + chance.uniform(-0.15, 0.15)) / rows * 0.8 + 0.1
            south = _between(west_south, east_south, along)
            north = _between(west_north, east_north, along)
            lng, lat = _between(south, north, up)
            yield Point(round(lng, 6), round(lat, 6))


def middle(cell: Cell) -> Point:
    return Point(sum(at.lng for at in cell) / 4, sum(at.lat for at in cell) / 4)


def _between(one: Point, other: Point, share: float) -> Point:
    return Point(one.lng + (other.lng - one.lng) * share, one.lat + (other.lat - one.lat) * share)

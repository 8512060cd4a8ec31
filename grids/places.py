"""From a place to who answers for it: building, point or chosen community → community and grid."""

from __future__ import annotations

from typing import NamedTuple

from shapely.geometry import Point as ShapelyPoint

from grids.edges import geometry_of
from grids.models import Building, Compound, Grid
from ground.geo import Point, box_around, distance_m
from organizations.models import Organization

#: A point outside every boundary belongs to the nearest building, if that is not farther than this (metres).
NEAREST_WITHIN_M = 500


class Place(NamedTuple):
    community: Organization
    grid: Grid | None = None
    building: Building | None = None


def place_of(
    *,
    building: Building | None = None,
    compound: Compound | None = None,
    point: Point | None = None,
    community: Organization | None = None,
) -> Place | None:
    """Resolve a place; None when nobody answers for it, or its community is closed.

    A building knows its grid, and so does a compound. A chosen community stands, and a point (WGS-84) only
    finds the grid in it. A point alone goes by the smallest boundary around it, else by the nearest building
    within 500 m.
    """
    if building is not None:
        return _in_active(building.community, building.grid, building)
    if compound is not None:
        return _in_active(compound.community, compound.grid)
    if community is not None:
        return _in_active(community, grid_at(point, community) if point else None)
    if point is None:
        return None
    grid = grid_at(point)
    if grid is not None:
        return _in_active(grid.community, grid)
    nearest = nearest_building(point)
    return _in_active(nearest.community, nearest.grid) if nearest else None


def _in_active(
    community: Organization | None, grid: Grid | None = None, building: Building | None = None
) -> Place | None:
    if community is None or community.closed_at is not None:
        return None
    return Place(community, grid, building)


def grid_at(point: Point, community: Organization | None = None) -> Grid | None:
    """The smallest grid of an active community whose boundary contains the point. One query."""
    around = Grid.objects.filter(
        west__lte=point.lng, east__gte=point.lng, south__lte=point.lat, north__gte=point.lat
    ).filter(community__closed_at=None, **({"community": community} if community else {}))
    spot, found = ShapelyPoint(point.lng, point.lat), []
    for grid in around.select_related("community"):
        area = geometry_of(grid.boundary)
        if area is not None and area.covers(spot):
            found.append((area.area, -grid.tier, grid.pk, grid))
    return min(found)[-1] if found else None


def nearest_building(point: Point, within_m: float = NEAREST_WITHIN_M) -> Building | None:
    """The nearest building of an active community within so many metres. One query over a box around the point."""
    low, high = box_around(point, within_m)
    around = Building.objects.filter(
        lat__range=(low.lat, high.lat), lng__range=(low.lng, high.lng), community__closed_at=None
    )
    near = [
        (distance_m(point, Point(lng, lat)), pk)
        for pk, lng, lat in around.order_by().values_list("pk", "lng", "lat")
        if lng is not None and lat is not None
    ]
    if not near or min(near)[0] > within_m:
        return None
    return Building.objects.select_related("grid", "community").get(pk=min(near)[1])

"""From a place to who answers for it."""

from typing import Any

import pytest

from grids import places
from grids.models import Building, Grid
from grids.places import place_of
from ground.geo import Point
from organizations import tree
from tests.factories import City, Community, a_city

pytestmark = pytest.mark.django_db

#: The building of the factory's home community stands here.
HERE = Point(113.58, 24.80)


@pytest.fixture
def city() -> City:
    return a_city()


def square(middle: Point, half: float) -> dict[str, Any]:
    """A GeoJSON square with sides of 2 × half degrees."""
    west, east, south, north = middle.lng - half, middle.lng + half, middle.lat - half, middle.lat + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def bound(grid: Grid, boundary: dict[str, Any]) -> None:
    grid.boundary = boundary
    grid.save()


def empty(community: Community) -> None:
    Building.objects.filter(community=community.organization).delete()


def test_a_building_knows_its_community_and_grid(city):
    place = place_of(building=city.home.building)
    assert place == (city.home.organization, city.home.grid, city.home.building)


def test_the_smallest_boundary_around_a_point_wins(city):
    bound(city.home.first_grid, square(HERE, 0.01))
    bound(city.home.grid, square(HERE, 0.002))
    assert place_of(point=HERE).grid == city.home.grid
    outside_the_small_one = Point(HERE.lng + 0.005, HERE.lat)
    assert place_of(point=outside_the_small_one).grid == city.home.first_grid


def test_a_box_is_not_enough_the_point_must_lie_inside(city):
    triangle = [[113.5, 24.7], [113.6, 24.7], [113.5, 24.9], [113.5, 24.7]]
    bound(city.home.grid, {"type": "Polygon", "coordinates": [triangle]})
    assert places.grid_at(Point(113.51, 24.71)) == city.home.grid
    assert places.grid_at(Point(113.59, 24.89)) is None


def test_without_boundaries_the_nearest_building_within_500_metres(city):
    near = Point(HERE.lng, HERE.lat + 0.003)  # 330 m
    place = place_of(point=near)
    assert (place.community, place.grid, place.building) == (city.home.organization, city.home.grid, None)
    assert place_of(point=Point(HERE.lng, HERE.lat + 0.006)) is None  # 670 m
    assert place_of(point=Point(HERE.lng + 0.006, HERE.lat)) is None


def test_a_chosen_community_stands_and_the_point_only_finds_the_grid_in_it(city):
    bound(city.home.grid, square(HERE, 0.002))
    chosen = city.next_door.organization
    assert place_of(community=chosen, point=HERE)[:2] == (chosen, None)
    assert place_of(community=city.home.organization, point=HERE).grid == city.home.grid
    assert place_of(community=city.home.organization).grid is None


def test_nothing_given_is_nowhere(city):
    assert place_of() is None
    assert place_of(point=Point(0, 0)) is None


def test_a_closed_community_answers_for_nothing(city):
    bound(city.home.grid, square(HERE, 0.002))
    organization = city.home.organization
    type(organization).objects.filter(pk=organization.pk).update(closed_at="2026-01-01T00:00Z")
    organization.refresh_from_db()
    city.home.building.refresh_from_db()
    assert place_of(point=HERE) is None
    assert place_of(community=organization) is None
    assert place_of(building=Building.objects.get(pk=city.home.building.pk)) is None


def test_a_point_costs_one_query_in_a_grid_and_three_by_building(city, django_assert_num_queries):
    with django_assert_num_queries(3):
        place_of(point=HERE)
    bound(city.home.grid, square(HERE, 0.002))
    with django_assert_num_queries(1):
        place_of(point=HERE)


def test_the_box_follows_the_boundary_also_in_bulk(city):
    bound(city.home.grid, square(HERE, 0.002))
    city.home.grid.refresh_from_db()
    assert city.home.grid.west == pytest.approx(HERE.lng - 0.002)
    bound(city.home.grid, None)
    city.home.grid.refresh_from_db()
    assert city.home.grid.west is None
    grid = Grid(tier=2, code="bulk", name="批量", parent=city.home.first_grid, boundary=square(HERE, 0.001))
    grid.place_under(city.home.organization)
    Grid.objects.bulk_create([grid])
    assert places.grid_at(HERE) == grid


@pytest.mark.parametrize(
    "boundary",
    [
        {"type": "Point", "coordinates": [113, 24]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"oops": 1},
        "text",
        [1, 2],
    ],
)
def test_what_is_no_area_is_refused_and_harmless(city, boundary):
    from django.core.exceptions import ValidationError

    city.home.grid.boundary = boundary
    with pytest.raises(ValidationError, match="GeoJSON"):
        city.home.grid.full_clean()
    city.home.grid.save()
    assert places.grid_at(HERE) is None


def test_moving_a_street_takes_the_territory_along(city):
    other = tree.plant(parent=None, tier=1, name="浈江区委", by=None)
    tree.move(city.street, to=other, by=None)
    for row in (city.home.grid, city.home.compound, city.home.building):
        row.refresh_from_db()
        assert (row.district, row.street, row.community) == (other, city.street, city.home.organization)

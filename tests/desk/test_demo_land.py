"""The land of the demo: communities beside each other, their grids inside, every house in its own grid."""

import random
from itertools import combinations

import pytest
from shapely.geometry import Point, shape

from desk.demo import places
from grids.models import Building, Grid

pytestmark = pytest.mark.django_db
#: A square of about ten metres; degrees.
NOTHING = 1e-8


@pytest.fixture(scope="module")
def land(django_db_setup, django_db_blocker):
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield places.settle(random.Random(7))
        transaction.set_rollback(True)


def _shapes(tier: int):
    return {grid.pk: shape(grid.boundary) for grid in Grid.objects.filter(tier=tier)}


def test_every_grid_has_a_boundary_and_none_lies_on_another(land):
    for tier in (1, 2):
        shapes = _shapes(tier)
        assert len(shapes) == Grid.objects.filter(tier=tier).exclude(boundary=None).count()
        assert all(each.is_valid for each in shapes.values())
        assert all(a.intersection(b).area < NOTHING for a, b in combinations(shapes.values(), 2))


def test_grids_fill_their_community_and_communities_of_a_street_touch(land):
    first, second = _shapes(1), _shapes(2)
    inside: dict[int, float] = dict.fromkeys(first, 0.0)
    for pk, parent in Grid.objects.filter(tier=2).values_list("pk", "parent"):
        inside[parent] += second[pk].area
        assert second[pk].difference(first[parent]).area < NOTHING
    assert all(abs(inside[pk] - first[pk].area) < NOTHING for pk in first)
    streets = dict(Grid.objects.filter(tier=1).values_list("pk", "street"))
    for pk, shape_ in first.items():
        around = [
            shape_.distance(first[other]) for other in first if other != pk and streets[other] == streets[pk]
        ]
        assert min(around) < 1e-5


def test_houses_stand_in_their_grid(land):
    second = _shapes(2)
    rows = list(Building.objects.values_list("grid", "lng", "lat"))
    assert len(rows) > 200
    assert all(second[grid].contains(Point(lng, lat)) for grid, lng, lat in rows)

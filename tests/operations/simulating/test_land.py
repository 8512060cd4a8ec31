import random

import pytest

from grids.models import Building, Compound, Grid
from operations.simulating import land
from operations.simulating.copying import Writer
from operations.simulating.land import Land, shared
from operations.simulating.presets import HUACHENG, LIWAN, PRESETS, SHAOGUAN, Preset
from organizations import tree_check
from organizations.models import Organization
from organizations.posts import Tier

pytestmark = pytest.mark.django_db


def laid_out(preset: Preset) -> Land:
    return land.lay_out(preset, [], random.Random(1), Writer())


def nodes_by_tier() -> list[int]:
    return [Organization.objects.filter(tier=tier).count() for tier in Tier]


def test_huacheng_has_its_published_figures():
    laid_out(HUACHENG)
    assert nodes_by_tier() == [1, 1, 1, 6, 85, 0]
    assert [Grid.objects.filter(tier=tier).count() for tier in (1, 2, 3)] == [1, 6, 0]
    assert (Building.objects.count(), Compound.objects.count()) == (96, 12)


def test_several_places_stand_in_one_sound_tree():
    for preset in (SHAOGUAN.scaled(0.02), LIWAN.scaled(0.02)):
        laid_out(preset)
    assert tree_check.faults() == []
    assert nodes_by_tier() == [3 + 1, 3 + 1, 6 + 4, 22 + 21, 183 + 104, 418]


def test_grids_branches_and_houses_belong_together():
    laid_out(SHAOGUAN.scaled(0.02))
    assert Building.objects.count() == Grid.objects.filter(tier=3).count() == 183
    for house in Building.objects.select_related("grid__parent", "group", "community"):
        assert house.group == house.grid.branch
        assert house.group.parent == house.grid.parent.branch
        assert house.grid.parent.branch.parent == house.community
        assert house.community.parent_id == house.street_id
        assert house.community.parent.parent_id == house.district_id
        assert house.compound.grid == house.grid.parent


def test_a_grid_keeps_the_box_around_its_boundary():
    laid_out(HUACHENG)
    for grid in Grid.objects.all():
        lngs = [lng for lng, _ in grid.boundary["coordinates"][0]]
        assert (grid.west, grid.east) == (min(lngs), max(lngs))


def test_the_published_figures_are_exact_at_scale_one_and_multiplied_otherwise():
    assert SHAOGUAN.scaled(1) is SHAOGUAN
    assert LIWAN.scaled(0.1).residents == 115_000
    assert 1 + LIWAN.streets + LIWAN.communities + LIWAN.branches + LIWAN.groups + LIWAN.zones == 27_368


@pytest.mark.parametrize("factor", [0.001, 0.01, 0.1, 0.3, 2])
@pytest.mark.parametrize("preset", PRESETS.values(), ids=str)
def test_whatever_the_scale_nothing_is_without_its_parent(preset, factor):
    small = preset.scaled(factor)
    assert small.districts <= small.streets <= small.communities <= small.branches
    assert not small.groups or small.groups >= small.branches
    assert small.buildings >= small.branches


def test_shares_add_up():
    assert shared(10, [1, 1, 1]) == [4, 3, 3]
    assert shared(5, [1, 8], least=1) == [1, 4]
    with pytest.raises(ValueError):
        shared(1, [1, 1], least=1)

"""A district of 27,368 nodes (L1: 22 streets, 201 communities, 1,044 branches, 6,100 groups, 20,000 duty zones)."""

import time

import pytest

from organizations import tree, tree_check
from organizations.models import Organization
from organizations.posts import Tier
from organizations.tree import Seed

pytestmark = pytest.mark.django_db

#: How many nodes of each tier, shared out evenly over the tier above.
LIWAN = {
    Tier.STREET: 22,
    Tier.COMMUNITY: 201,
    Tier.GRID_BRANCH: 1044,
    Tier.BUILDING_GROUP: 6100,
    Tier.DUTY_ZONE: 20000,
}
NODES = 1 + sum(LIWAN.values())
#: It takes two or three of this process's own time; more means that somebody went back to row by row.
SECONDS = 6


def seeds_of_liwan() -> list[Seed]:
    above = [Seed(Tier.DISTRICT, "荔湾区委")]
    seeds = list(above)
    for tier, count in LIWAN.items():
        row = [
            Seed(tier, f"{tier.label}{number}", parent=above[number % len(above)]) for number in range(count)
        ]
        seeds += row
        above = row
    return seeds


def test_a_whole_district_is_planted_in_seconds():
    began = time.process_time()
    tree.plant_many(seeds_of_liwan())
    seconds = time.process_time() - began
    assert Organization.objects.count() == NODES == 27368
    assert tree_check.faults() == []
    assert seconds < SECONDS, f"{seconds:.1f} s"


def test_one_more_node_in_a_large_tree_is_quick_and_sound():
    tree.plant_many(seeds_of_liwan())
    street = Organization.objects.filter(tier=Tier.STREET).first()
    began = time.process_time()
    tree.plant(parent=street, tier=Tier.COMMUNITY, name="新设社区党委", by=None)
    assert time.process_time() - began < SECONDS / 3
    assert tree_check.faults() == []

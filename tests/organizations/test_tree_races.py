"""Several writers at once, as processes of their own, on PostgreSQL: the tree stays sound."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from organizations import tree, tree_check
from organizations.models import Organization
from organizations.posts import Tier
from tests.factories import a_city

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

PROCESSES = multiprocessing.get_context("fork")
SECONDS = 120


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    assert connection.vendor == "postgresql", "the mark services means PostgreSQL"


def together(*works: Callable[[], Any]) -> None:
    """Run the works in processes that start at the same moment; the first traceback of a child fails the test."""
    connections.close_all()
    gate, troubles = PROCESSES.Barrier(len(works)), PROCESSES.Queue()

    def run(work: Callable[[], Any]) -> None:
        try:
            gate.wait()
            work()
            troubles.put("")
        except BaseException:
            troubles.put(traceback.format_exc())
        finally:
            connections.close_all()

    children = [PROCESSES.Process(target=run, args=(work,)) for work in works]
    for child in children:
        child.start()
    found = [troubles.get(timeout=SECONDS) for _ in children]
    for child in children:
        child.join(SECONDS)
    assert not any(found), "\n".join(found)


def planter(parent: Organization, name: str, count: int = 200) -> Callable[[], None]:
    """Plants so many nodes one by one, every tenth one below the one before."""

    def work() -> None:
        below = parent
        for number in range(count):
            if number % 10 == 0:
                below = tree.plant(parent=parent, tier=Tier.GRID_BRANCH, name=f"{name}{number}", by=None)
            else:
                tree.plant(parent=below, tier=Tier.BUILDING_GROUP, name=f"{name}{number}", by=None)

    return work


def test_two_writers_plant_200_nodes_each_into_one_tree():
    city = a_city()
    before = Organization.objects.count()
    together(planter(city.home.organization, "甲"), planter(city.next_door.organization, "乙"))
    assert Organization.objects.count() == before + 400
    assert tree_check.faults() == []


def test_two_writers_below_the_same_node():
    city = a_city()
    together(planter(city.home.organization, "甲", 60), planter(city.home.organization, "乙", 60))
    assert tree_check.faults() == []


def test_planting_while_the_place_moves_and_whole_subtrees_arrive():
    city = a_city()
    street = tree.plant(parent=city.district, tier=Tier.STREET, name="惠民街道党工委", by=None)

    def mover() -> None:
        for number in range(20):
            home = Organization.objects.get(pk=city.home.organization.pk)
            tree.move(
                home, to=Organization.objects.get(pk=(street if number % 2 == 0 else city.street).pk), by=None
            )

    def forester() -> None:
        for number in range(20):
            community = tree.Seed(Tier.COMMUNITY, f"新社区{number}", parent=street)
            below = [tree.Seed(Tier.GRID_BRANCH, f"支部{each}", parent=community) for each in range(5)]
            tree.plant_many([community, *below])

    together(mover, forester, planter(city.home.organization, "甲", 60))
    assert tree_check.faults() == []
    assert Organization.objects.filter(name__startswith="新社区").count() == 20


def test_districts_planted_at_once_are_trees_of_their_own():
    together(
        *[
            lambda each=each: tree.plant(parent=None, tier=Tier.DISTRICT, name=f"第{each}区委", by=None)
            for each in range(4)
        ]
    )
    assert Organization.objects.filter(parent=None).values("tree_id").distinct().count() == 4
    assert tree_check.faults() == []

"""Any order of planting, moving, renaming and closing leaves the tree sound; hypothesis looks for another one."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.errors import RuleViolation
from organizations import tree, tree_check
from organizations.models import Organization
from organizations.posts import Tier

pytestmark = pytest.mark.django_db

number = st.integers(0, 30)
step = st.one_of(
    st.tuples(st.just("plant"), number, st.sampled_from(list(Tier))),
    st.tuples(st.just("many"), number, st.integers(1, 4)),
    st.tuples(st.just("move"), number, number),
    st.tuples(st.just("rename"), number, number),
    st.tuples(st.just("close"), number, number),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=st.lists(step, min_size=5, max_size=25))
def test_no_sequence_of_changes_breaks_the_tree(db: Any, steps: list[Any]) -> None:
    with contextlib.suppress(Undo), transaction.atomic():
        for name in ("甲区委", "乙区委"):
            tree.plant(parent=None, tier=Tier.DISTRICT, name=name, by=None)
        for count, (verb, *arguments) in enumerate(steps):
            with contextlib.suppress(RuleViolation):
                take(verb, f"第{count}个", *arguments)
            assert tree_check.faults() == [], (verb, arguments)
        raise Undo


class Undo(Exception):
    """Leaves the database as it was for the next example."""


def take(verb: str, name: str, first: int, second: int) -> None:
    nodes = list(Organization.objects.order_by("pk"))
    node, other = nodes[first % len(nodes)], nodes[second % len(nodes)]
    if verb == "plant":
        tree.plant(parent=None if second == Tier.DISTRICT else node, tier=second, name=name, by=None)
    elif verb == "many":
        tops = [tree.Seed(min(node.tier + 1, 6), f"{name}{each}", parent=node) for each in range(second)]
        below = [tree.Seed(min(node.tier + 2, 6), f"{top.name}下", parent=top) for top in tops]
        elsewhere = [tree.Seed(Tier.DUTY_ZONE, f"{name}别处", parent=other)]
        tree.plant_many([*below, *tops, *elsewhere])
    elif verb == "move":
        tree.move(node, to=other, by=None)
    elif verb == "rename":
        tree.rename(node, name=name, by=None)
    else:
        tree.close(node, by=None)

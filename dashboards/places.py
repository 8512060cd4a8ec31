"""Where rollups are kept: the city, every node of the tree, every grid; and to which of them a row belongs.

A row belongs to its district, street and community by its scope columns; to its grid and the grids around it; to
the grid branches that its grid stands under, and to the groups (and zones) that its building belongs to. These are
the conditions of `dashboards.areas.area_of`, from below.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from grids.models import Building, Grid
from organizations.models import Organization
from organizations.posts import Tier

CITY = "city"


def of_node(node_id: int | None) -> str:
    """The key of a node of the tree; None: the city."""
    return CITY if node_id is None else f"o{node_id}"


def of_grid(grid_id: int) -> str:
    return f"g{grid_id}"


class Leaf(NamedTuple):
    """Where a row lies, as its columns say."""

    district: int | None
    street: int | None
    community: int | None
    grid: int | None = None
    group: int | None = None


class Ladder:
    """From a leaf to all its places. Reads the territory once (three queries); lives for one round."""

    def __init__(self) -> None:
        self._grids = {
            pk: (parent, branch)
            for pk, parent, branch in Grid.objects.order_by().values_list("pk", "parent", "branch")
        }
        grouped = Building.objects.order_by().filter(group__isnull=False)
        self._groups: dict[int, int | None] = dict(grouped.values_list("pk", "group"))
        self._nodes = {
            pk: (parent, tier)
            for pk, parent, tier in Organization.objects.order_by().values_list("pk", "parent", "tier")
        }
        self._known: dict[Leaf, tuple[str, ...]] = {}

    def places(self, leaf: Leaf) -> tuple[str, ...]:
        """Every place that counts a row which lies there, each once."""
        if leaf not in self._known:
            self._known[leaf] = tuple(dict.fromkeys(self._climb(leaf)))
        return self._known[leaf]

    def steps(self) -> Iterable[object]:
        """What the way up rests on: with another step a row belongs to other places than it did."""
        for step in (self._grids, self._groups, self._nodes):
            yield from sorted(step.items())

    def group_of(self, building_id: int | None) -> int | None:
        return self._groups.get(building_id) if building_id else None

    def _climb(self, leaf: Leaf) -> Iterable[str]:
        yield CITY
        for node in (leaf.district, leaf.street, leaf.community):
            if node is not None:
                yield of_node(node)
        grid = leaf.grid
        if grid in self._grids:
            yield from (of_node(node) for node in self._line(self._grids[grid][1]) if self._is_branch(node))
        while grid in self._grids:
            yield of_grid(grid)
            grid = self._grids[grid][0]
        yield from (of_node(node) for node in self._line(leaf.group) if self._is_below_branch(node))

    def _line(self, node: int | None) -> Iterable[int]:
        while node is not None and node in self._nodes:
            yield node
            node = self._nodes[node][0]

    def _is_branch(self, node: int) -> bool:
        return self._nodes[node][1] == Tier.GRID_BRANCH

    def _is_below_branch(self, node: int) -> bool:
        return self._nodes[node][1] > Tier.GRID_BRANCH

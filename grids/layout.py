"""网格: laying out the territory in three tiers (S2)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from grids.models import Grid
from grids.placing import refuse_outside
from ground.errors import NoPower, RuleViolation
from organizations.posts import Power
from organizations.scope import scope_of


def can_lay_out(user: Any, grid: Grid) -> bool:
    """The community and above lay out their grids; grid workers find them laid out."""
    return user is None or scope_of(user).reaches(Power.TREE_CHANGE, grid)


def save(grid: Grid, *, by: Any) -> Grid:
    """Lay out a grid, or change one; its community and its place in the hierarchy stay as they are.

    A new one belongs to the community of its parent. Raises NoPower, RuleViolation.
    """
    with transaction.atomic():
        if grid.pk is None:
            _place(grid)
            if not can_lay_out(by, grid):
                raise RuleViolation("这个网格不在你管理的社区里。", field="parent")
        elif not can_lay_out(by, Grid.objects.select_for_update(no_key=True).get(pk=grid.pk)):
            raise NoPower()
        refuse_outside(grid, "branch", "网格党组织要在同一个社区里。")
        grid.save()
    return grid


def _place(grid: Grid) -> None:
    community = grid.parent.community if grid.parent else grid.community
    if community is None:
        raise RuleViolation("一级网格请选择社区，其他网格请选择上级网格。", field="community")
    grid.place_under(community)

"""Where compounds and buildings stand: in a grid, and in the community that the grid lies in."""

from __future__ import annotations

from grids.models import Building, Compound, Grid
from ground.errors import RuleViolation


def in_grid(row: Compound | Building) -> None:
    """Scope columns from the grid; does not save. Raises RuleViolation where none is chosen."""
    if row.grid is None:
        raise RuleViolation("请选择网格。", field="grid")
    row.district_id, row.street_id = row.grid.district_id, row.grid.street_id
    row.community_id = row.grid.community_id


def refuse_another_community(row: Compound | Building, stored: Compound | Building) -> None:
    """What stands in one community and is recorded with people stays there: only the tree moves communities."""
    if row.community_id != stored.community_id:
        raise RuleViolation("只能调整到同一个社区的网格。", field="grid")


def refuse_outside(row: Grid | Compound | Building, field: str, sentence: str) -> None:
    """The Party organization that covers a place belongs to the community of that place."""
    node = getattr(row, field)
    if node is not None and not node.is_descendant_of(row.community, include_self=True):
        raise RuleViolation(sentence, field=field)

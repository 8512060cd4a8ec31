"""The tree of Party organizations, and the tiers of grids."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from grids.models import Grid
from operations.doctor.findings import Finding, of_rows, of_sentences
from operations.doctor.registry import Ask, check
from organizations.tree_check import faults

REBUILD = (
    "先备份。上级（parent）是对的，就重算区间：manage.py shell -c “from organizations.models import "
    "Organization; Organization.objects.rebuild()”，再运行 manage.py check_tree；上级不对，从备份恢复。"
)


@check("tree", "组织树", cost="党组织和网格各读一遍：2 次查询，27,000 个党组织约 1 秒", looks_twice=True)
def tree(ask: Ask) -> Iterator[Finding]:
    """Intervals nest, levels and parents agree, tiers descend, roots are districts (`organizations.tree_check`);
    grids lie in grids of a higher tier. Sight, drill-down and every figure of a place follow the tree."""
    yield from of_sentences("组织树的区间、层级和上级不一致", REBUILD, faults())
    yield from of_rows(
        "网格的级别不低于它的上级网格",
        "在“台账 › 网格”里给它另选上级网格。",
        Grid.objects.filter(parent__isnull=False, parent__tier__gte=F("tier")),
    )

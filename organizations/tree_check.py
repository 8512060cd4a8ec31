"""Proof that the tree is sound: intervals nest, levels and parents agree, tiers descend, roots are districts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from organizations.models import Organization
from organizations.posts import Tier


class Row(NamedTuple):
    pk: int
    name: str
    parent_id: int | None
    tier: int
    tree_id: int
    lft: int
    rght: int
    level: int


def faults() -> list[str]:
    """Every fault as a sentence with the key of the node; empty when the tree is sound. One query."""
    rows = map(Row._make, Organization.objects.order_by("tree_id", "lft", "pk").values_list(*Row._fields))
    found: list[str] = []
    tree: list[Row] = []
    tree_id = None
    for row in rows:
        if row.tree_id != tree_id:
            found += _faults_of(tree)
            tree_id, tree = row.tree_id, []
        tree.append(row)
    return found + list(_faults_of(tree))


def _faults_of(tree: list[Row]) -> Iterator[str]:
    """One tree in the order of its left numbers: a gapless walk through it must use 1 … 2n once each."""
    numbers = sorted(number for row in tree for number in (row.lft, row.rght))
    if numbers != list(range(1, 2 * len(tree) + 1)):
        yield f"tree {tree[0].tree_id}: interval numbers are not 1 … {2 * len(tree)}"
    line: list[Row] = []
    for row in tree:
        while line and line[-1].rght < row.lft:
            line.pop()
        yield from _faults_at(row, line)
        line.append(row)


def _faults_at(row: Row, line: list[Row]) -> Iterator[str]:
    where = f"node {row.pk} ({row.name})"
    above = line[-1] if line else None
    if row.lft >= row.rght or (above is not None and row.rght > above.rght):
        yield f"{where}: interval {row.lft}–{row.rght} does not nest"
    if row.level != len(line):
        yield f"{where}: level {row.level}, but {len(line)} nodes above it"
    if row.parent_id != (above.pk if above else None):
        yield f"{where}: parent {row.parent_id}, but it lies inside {above.pk if above else None}"
    if above is None and row.tier != Tier.DISTRICT:
        yield f"{where}: a root that is no district"
    if above is not None and row.tier <= above.tier:
        yield f"{where}: tier {row.tier} below tier {above.tier}"

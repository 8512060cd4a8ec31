"""Counting by the database: one grouped query for each kind of place, by joins and intervals of the tree.

The rounds read rows and climb from each to its places (`dashboards.places.Ladder`); here the database groups by a
column for each kind of place, and nodes of the tree are found by their intervals. Two ways to one number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import TruncDate

from dashboards.measures import Counts
from dashboards.places import CITY, of_grid, of_node
from organizations.models import Organization
from organizations.posts import Tier

#: (place, day) → counts; without days (standings) the day is always the same.
Found = dict[tuple[str, date], Counts]
Places = Callable[[Any], tuple[str, ...]]
_TIERS = ("district", "street", "community")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where rows keep what tells their place; "" where they keep no such thing."""

    scope: str = ""
    grid: str = "grid"
    branch: str = "grid__branch"
    group: str = ""

    @property
    def grids(self) -> tuple[str, ...]:
        """The grid itself and the grids around it: there are three tiers of them."""
        if not self.grid:
            return ()
        above = "" if self.grid == "pk" else f"{self.grid}__"
        return self.grid, f"{above}parent", f"{above}parent__parent"


class Around:
    """Nodes of the tree by intervals: which grid branches, and which groups and zones, a node lies in."""

    def __init__(self) -> None:
        self._above: dict[int, list[tuple[int, int]]] = {}
        open_: list[tuple[int, int, int, int]] = []  # pk, tier, tree, right end
        rows = Organization.objects.order_by("tree_id", "lft").values_list(
            "pk", "tier", "tree_id", "lft", "rght"
        )
        for pk, tier, tree_id, left, right in rows:
            while open_ and (open_[-1][2] != tree_id or open_[-1][3] < left):
                open_.pop()
            open_.append((pk, tier, tree_id, right))
            self._above[pk] = [(each[0], each[1]) for each in open_]

    def branches(self, pk: int | None) -> tuple[str, ...]:
        return self._those(pk, lambda tier: tier == Tier.GRID_BRANCH)

    def groups(self, pk: int | None) -> tuple[str, ...]:
        return self._those(pk, lambda tier: tier > Tier.GRID_BRANCH)

    def _those(self, pk: int | None, which: Callable[[int], bool]) -> tuple[str, ...]:
        above = self._above.get(pk, []) if pk is not None else []
        return tuple(of_node(node) for node, tier in above if which(tier))


class Tables:
    """What was counted so far. Every call of `count` is one query for each kind of place."""

    def __init__(self, around: Around, day: date | None = None) -> None:
        self.found: Found = defaultdict(Counts)
        self._around, self._day = around, day

    def count(
        self,
        rows: QuerySet[Any],
        columns: Columns,
        counted: Mapping[str, Any],
        *,
        moment: str = "",
        by: str = "",
    ) -> None:
        """Add measures: name → aggregate; `by` a column, "name.<value>" for each of its values.

        `moment` is the column that tells the day; without one it is how things stand.
        """
        aggregates = {f"n{place}": how for place, how in enumerate(counted.values())}
        part = F(by) if by else Value("")
        day: Any = TruncDate(moment) if moment else Value(0)
        for column, places in self._kinds(columns):
            where = F(column) if column else Value(0)
            grouped: Any = rows.order_by().values(_where=where, _day=day, _part=part).annotate(**aggregates)
            for row in grouped.iterator(2_000):
                self._add(row, list(counted), places, by)

    def _add(self, row: Mapping[str, Any], names: list[str], places: Places, by: str) -> None:
        if by and not row["_part"]:
            return
        day = self._day or row["_day"]
        for number, name in enumerate(names):
            if n := row[f"n{number}"]:
                measure = f"{name}.{row['_part']}" if by else name
                for place in places(row["_where"]):
                    self.found[place, day].take({measure: n})

    def _kinds(self, columns: Columns) -> Iterator[tuple[str, Places]]:
        yield "", lambda value: (CITY,)
        for tier in _TIERS:
            yield f"{columns.scope}{tier}", _node
        for grid in columns.grids:
            yield grid, _grid
        if columns.branch:
            yield columns.branch, self._around.branches
        if columns.group:
            yield columns.group, self._around.groups

    def places_of(self, columns: Columns) -> tuple[tuple[str, ...], Callable[[tuple[Any, ...]], list[str]]]:
        """For what no aggregate can count: the columns of a row, and from their values to its places."""
        kinds = [(column, places) for column, places in self._kinds(columns) if column]

        def places(values: tuple[Any, ...]) -> list[str]:
            pairs = zip(kinds, values, strict=True)
            return [CITY, *(place for (_, those), value in pairs for place in those(value))]

        return tuple(column for column, _ in kinds), places


def _node(value: int | None) -> tuple[str, ...]:
    return () if value is None else (of_node(value),)


def _grid(value: int | None) -> tuple[str, ...]:
    return () if value is None else (of_grid(value),)

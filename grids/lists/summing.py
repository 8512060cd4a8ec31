"""How many a line: what everybody sees of a list about homes and people, and the registry staff beside their rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grids.lists.area import Area
from grids.lists.lines import Line, counted, lines_of
from grids.lists.listing import Column, Listing, View, link

KEY = "lines"


@dataclass(frozen=True, slots=True)
class Sum:
    """A line with the counts of each view, and where its rows or its own lines are listed."""

    line: Line
    counts: dict[str, int]
    address: str


def view_of(listing: Listing) -> View:
    """The counts of all views of a list, a line of the area each."""
    placed = [view for view in listing.views if view.of_registry and view.is_placed]

    def rows(area: Area) -> list[Sum]:
        lines = lines_of(area)
        found = {view.key: counted(area, view.rows) for view in placed}
        shown = lines.shown(*found.values())
        sums = [
            Sum(
                line,
                {key: numbers.get(line.key, {}).get("n", 0) for key, numbers in found.items()},
                link(listing.url, area, view=KEY, **dict(line.narrowing)) if line.narrowing else "",
            )
            for line in shown
        ]
        return sorted(sums, key=lambda each: not any(each.counts.values()))  # those without any at the end

    columns = (
        Column("名称", lambda row: row.line.name, 20, url=lambda row: row.address),
        Column("所属", lambda row: row.line.note, 16),
        *(Column(view.label, _number(view.key), 16) for view in placed),
    )
    return View(KEY, "各处合计", columns, rows, "下面还没有社区或网格。", totals=True)


def _number(key: str) -> Callable[[Any], int]:
    return lambda row: row.counts[key]

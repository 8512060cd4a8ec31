"""大屏: what a screen on a wall shows of a node's page, for whoever passes by: figures and places, nobody's data.

Only what is named here gets there. Names of people, titles of requests and whistles, boards and links stay away;
so do nodes below the grid branch, where a figure of one or two is a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from dashboards import mapping, page, patterns
from dashboards.areas import Area
from dashboards.charts import Chart
from dashboards.page.flow import Stuck
from dashboards.periods import Window
from organizations.posts import Tier

#: What of a page's context may hang on a wall, as it is.
KEPT = ("area", "name", "window", "past_window", "query", "as_of", "funnel")
#: Bars and heaps that there is room for.
MOST_BARS, MOST_HEAPS = 12, 7
MAP_SIZE = (560, 480)


def has_a_screen(area: Area) -> bool:
    """From the city down to the grid branch."""
    return area.node is None or area.node.tier <= Tier.GRID_BRANCH


def wall_of(user: Any, area: Area, window: Window, params: Mapping[str, str]) -> dict[str, Any]:
    """The context of `dashboards/screen.html`: of the page's queries none more than patterns and map cost."""
    full = page.context_of(user, area, window, params)
    wall = {name: full[name] for name in KEPT if name in full} | {"headline": _unlinked(full["headline"])}
    if "table" not in full:
        return wall
    return wall | {
        "tiles": [replace(tile, url="", text=_unlinked(tile.text)) for tile in full["tiles"]],
        "facts": [replace(fact, text=_unlinked(fact.text)) for fact in full["facts"]],
        "trend": _unled(next(chart for chart in full["charts"] if chart.key == "trend")),
        "bars": _unled(full["bars"]) if full["bars"] else None,
        "stuck": [_unlinked_heap(heap) for heap in full["stuck"][:MOST_HEAPS]],
        "patterns_total": patterns.excerpt(user, area)["total"],
        **_map_of(user, area, window, params, full["as_of"]),
    }


def _map_of(user: Any, area: Area, window: Window, params: Mapping[str, str], as_of: Any) -> dict[str, Any]:
    """The picture as the server draws it, where grids or nodes below have boundaries."""
    if area.node is not None and area.node.tier > Tier.GRID_BRANCH:
        return {}
    drawing = mapping.draw(user, mapping.ground_of(area), window, mapping.figure_of(params), as_of)
    if not drawing.is_drawn:
        return {}
    return {"drawing": drawing, "picture": _unlinked(mapping.svg(drawing, *MAP_SIZE))}


def _unled(chart: Chart) -> Chart:
    """Without addresses, and as many lines as there is room for: those that matter come first."""
    if chart.kind != "rows" or len(chart.labels) <= MOST_BARS:
        return replace(chart, urls=())
    cut = slice(MOST_BARS)
    return replace(
        chart,
        labels=chart.labels[cut],
        series=[replace(each, values=each.values[cut]) for each in chart.series],
        spots=chart.spots[cut],
        urls=(),
        note=f"{chart.note} 前 {MOST_BARS} 个，共 {len(chart.labels)} 个".strip(),
    )


def _unlinked_heap(heap: Stuck) -> Stuck:
    return replace(heap, number=heap.number.leading(""), text=_unlinked(heap.text))


def _unlinked(said: SafeString | str) -> SafeString | str:
    """The same words without links: a wall leads nowhere. What was not HTML stays text."""
    if not isinstance(said, SafeString):
        return said
    return mark_safe(re.sub(r"</?a\b[^>]*>", "", said))  # noqa: S308 - only takes tags away

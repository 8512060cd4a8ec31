"""One page per node of the tree, city to duty zone (N7, N8, S10): put together from rollups.

`surroundings`: what is around the node; `gathering`: everything that is counted, in two queries; the other rooms say
it: `headline`, `tiles`, `flow`, `table`, `peers`, `coming`, `boards`, `breakdowns`, `zones`. `known` names the
figures, `numbers` marks them, `links` opens the rows behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import strip_tags

from dashboards.areas import Area
from dashboards.page import boards, breakdowns, coming, flow, peers, table, tiles, zones
from dashboards.page.gathering import Gathered, gather
from dashboards.page.headline import headline
from dashboards.page.links import Links
from dashboards.page.surroundings import Surroundings, around, child_word, name_of
from dashboards.periods import ANY, CHOICES, LABELS, Window, before, kept_of, query_of
from ground import clock
from organizations.posts import Tier

__all__ = ["context_of"]

#: Beside the bars of more lines than these the funnel has the comparison with peers below it.
MANY = 8


def context_of(user: Any, area: Area, window: Window, params: Mapping[str, str]) -> dict[str, Any]:
    """The context of `dashboards/node.html`. `params`: the address, for what sorts the table and fills the bars.

    A fixed number of queries, whatever the area holds; before the first round only what the page is about.
    """
    surroundings = around(user, area)
    frame = _frame(area, surroundings, window, kept := kept_of(params))
    is_zone = area.node is not None and area.node.tier == Tier.DUTY_ZONE
    if is_zone:
        frame |= {"zone": zones.zone_of(area.node, surroundings.trail), "headline": frame["name"]}
    if surroundings.as_of is None:
        return {"headline": f"{frame['name']}：还没有汇总"} | frame
    found = gather(surroundings, window)
    if is_zone and found.here.is_empty:
        return frame
    links = Links(user, area, window, has_children=bool(surroundings.lines), kept=kept)
    return frame | _figures(user, area, surroundings, found, links, params)


def _frame(area: Area, surroundings: Surroundings, window: Window, kept: Mapping[str, str]) -> dict[str, Any]:
    """What every page says, whatever is known."""
    return {
        "area": area,
        "name": area.name,
        "window": window,
        "past_window": before(window),
        "query": query_of(window),
        "as_of": surroundings.as_of,
        "trail": _trail(area, surroundings, window),
        "periods": [
            {"label": label, "url": f"?{urlencode({'period': key, **kept})}", "on": key == window.key}
            for key, (label, _) in CHOICES.items()
        ],
        "kept": kept,
        "is_any": window.key == ANY,
        "calendar_keys": tuple(LABELS),
        "is_mapped": area.node is None or area.node.tier <= Tier.GRID_BRANCH,
        "today": clock.today(),
    }


def _figures(
    user: Any,
    area: Area,
    surroundings: Surroundings,
    found: Gathered,
    links: Links,
    params: Mapping[str, str],
) -> dict[str, Any]:
    categories = surroundings.categories
    heaps, nothing = flow.stuck(found, links, categories)
    word, figure = child_word(area, surroundings.lines), table.figure_of(params)
    said = headline(area.name, found, categories)
    return {
        "headline": said,
        "headline_text": strip_tags(said),
        "tiles": tiles.main_tiles(found, links, categories),
        "facts": tiles.facts(found, links),
        "funnel": (stages := flow.funnel(found, links)),
        "funnel_times": [stage for stage in stages if stage.p90 is not None],
        "all_submitted": _all_submitted(found, links),
        "stuck": heaps,
        "nothing": nothing,
        "table": table.table_of(surroundings, found, links, params.get("sort", "")),
        "child_word": word,
        "bars": table.bars_of(found, links, figure, word),
        "figure": figure,
        "figures": table.choices(figure),
        "compared": (against := peers.compared(found)),
        "piles": len(found.lines) > MANY and bool(against),
        "peers_of": surroundings.peers_of,
        "coming": coming.coming(user, area, surroundings, found, links),
        "board": boards.board_of(area, surroundings, found.window),
        "charts": (charts := breakdowns.charts_of(found, links, categories)),
        "laid": list(zip(charts, breakdowns.spans(len(charts)), strict=True)),
    }


def _all_submitted(found: Gathered, links: Links) -> Any:
    """Everything that was submitted, where that is more than what people asked for themselves."""
    number = found.here.count("submitted")
    return number.leading(links.rows("submitted")) if found.here.figures.filed_by_staff else None


def _trail(area: Area, surroundings: Surroundings, window: Window) -> list[dict[str, str]]:
    """From the top of the tree down to this node; what lies above one's sight is named, not linked."""
    if area.node is None:
        return [{"label": "全市", "url": ""}]
    return [
        {
            "label": name_of(node),
            "url": f"{reverse('dashboards:node', args=[node.pk])}?{query_of(window)}"
            if surroundings.sees(node) and node.pk != area.node.pk and node.closed_at is None
            else "",
        }
        for node in surroundings.trail
    ]

"""What a dashboard shows: the sentence on top, tiles, table, funnel, trend, and who serves most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from dashboards.areas import Area, nodes_in_sight
from dashboards.periods import LABELS, Window, before
from dashboards.rollups import Day, Line, Rollup, Sums, figures_of, roll_up, trend
from dashboards.tiles import rate_tiles
from ground import clock
from ground.templatetags.wenshao import minutes_as_hours, percent
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from requests.figures import Figures
from volunteers import leaderboards
from volunteers.presenting import rank_rows
from volunteers.states import Period

TOP = 50
#: Response below this, and any overdue request, is marked in the table.
WEAK = 0.95
CHILD_WORDS = {Tier.DISTRICT: "街道（镇）", Tier.STREET: "社区（村）"}


def context_of(user: Any, area: Area, present: Window, at: datetime) -> dict[str, Any]:
    """The context of `dashboards/node.html`. A fixed number of queries, whatever the area holds."""
    rollup, past = roll_up(area, present, at), before(present)
    figures = rollup.sums.figures
    links = _Links(user, area, present)
    return {
        "area": area,
        "trail": _trail(user, area, present),
        "periods": [
            {"label": label, "url": f"?period={key}", "on": key == present.key}
            for key, (label, _) in LABELS.items()
        ],
        "window": present,
        "headline": headline(area, rollup),
        "tiles": _tiles(rollup.sums, figures_of(area, past, at), present, past, links),
        "rows": [_row(line, links) for line in _most_overdue_first(rollup.lines)],
        "total": _row(Line("合计", rollup.sums), links),
        "child_word": _child_word(area),
        "headings": HEADINGS,
        "funnel": _funnel(figures, links),
        "figures": figures,
        "days": (days := trend(area, present, clock.today())),
        "columns": _columns(days),
        **_ranking(user, area, present),
    }


# The sentence on top


def headline(area: Area, rollup: Rollup) -> str:
    """Where it sticks: how many are overdue, and on whose lines most of them lie."""
    late = rollup.sums.workload.overdue
    if not late:
        still = rollup.sums.workload.open
        return f"{area.name}：没有超时，{still} 件在办" if still else f"{area.name}：没有在办的点单"
    worst = [line for line in _most_overdue_first(rollup.lines) if line.sums.workload.overdue]
    if len(worst) == 1:
        return f"{area.name}：{late} 件超时，都在{worst[0].name}"
    if worst and worst[0].sums.workload.overdue * 2 >= late:
        return f"{area.name}：{late} 件超时，集中在{worst[0].name}"
    return f"{area.name}：{late} 件超时，分布在 {len(worst)} 处" if worst else f"{area.name}：{late} 件超时"


def _most_overdue_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -line.sums.workload.overdue)


# Links down to the rows


class _Links:
    """From a figure to the rows that it counts, for those who have requests in sight."""

    def __init__(self, user: Any, area: Area, present: Window) -> None:
        self.present = present
        self.within = area.node.pk if area.node else None
        self.can_see = scope_of(user).has(Power.REQUESTS_SEE, Power.REQUESTS_MASKED)

    def to(self, which: str, line: Line | None = None) -> str:
        """`which` names a condition of `requests.figures`; what is open now has no period."""
        if not self.can_see or (
            line is not None and not (line.node_id or line.grid_id) and line.name != "合计"
        ):
            return ""
        query: dict[str, Any] = {"which": which}
        if line is not None and line.grid_id:
            query["grid"] = line.grid_id
        elif line is not None and line.node_id:
            query["within"] = line.node_id
        elif self.within:
            query["within"] = self.within
        if which not in ("open", "overdue"):
            query |= {"from": self.present.first, "to": self.present.last}
        return f"{reverse('desk:requests')}?{urlencode(query)}"


# Tiles


def _tiles(sums: Sums, then: Figures, present: Window, past: Window, links: _Links) -> list[dict[str, Any]]:
    tiles = rate_tiles(sums.figures, then, present.label, past.label)
    for tile in tiles:
        tile["url"] = links.to(tile["figure_of"])
    service, load = sums.service, sums.workload
    tiles.append(
        {
            "label": f"{present.label}服务时长",
            "figure": minutes_as_hours(service.minutes),
            "unit": "小时",
            "text": f"{service.times} 人次，其中八小时外 {minutes_as_hours(service.off_hours_minutes)} 小时",
        }
    )
    tiles.append(
        {
            "label": "在办",
            "figure": load.open,
            "unit": "件",
            "text": f"{load.overdue} 件已超时" if load.overdue else "没有超时",
            "url": links.to("overdue" if load.overdue else "open"),
        }
    )
    return tiles


# The table


@dataclass(frozen=True, slots=True)
class Cell:
    text: Any
    url: str = ""
    is_bad: bool = False


HEADINGS = ("点单", "在办", "超时", "响应率", "解决率", "满意率", "服务小时", "人次", "网格党组织")
CSV_HEADINGS = (
    "名称", "点单", "其中代点", "在办", "超时", "应联系", "按时联系", "响应率", "已评价", "未评价", "解决率",
    "满意率", "服务小时", "八小时外小时", "人次", "有党组织的网格", "网格",
)  # fmt: skip


def _row(line: Line, links: _Links) -> dict[str, Any]:
    sums = line.sums
    figures, load, service, coverage = sums.figures, sums.workload, sums.service, sums.coverage
    rate = figures.response_rate
    node = reverse("dashboards:node", args=[line.node_id]) if line.node_id else ""
    return {
        "name": line.name,
        "note": line.note,
        "url": f"{node}?period={links.present.key}" if node else "",
        "cells": [
            Cell(figures.submitted, links.to("submitted", line)),
            Cell(load.open, links.to("open", line)),
            Cell(load.overdue, links.to("overdue", line), load.overdue > 0),
            Cell(percent(rate), links.to("contact_late", line), rate is not None and rate < WEAK),
            Cell(percent(figures.resolution_rate), links.to("rated", line)),
            Cell(percent(figures.satisfaction_rate), links.to("rated", line)),
            Cell(minutes_as_hours(service.minutes)),
            Cell(service.times),
            Cell(f"{coverage.covered}/{coverage.grids}" if coverage.grids else "—"),
        ],
    }


def csv_rows(rollup: Rollup) -> Iterable[list[Any]]:
    """The lines and their total; rates as shares between 0 and 1, empty where there is nothing to count."""
    for line in [*rollup.lines, Line("合计", rollup.sums)]:
        figures, load, service, coverage = (
            line.sums.figures,
            line.sums.workload,
            line.sums.service,
            line.sums.coverage,
        )
        rates = (figures.response_rate, figures.resolution_rate, figures.satisfaction_rate)
        response, solved, satisfied = ("" if rate is None else round(rate, 4) for rate in rates)
        yield [
            _plain(line.name), figures.submitted, figures.filed_by_staff, load.open, load.overdue,
            figures.contact_due, figures.contact_in_time, response, figures.rated, figures.unrated, solved,
            satisfied, round(service.minutes / 60, 2), round(service.off_hours_minutes / 60, 2), service.times,
            coverage.covered, coverage.grids,
        ]  # fmt: skip


def _plain(name: str) -> str:
    """A name that a spreadsheet must not take for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def _child_word(area: Area) -> str:
    if area.node is None:
        return "区（县）"
    return CHILD_WORDS.get(Tier(area.node.tier), "网格")


# The funnel


def _funnel(figures: Figures, links: _Links) -> list[dict[str, Any]]:
    """From asking to being satisfied; what people asked for themselves (RULES 7)."""
    stages = [
        ("点单", figures.own, "own"),
        ("受理", figures.accepted, "accepted"),
        ("办结", figures.resolved, "resolved"),
        ("评价", figures.rated, "rated"),
        ("满意", figures.satisfied, "satisfied"),
    ]
    return [
        {"label": label, "value": value, "whole": figures.own, "url": links.to(which)}
        for label, value, which in stages
    ]


# The trend, drawn by the server

WIDTH, HEIGHT = 720, 160


def _columns(days: list[Day]) -> list[dict[str, Any]]:
    """Rectangles in a box of 720 × 160: one a day, the darker part what has been resolved."""
    most = max((day.submitted for day in days), default=0)
    if not most:
        return []
    step = WIDTH / len(days)
    drawn = []
    for place, day in enumerate(days):
        tall, done = (round(value / most * (HEIGHT - 4), 1) for value in (day.submitted, day.resolved))
        drawn.append(
            {
                "day": day,
                "x": round(place * step + step * 0.15, 1),
                "width": round(step * 0.7, 1),
                "y": round(HEIGHT - tall, 1),
                "height": tall,
                "y_done": round(HEIGHT - done, 1),
                "height_done": done,
            }
        )
    return drawn


# The way up, and the board


def _trail(user: Any, area: Area, present: Window) -> list[dict[str, Any]]:
    """From the user's highest node down to this one; what lies above one's sight is named, not linked."""
    if area.node is None:
        return [{"label": "全市", "url": ""}]
    line = list(area.node.get_ancestors(include_self=True))
    seen = set(nodes_in_sight(user).filter(pk__in=[node.pk for node in line]).values_list("pk", flat=True))
    return [
        {
            "label": node.short_name or node.name,
            "url": _node_url(node, present) if node.pk in seen and node != area.node else "",
        }
        for node in line
    ]


def _node_url(node: Organization, present: Window) -> str:
    return f"{reverse('dashboards:node', args=[node.pk])}?period={present.key}"


def _ranking(user: Any, area: Area, present: Window) -> dict[str, Any]:
    """Top 50 of the members of a district; boards are kept by month, quarter and year.

    What the policy does not show is not here either, and where it sets boards off there is no ranking.
    """
    boards = leaderboards.open_to(user).get(area.node.pk) if area.node else None
    if area.node is None or boards is None:
        return {"ranks": None}
    period = Period(present.key if present.key in Period.values else Period.MONTH)
    board = leaderboards.board_of(area.node, period)
    rows = list(leaderboards.rows_of(board, boards)[:TOP]) if board else []
    return {
        "ranks": rank_rows(rows, None, f"period={period}", boards),
        "board": board,
        "board_period": period.label,
        "board_url": f"{reverse('volunteers:leaderboard', args=[area.node.pk])}?period={period}",
    }

"""An excerpt of the members' board of a district or community, as its policy shows it (S11, RULES 6)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dashboards.areas import Area
from dashboards.page.surroundings import Surroundings
from dashboards.periods import Window
from organizations.models.policies import Boards
from volunteers.leaderboards import sight
from volunteers.presenting import rank_rows
from volunteers.states import Period

TOP = 5


def board_of(area: Area, around: Surroundings, window: Window) -> dict[str, Any] | None:
    """One query; None where there is no such board, or the policy sets boards off.

    Whoever sees the totals of a node sees the tree of its district, to whom its boards are open (`sight.visible_to`).
    Boards are kept by month, quarter and year: of any other window it is the month's.
    """
    node = area.node
    if node is None or node.tier not in sight.PLACES or around.boards == Boards.OFF:
        return None
    period = Period(window.key if window.key in Period.values else Period.MONTH)
    rows = sight.top_of(node, period, around.boards, TOP)
    return {
        "rows": rank_rows(rows, None, f"period={period}", around.boards),
        "period": period.label,
        "url": f"{reverse('volunteers:leaderboard', args=[node.pk])}?period={period}",
        "refreshed_at": rows[0].board.refreshed_at if rows else None,
    }

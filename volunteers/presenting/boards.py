"""How the lines of a board look on a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse

from organizations.models.policies import Boards
from volunteers import leaderboards
from volunteers.models import BoardRow


def rank_rows(
    rows: Iterable[BoardRow], me: int | None, query: str, boards: str = Boards.ON
) -> Sequence[dict[str, Any]]:
    """The lines of a board as `parts/_rank.html` takes them; each opens to its ledger entries.

    A board that is positive only says who went up, and of nobody that he went down.
    """
    return [_rank_row(row, me, query, boards) for row in rows]


def _rank_row(row: BoardRow, me: int | None, query: str, boards: str) -> dict[str, Any]:
    move = leaderboards.movement(row)
    if boards == Boards.POSITIVE and move is not None and move < 0:
        move = None
    unit = row.volunteer.unit
    url = reverse("volunteers:score", args=[row.board.organization_id, row.volunteer_id])
    return {
        "place": row.rank,
        "name": str(row.volunteer),
        "text": " · ".join(filter(None, [unit.name if unit else "", f"{row.times} 次"])),
        "score": row.score,
        "unit": "分",
        "move": move,
        "moved_down": -move if move is not None and move < 0 else 0,
        "is_me": row.volunteer_id == me,
        "url": f"{url}?{query}",
    }

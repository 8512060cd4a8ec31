"""How a figure becomes a tile of `templates/parts/_tile.html`."""

from __future__ import annotations

from typing import Any

from ground.templatetags.wenshao import percent
from requests.figures import Figures

#: Less than this, in percentage points, is no change.
SAME = 0.05


def points(label: str, now: float | None, then: float | None, past: str, text: str) -> dict[str, Any]:
    """A rate with its change in percentage points against the period before, where both exist."""
    tile: dict[str, Any] = {"label": label, "figure": percent(now), "text": text}
    if now is None or then is None:
        return tile
    change = (now - then) * 100
    if abs(change) < SAME:
        return tile | {"text": f"和{past}持平 · {text}"}
    up = change > 0
    direction = "up" if up else "down"
    return tile | {
        "change": f"{abs(change):.1f}",
        "trend": direction,
        "direction": direction,
        "text": f"比{past} · {text}",
    }


def part_of(part: int, whole: int, words: str, nothing: str) -> str:
    """“2114 件中 2063 件按时联系”, or what to say where there is nothing to count."""
    return f"{whole} 件中 {part} 件{words}" if whole else nothing


def rate_tiles(now: Figures, then: Figures, present: str, past: str) -> list[dict[str, Any]]:
    """The three rates of RULES 7, the unrated beside them. `figure_of` names the rows behind each."""
    return [
        points(
            f"{present}响应率",
            now.response_rate,
            then.response_rate,
            past,
            part_of(now.contact_in_time, now.contact_due, "按时联系", "还没有到期应联系的"),
        )
        | {"figure_of": "contact_due"},
        points(
            "解决率",
            now.resolution_rate,
            then.resolution_rate,
            past,
            f"已评价 {now.rated} · 未评价 {now.unrated}",
        )
        | {"figure_of": "rated"},
        points(
            "满意率",
            now.satisfaction_rate,
            then.satisfaction_rate,
            past,
            part_of(now.satisfied, now.rated, "满意", "还没有评价"),
        )
        | {"figure_of": "satisfied"},
    ]

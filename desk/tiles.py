"""The figures under the work list: this week beside the week before (RULES 7)."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.urls import reverse

from dashboards.periods import Window, before, window
from desk import worklist
from ground import clock
from ground.templatetags.wenshao import minutes_as_hours, percent
from organizations.posts import Power
from organizations.scope import scope_of
from requests.figures import Figures, figures_by, submitted_between
from volunteers.accounting.figures import served_between, total

#: Less than this, in percentage points, is no change.
SAME = 0.05


def week_tiles(user: Any) -> list[dict[str, Any]]:
    """The tiles of this week, in two queries: the three rates, and the hours served."""
    present = window("week")
    past = before(present)
    tiles = rate_tiles(*_figures(user, present, past), "本周", past.label)
    for tile in tiles:
        tile["url"] = (
            f"{reverse('desk:requests')}?which={tile['figure_of']}&from={present.first}&to={present.last}"
        )
    scope = scope_of(user)
    if scope.has(Power.CREDIT):
        served = total(served_between(present.start, present.end).filter(scope.rows(Power.CREDIT)))
        tiles.append(
            {
                "label": "本周服务时长",
                "figure": minutes_as_hours(served.minutes),
                "unit": "小时",
                "text": f"{served.times} 人次，其中八小时外 {minutes_as_hours(served.off_hours_minutes)} 小时",
            }
        )
    return tiles


def _figures(user: Any, present: Window, past: Window) -> tuple[Figures, Figures]:
    """Both weeks in one query."""
    which = Case(
        When(Q(submitted_at__gte=present.start), then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    rows = submitted_between(worklist.work_of(user), past.start, present.end)
    rows = rows.exclude(submitted_at__gte=past.end, submitted_at__lt=present.start)
    found = figures_by(rows, which, clock.now())
    return found.get(1, Figures()), found.get(0, Figures())


# How a figure becomes a tile of `templates/parts/_tile.html`


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

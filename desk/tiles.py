"""The figures under the work list: this week beside the week before (RULES 7)."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.urls import reverse

from dashboards.periods import Window, before, window
from dashboards.tiles import rate_tiles
from desk import worklist
from ground import clock
from ground.templatetags.wenshao import minutes_as_hours
from organizations.posts import Power
from organizations.scope import scope_of
from requests.figures import Figures, figures_by, submitted_between
from volunteers.figures import served_between, total


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
    found = figures_by(rows, which, clock.now())
    return found.get(1, Figures()), found.get(0, Figures())

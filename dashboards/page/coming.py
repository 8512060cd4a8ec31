"""What is coming: whistles of the next days, reviews of care levels, the end of the quarter and its quota."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from dashboards.areas import Area
from dashboards.page.gathering import COMING, Gathered
from dashboards.page.known import BY_KEY
from dashboards.page.links import Links
from dashboards.page.numbers import Number
from dashboards.page.surroundings import Surroundings, name_of
from ground import clock
from ground.periods import first_day_after
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import COLUMNS, scope_of
from volunteers.models import Whistle
from volunteers.states import WhistleState

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Coming:
    """`whistles`: the next few, with the address of their page where it is in sight."""

    whistle_count: Number
    whistles: list[dict[str, Any]] = field(default_factory=list)
    review_due: Number | None = None
    review_soon: Number | None = None
    quarter_ends: Any = None
    days_left: int = 0
    behind: Number | None = None


def coming(user: Any, area: Area, around: Surroundings, found: Gathered, links: Links) -> Coming:
    """One query, for the next whistles."""
    last = first_day_after("quarter", clock.today()) - timedelta(days=1)
    behind, due, soon = (
        found.here.stand(name) for name in ("quota.behind_quarter", "care.review_due", "care.review_soon")
    )
    return Coming(
        found.coming.count("whistles"),
        [_line(whistle, area, _opens(user)) for whistle in _next(area, around)],
        links.to(BY_KEY["care.review_due"], due) if due else None,
        soon.leading(links.rows("care-due")) if soon else None,
        last,
        (last - clock.today()).days,
        links.to(BY_KEY["quota.behind"], behind) if behind else None,
    )


def _next(area: Area, around: Surroundings) -> list[Whistle]:
    until = clock.midnight(clock.today() + timedelta(days=COMING))
    rows = Whistle.objects.filter(state=WhistleState.OPEN, starts_at__gte=clock.now(), starts_at__lt=until)
    if area.node is not None:  # the district is there for the index
        rows = rows.filter(_inside(area.node), district=around.trail[0].pk)
    return list(rows.with_places_taken().select_related("community").order_by("starts_at", "id")[:SHOWN])


def _inside(node: Organization) -> Q:
    """Rows of whistles, as `areas.area_of` has the conditions of requests."""
    if node.tier in COLUMNS:
        return Q(**{f"{COLUMNS[Tier(node.tier)]}_id": node.pk})
    path = "grid__branch" if node.tier == Tier.GRID_BRANCH else "service_request__building__group"
    return Q(
        **{f"{path}__tree_id": node.tree_id, f"{path}__lft__gte": node.lft, f"{path}__rght__lte": node.rght}
    )


def _opens(user: Any) -> Any:
    scope = scope_of(user)
    return lambda whistle: scope.reaches(Power.WHISTLE, whistle) or scope.reaches(Power.CREDIT, whistle)


def _line(whistle: Any, area: Area, opens: Any) -> dict[str, Any]:
    """Where it is: the community, where the page is of something larger."""
    is_above = area.node is None or area.node.tier < Tier.COMMUNITY
    return {
        "title": whistle.title,
        "starts_at": whistle.starts_at,
        "ends_at": whistle.ends_at,
        "place": name_of(whistle.community) if is_above and whistle.community else whistle.place,
        "taken": whistle.taken,
        "places": whistle.places_max,
        "url": reverse("desk:whistle", args=[whistle.pk]) if opens(whistle) else "",
    }

"""What is coming: whistles of the next days, reviews of care levels, the end of the quarter and its quota."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from dashboards.areas import Area
from dashboards.page.gathering import COMING, Gathered
from dashboards.page.known import BY_KEY
from dashboards.page.links import Links
from dashboards.page.numbers import Number
from dashboards.page.surroundings import Surroundings, name_of
from ground import clock
from ground.kept import A_KEY, A_MOMENT, Kept
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
    now, until = clock.now(), clock.midnight(clock.today() + timedelta(days=COMING))
    node = area.node
    if node is None:
        return _IN_CITY(now=now, until=until)
    district = around.trail[0].pk
    if node.tier in _IN:
        return _IN[Tier(node.tier)](now=now, until=until, district=district, node=node.pk)
    return list(_within(_below(node), now, until, district))


def _within(where: Q, now: datetime, until: datetime, district: int | None = None) -> QuerySet[Whistle]:
    rows = Whistle.objects.filter(where, state=WhistleState.OPEN, starts_at__gte=now, starts_at__lt=until)
    if district is not None:  # it is there for the index
        rows = rows.filter(district=district)
    return rows.with_places_taken().select_related("community").order_by("starts_at", "id")[:SHOWN]


def _below(node: Organization) -> Q:
    """Rows of whistles, as `areas.area_of` has the conditions of requests; for nodes without a scope column."""
    path = "grid__branch" if node.tier == Tier.GRID_BRANCH else "service_request__building__group"
    return Q(
        **{f"{path}__tree_id": node.tree_id, f"{path}__lft__gte": node.lft, f"{path}__rght__lte": node.rght}
    )


def _in(column: str) -> Kept[Whistle]:
    def build(now: datetime, until: datetime, district: int, node: int) -> QuerySet[Whistle]:
        return _within(Q(**{f"{column}_id": node}), now, until, district)

    return Kept(build, **_TIMES, district=A_KEY, node=A_KEY + 1)


_TIMES = {"now": A_MOMENT, "until": A_MOMENT + timedelta(days=1)}
_IN = {tier: _in(column) for tier, column in COLUMNS.items()}
_IN_CITY = Kept(lambda now, until: _within(Q(), now, until), **_TIMES)


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

"""排行榜 for everybody, where the policy of a district opens it: no sign-in, surnames and units only (RULES 6)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from organizations.models import Organization
from organizations.posts import Tier
from volunteers import leaderboards
from volunteers.leaderboards import listing, sight
from volunteers.presenting import boards as looks
from volunteers.states import Period
from volunteers.views.boards import period_of

#: So many places are shown; nobody needs the rest of a city without signing in.
SHOWN = 50
#: Pages asked for from one address in a minute, and how long the lines of a board are kept.
PER_MINUTE, MINUTE, KEPT_SECONDS = 60, 60, 300


@require_safe
def public_places(request: HttpRequest) -> HttpResponse:
    """Which boards there are to read; 404 where no district opens any."""
    if _is_too_many(request):
        return _later()
    districts = list(leaderboards.public_places().filter(tier=Tier.DISTRICT).order_by("code"))
    if not districts:
        raise Http404
    context = {"tabs": [], "districts": districts, "cities": _cities(Period.MONTH, None)}
    return render(request, "volunteers/public_boards.html", context)


@require_safe
def public_board(request: HttpRequest, pk: int) -> HttpResponse:
    """The members' board of a district or community."""
    if _is_too_many(request):
        return _later()
    place: Any = get_object_or_404(leaderboards.public_places(), pk=pk)
    return _page(request, leaderboards.kind_of(place), place)


@require_safe
def public_city_board(request: HttpRequest, slug: str) -> HttpResponse:
    """A board of the city: rows of the districts that allow it."""
    if _is_too_many(request):
        return _later()
    if slug not in looks.CITY_SLUGS or not leaderboards.public_places().exists():
        raise Http404
    return _page(request, looks.CITY_SLUGS[slug], None)


def _page(request: HttpRequest, kind: str, place: Any) -> HttpResponse:
    period = period_of(request.GET.get("period", ""))
    board = leaderboards.find(kind, place.pk if place else None, period)
    context = {
        "title": looks.title_of(kind, place),
        "place": place,
        "period": period,
        "board": board,
        "lines": _lines(board, place.boards_shown if place else None) if board else [],
        "items": [
            {"label": each.label, "url": f"?period={each.value}", "on": each == period} for each in Period
        ],
        "tabs": _around(place, period, kind),
        "stars": _stars(place) if place and period == Period.MONTH else None,
        "rule": looks.rule_of(kind),
    }
    return render(request, "volunteers/public_board.html", context)


def _lines(board: Any, boards: str | None) -> list[dict[str, Any]]:
    """Kept for a while; what policies and people allow is part of the key, so that closing a board works at once."""
    allowed = [f"{each.pk}{each.boards}{each.is_public:d}" for each in sight.districts()]
    said = f"{board.refreshed_at.timestamp()}{boards}{allowed}{cache.get(listing.CHANGED)}"
    key = f"public-board:{board.pk}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    lines = cache.get(key)
    if lines is None:
        lines = looks.public_lines(sight.public_rows(board, boards)[:SHOWN])
        cache.set(key, lines, KEPT_SECONDS)
    return lines


def _stars(place: Organization) -> dict[str, Any] | None:
    stars = sight.stars_of(place)
    return {"month": stars[0].month, "lines": looks.star_lines(stars, is_public=True)} if stars else None


def _around(place: Any, period: Period, kind: str) -> list[dict[str, Any]]:
    """The other boards: the district of a community, and the city's."""
    found = []
    if place is not None:
        rows = leaderboards.public_places().filter(tree_id=place.tree_id, tier=Tier.DISTRICT) | (
            leaderboards.public_places().filter(pk=place.pk)
        )
        for node in rows.order_by("tier"):
            url = reverse("volunteers:public_board", args=[node.pk])
            label = node.short_name
            found.append({"label": label, "url": f"{url}?period={period.value}", "on": node.pk == place.pk})
    return found + _cities(period, kind)


def _cities(period: Period, kind: str | None) -> list[dict[str, Any]]:
    return [
        {
            "label": looks.CITY_LABELS[each],
            "title": each.label,
            "url": f"{reverse('volunteers:public_city_board', args=[slug])}?period={period.value}",
            "on": each == kind,
        }
        for slug, each in looks.CITY_SLUGS.items()
    ]


def _is_too_many(request: HttpRequest) -> bool:
    key = f"public-board:{request.META.get('REMOTE_ADDR', '')}"
    cache.add(key, 0, MINUTE)
    try:
        return cache.incr(key) > PER_MINUTE
    except ValueError:  # it expired in between
        return False


def _later() -> HttpResponse:
    return HttpResponse("看得太频繁，请一分钟后再试。", status=429, content_type="text/plain; charset=utf-8")

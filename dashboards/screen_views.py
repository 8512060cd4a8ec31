"""The big screen: a page of its own that fits 1920 × 1080 and fetches itself again."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from dashboards.areas import Area, area_of, nodes_in_sight, sees_city
from dashboards.periods import window_of
from dashboards.screens import has_a_screen, wall_of
from organizations.guards import post_required


@require_GET
@post_required
def screen(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Dark unless ?theme=light. Fetching it writes nothing, so that a wall keeps no session alive: it ends when the
    session's strength does (12 hours, on a trusted device 30 days), and says so."""
    theme = "light" if request.GET.get("theme") == "light" else "dark"
    wall = wall_of(request.user, _area(request, pk), window_of(request.GET), request.GET)
    answer = render(request, "dashboards/screen.html", wall | {"prefs": {"theme": theme, "size": ""}})
    patch_cache_control(answer, private=True, no_store=True)
    return answer


def _area(request: HttpRequest, pk: int | None) -> Area:
    if pk is None:
        if not sees_city(request.user):
            raise Http404
        return area_of(None)
    area = area_of(get_object_or_404(nodes_in_sight(request.user), pk=pk))
    if not has_a_screen(area):
        raise Http404
    return area

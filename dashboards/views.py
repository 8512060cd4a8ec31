"""看板: where a node of the tree stands, where it sticks, and the way down."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboards import page, patterns, saving
from dashboards.areas import Area, area_of, nodes_in_sight, sees_city, top_of
from dashboards.periods import window_of
from organizations.guards import post_required


@require_GET
@post_required
def home(request: HttpRequest) -> HttpResponse:
    """The user's own top node."""
    node = top_of(request.user)
    url = reverse("dashboards:city") if node is None else reverse("dashboards:node", args=[node.pk])
    return redirect(f"{url}?{query}" if (query := request.GET.urlencode()) else url)


@require_GET
@post_required
def city(request: HttpRequest) -> HttpResponse:
    """All districts, for city posts."""
    if not sees_city(request.user):
        raise Http404
    return _page(request, area_of(None))


@require_GET
@post_required
def node(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _area(request, pk))


def _area(request: HttpRequest, pk: int) -> Area:
    return area_of(get_object_or_404(nodes_in_sight(request.user), pk=pk))


def _page(request: HttpRequest, area: Area) -> HttpResponse:
    shown = window_of(request.GET)
    context: dict[str, Any] = page.context_of(request.user, area, shown, request.GET)
    if "table" in context:
        context["views"] = saving.context(request, area, shown)
        context["patterns"] = patterns.excerpt(request.user, area)
    return render(request, "dashboards/node.html", context)

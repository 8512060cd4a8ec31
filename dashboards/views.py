"""看板: where a node of the tree stands, where it sticks, and the way down."""

from __future__ import annotations

import csv
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboards import page, patterns, saving
from dashboards.areas import Area, area_of, nodes_in_sight, sees_city, top_of
from dashboards.page.table import CSV_HEADINGS, csv_rows
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


@require_GET
@post_required
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """The table of the children as CSV, with the mark by which spreadsheets know UTF-8."""
    area, present = _area(request, pk), window_of(request.GET)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"wenshao-{pk}-{present.first}-{present.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(CSV_HEADINGS)
    writer.writerows(csv_rows(page.table_of(request.user, area, present)))
    return response


def _area(request: HttpRequest, pk: int) -> Area:
    return area_of(get_object_or_404(nodes_in_sight(request.user), pk=pk))


def _page(request: HttpRequest, area: Area) -> HttpResponse:
    shown = window_of(request.GET)
    context: dict[str, Any] = page.context_of(request.user, area, shown, request.GET)
    if "table" in context:
        context["views"] = saving.context(request, area, shown)
        context["patterns"] = patterns.excerpt(request.user, area)
    return render(request, "dashboards/node.html", context)

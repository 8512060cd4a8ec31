"""The page of a node, to take away: as a workbook, and its table as CSV. What is in them: `dashboards.exporting`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from dashboards import exporting, page
from dashboards.areas import Area, area_of, nodes_in_sight, sees_city
from dashboards.periods import window_of
from ground.sheets import xlsx_answer
from organizations.guards import post_required


@require_GET
@post_required
def workbook(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """Without `pk`: the city."""
    context = _context(request, pk)
    return xlsx_answer(exporting.filename(context, "xlsx"), exporting.workbook(context))


@require_GET
@post_required
def table(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    context = _context(request, pk)
    answer = HttpResponse(exporting.csv_text(context), content_type="text/csv; charset=utf-8")
    name = exporting.filename(context, "csv")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
@post_required
def old_table(request: HttpRequest, pk: int) -> HttpResponse:
    """The address that the table had before."""
    _area(request, pk)
    query = request.GET.urlencode()
    address = reverse("dashboards:figures_csv", args=[pk])
    return redirect(f"{address}?{query}" if query else address, permanent=True)


def _context(request: HttpRequest, pk: int | None) -> dict[str, Any]:
    return page.context_of(request.user, _area(request, pk), window_of(request.GET), request.GET)


def _area(request: HttpRequest, pk: int | None) -> Area:
    if pk is not None:
        return area_of(get_object_or_404(nodes_in_sight(request.user), pk=pk))
    if not sees_city(request.user):
        raise Http404
    return area_of(None)

"""点单表: the rows of a list, or those behind the figures of a node in a period, to take away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from dashboards.areas import nodes_in_sight
from desk import requests_table, searching
from desk.access import SIGHT
from desk.nav import highest
from ground import clock
from organizations import access
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.scope import scope_of
from requests.models import ServiceRequest

#: Lines of a file: what Excel opens.
MOST = 1_000_000


@require_GET
@staff_page(*SIGHT)
def requests_csv(request: HttpRequest) -> HttpResponseBase:
    """The filters are those of the list. A line in the access log before the first byte."""
    node, place = _place(request.user, request.GET)
    rows = searching.found_by(ServiceRequest.objects.in_sight_of_staff(request.user), request.GET)
    districts = _by_district(rows)
    count = sum(districts.values())
    if count > MOST:
        messages.error(request, f"一共 {count:,} 件，一次最多下载 {MOST:,} 件，请先按时间或范围筛选。")
        return redirect(f"{reverse('desk:requests')}?{request.GET.urlencode()}")
    what = f"{place}-点单-{_days(request.GET)}"
    access.record_table(by=request.user, what=what, rows=districts if node is None else {node: count})
    return _answer(requests_table.csv_pages(rows, districts, clock.now()), f"{what}.csv")


def _by_district(rows: Any) -> dict[int, int]:
    """District → how many, in the order of the tree's roots."""
    counted = rows.order_by("district").values("district").annotate(n=Count("pk"))
    return dict(counted.values_list("district", "n"))


def _place(user: Any, query: QueryDict) -> tuple[int | None, str]:
    """Key and name of the node that the list is narrowed to, else of the seat; the city's key is None.

    Raises Http404 out of sight.
    """
    wanted = searching.number_of(query.get("within"))
    if wanted is None:
        seat = highest(scope_of(user), *SIGHT)
        return (seat.organization_id, seat.place) if seat and seat.organization_id else (None, "全市")
    below = scope_of(user).organizations(Organization.objects.order_by(), *SIGHT)  # closed ones too
    node = below.filter(pk=wanted).first() or nodes_in_sight(user).filter(pk=wanted).first()
    if node is None:
        raise Http404
    return node.pk, node.short_name or node.name


def _days(query: QueryDict) -> str:
    """2026-11-01至2026-11-30, as far as the list is narrowed to days."""
    first, last = searching.day_of(query.get("from")), searching.day_of(query.get("to"))
    until = last or clock.today()
    return f"{first}至{until}" if first else f"截至{until}"


def _answer(content: Any, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name.replace("/", "-")) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer

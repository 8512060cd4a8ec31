"""导出 of the people whom the filters of the list show."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from grids import exporting, searching
from grids.forms import ExportForm
from grids.models import Resident
from ground import clock
from ground.errors import RuleViolation
from ground.sheets import xlsx_answer
from organizations import access
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of


@never_cache
@require_http_methods(["GET", "POST"])
@staff_page(Power.EXPORT_PERSONAL)
def export(request: HttpRequest) -> HttpResponse:
    """The reason first, then the file, made in memory."""
    community = _community(request)
    rows = searching.narrowed(Resident.objects.visible_to(request.user), request.GET)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            content = exporting.export(rows, by=request.user, community=community, **form.cleaned_data)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            name = f"{community.short_name}居民-{clock.today():%Y%m%d}.xlsx"
            return cast(HttpResponse, xlsx_answer(name, content))
    count = rows.filter(community=community).count()
    context = {
        "form": form,
        "community": community,
        "count": count,
        "said": f"{count:,}",
        "most": exporting.MOST_ROWS,
        "left": access.exports_left_today(request.user),
        "query": request.GET.urlencode(),
    }
    return render(request, "grids/residents_export.html", context)


def _community(request: HttpRequest) -> Organization:
    """The one of the address, or the first one: a secretary has one as a rule."""
    seats = scope_of(request.user).seats(Power.EXPORT_PERSONAL)
    wanted = searching.number_of(request.GET.get("community"))
    rows = Organization.objects.filter(pk__in=seats)
    found = (rows.filter(pk=wanted) if wanted else rows.order_by("pk")).first()
    if found is None:
        raise Http404
    return found

"""常用哨单 on the desk: what may be used, what is one's own, and taking it out of use."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from organizations.guards import staff_page
from organizations.posts import Power
from volunteers.models import WhistleTemplate
from volunteers.whistling import usual


@require_GET
@staff_page(Power.WHISTLE)
def index(request: HttpRequest) -> HttpResponse:
    """Every template one may begin from; those of one's own place can be taken out of use."""
    rows = WhistleTemplate.objects.usable_by(request.user).select_related("organization")
    own = set(usual.places_to_write_for(request.user).values_list("pk", flat=True))
    found = [(row, row.organization_id in own) for row in rows.order_by("duty_area", "name", "pk")]
    return render(request, "desk/whistle_usual.html", {"rows": found})


@require_POST
@staff_page(Power.WHISTLE)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """停用. What somebody else keeps is 403, what is out of sight 404."""
    row = get_object_or_404(WhistleTemplate.objects.usable_by(request.user), pk=pk)
    usual.retire(row, by=request.user)
    messages.success(request, f"已停用：{row.name}")
    return redirect("desk:whistle_usual")

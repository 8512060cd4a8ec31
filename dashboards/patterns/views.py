"""未诉先办 on the desk: the list, one pattern, the two decisions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.sessions import SignedInRequest
from dashboards.models import Pattern
from dashboards.patterns import deciding, reading
from dashboards.patterns.forms import DismissForm, FileForm
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.models import Policy
from organizations.posts import Power, Tier
from organizations.scope import scope_of

PAGE = 30


@require_GET
@staff_page(Power.TREE_SEE)
def patterns(request: HttpRequest) -> HttpResponse:
    """What is proposed, the largest first; other states by filter. 404 where no policy in sight looks for any."""
    if not reading.looks_anywhere(request.user).exists():
        raise Http404
    asked = reading.Asked.of(request.GET)
    page = Paginator(reading.shown(asked.narrow(request.user)), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"pattern": each, "chip": _chip(each)} for each in page.object_list],
        "filters": reading.filters(asked),
        "keep": {"within": asked.within} if asked.within else {},
        "is_filtered": asked.is_narrow or asked.state != Pattern.State.PROPOSED,
        "is_proposed": asked.state == Pattern.State.PROPOSED,
        "with_community": _looks_over_communities(request.user),
    }
    return render(request, "dashboards/patterns/list.html", context)


def _looks_over_communities(user: Any) -> bool:
    grants = scope_of(user).with_power(Power.TREE_SEE)
    return len(grants) > 1 or any(grant.seat is not Tier.COMMUNITY for grant in grants)


def _chip(pattern: Pattern) -> dict[str, str]:
    state = Pattern.State(pattern.state)
    return {"state": reading.CHIPS[state], "label": state.label}


@require_GET
@staff_page(Power.TREE_SEE)
def pattern(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(_in_sight(request.user), pk=pk))


@require_POST
@staff_page(Power.TREE_SEE)
def file(request: SignedInRequest, pk: int) -> HttpResponse:
    """立项; whoever comes second reads who was first."""
    found = get_object_or_404(_in_sight(request.user), pk=pk)
    form = FileForm(request.POST, prefix="file")
    if form.is_valid():
        try:
            filed = deciding.file(found, by=request.user, **form.cleaned_data)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已立项：{filed.number} {filed.title}。接着受理、办理。")
            return redirect("desk:request", number=filed.number)
    return _page(request, get_object_or_404(_in_sight(request.user), pk=pk), file_form=form)


@require_POST
@staff_page(Power.TREE_SEE)
def dismiss(request: SignedInRequest, pk: int) -> HttpResponse:
    """不立项, with the reason."""
    found = get_object_or_404(_in_sight(request.user), pk=pk)
    form = DismissForm(request.POST, prefix="dismiss")
    if form.is_valid():
        try:
            deciding.dismiss(found, by=request.user, **form.cleaned_data)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(
                request, f"不立项：{found.place_name} {found.category}。又出现同样多件时会再提示。"
            )
            return redirect("dashboards:patterns")
    return _page(request, get_object_or_404(_in_sight(request.user), pk=pk), dismiss_form=form)


def _in_sight(user: Any) -> QuerySet[Pattern]:
    return reading.shown(reading.in_sight(user)).select_related(
        "building", "compound", "category", "community", "service_request", "decided_by", "district"
    )


def _page(request: HttpRequest, found: Pattern, **forms: Any) -> HttpResponse:
    rows = reading.requests_in_sight(request.user, found)
    may_decide = found.state == Pattern.State.PROPOSED and deciding.can_decide(request.user, found)
    context = {
        "pattern": found,
        "chip": _chip(found),
        "since": reading.since_in_words(found),
        "rows": rows,
        "out_of_sight": max(found.count - len(rows), 0),
        "chart": reading.weeks_of(found),
        "policy": Policy.of(found.district_id),
        "may_decide": may_decide,
        "file_form": FileForm.about(found) if may_decide else None,
        "dismiss_form": DismissForm(prefix="dismiss") if may_decide else None,
        "list_url": reverse("dashboards:patterns"),
        **forms,
    }
    return render(request, "dashboards/patterns/pattern.html", context)

"""确认到场: branch secretaries and grid workers say who was there, for whistles of their own grids (RULES 5)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from desk.row_forms import went_through
from desk.views.crediting import PAGE, claims_of
from ground import clock
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers.forms.crediting import AttestForm
from volunteers.models import Claim
from volunteers.presence import attendance
from volunteers.states import ClaimState


def _claims(user: Any) -> Any:
    return claims_of(Claim.objects.awaiting_attest_by(user)).order_by("-whistle__starts_at", "whistle", "id")


@require_GET
@staff_page(Power.ATTEST)
def attesting(request: HttpRequest) -> HttpResponse:
    """Those who have not checked out, of whistles that have begun: the newest whistle first."""
    return _page(request)


@require_POST
@staff_page(Power.ATTEST)
def attest(request: HttpRequest, pk: int) -> HttpResponse:
    claim = get_object_or_404(_claims(request.user), pk=pk)
    form = AttestForm(request.POST, label_suffix="", prefix=f"c{pk}")
    if went_through(form, partial(attendance.attest, claim, by=request.user)):
        messages.success(request, f"已确认 {claim.volunteer} 到场，时长由社区认定。")
        return redirect("desk:attesting")
    return _page(request, wrong=(pk, form))


def _page(request: HttpRequest, wrong: tuple[int, AttestForm] | None = None) -> HttpResponse:
    page = Paginator(_claims(request.user), PAGE).get_page(request.GET.get("page"))
    rows = []
    for claim in page.object_list:
        form = wrong[1] if wrong is not None and wrong[0] == claim.pk else _form(claim)
        rows.append({"claim": claim, "form": form, "is_own": claim.volunteer.user_id == request.user.pk})
    return render(request, "desk/attesting.html", {"page": page, "rows": rows, "in": ClaimState.CHECKED_IN})


def _form(claim: Claim) -> AttestForm:
    """The whole window, up to now while it runs."""
    whistle = claim.whistle
    return AttestForm(
        initial={
            "came_at": claim.checked_in_at or whistle.starts_at,
            "left_at": min(whistle.over_at, clock.now()),
        },
        label_suffix="",
        prefix=f"c{claim.pk}",
    )

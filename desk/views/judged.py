"""已认定: what was credited, refused or called absent, to be corrected or reversed with a reason."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from desk.row_forms import went_through
from desk.views.crediting import PAGE, claims_of, tabs
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers.accounting import crediting as judging
from volunteers.accounting import ledger
from volunteers.forms.crediting import CorrectForm, ReverseForm
from volunteers.models import Claim
from volunteers.presenting import CHIPS
from volunteers.states import JUDGED, ClaimState

FORMS = {"correct": CorrectForm, "reverse": ReverseForm}


def _claims(user: Any) -> Any:
    rows = claims_of(Claim.objects.judged_by(user))
    rows = rows.annotate(credited=Sum("entries__minutes"), seen=Count("entries"))
    return rows.order_by("-whistle__starts_at", "-id")


@require_GET
@staff_page(Power.CREDIT)
def judged(request: HttpRequest) -> HttpResponse:
    """The newest first; by state, by name or title."""
    return _page(request)


@require_POST
@staff_page(Power.CREDIT)
def change(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """更正 or 冲销 of one claim; what is refused comes back open, with what was written."""
    if name not in FORMS:
        raise Http404
    claim = get_object_or_404(_claims(request.user), pk=pk)
    form = FORMS[name](request.POST, label_suffix="", prefix=f"{name}{pk}")
    if went_through(form, partial(getattr(judging, name), claim, by=request.user)):
        messages.success(request, f"{claim.volunteer}：{claim.get_state_display()}，台账和合计已更新。")
        return redirect("desk:judged")
    return _page(request, wrong=(pk, name, form))


def _page(request: HttpRequest, wrong: tuple[int, str, Any] | None = None) -> HttpResponse:
    words, state = request.GET.get("q", "").strip()[:40], request.GET.get("state", "")
    rows = _claims(request.user)
    if state in JUDGED:
        rows = rows.filter(state=state)
    if words:
        named = Q(volunteer__member__name__icontains=words) | Q(volunteer__user__name__icontains=words)
        rows = rows.filter(named | Q(whistle__title__icontains=words))
    if wrong is not None:
        rows = rows.filter(pk=wrong[0])
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    choices = [(each.value, each.label) for each in JUDGED]
    context = {
        "page": page,
        "rows": [_row(claim, request.user, wrong) for claim in page.object_list],
        "tabs": tabs("desk:judged", None),
        "q": words,
        "filters": [{"name": "state", "label": "结果", "value": state, "choices": choices}],
        "is_filtered": bool(words or state),
        "is_one": wrong is not None,
    }
    return render(request, "desk/judged.html", context)


def _row(claim: Any, user: Any, wrong: tuple[int, str, Any] | None) -> dict[str, Any]:
    minutes = claim.credited or 0
    initial = {"minutes": minutes or None, "seen": claim.seen}
    forms = {
        name: form(initial=initial, label_suffix="", prefix=f"{name}{claim.pk}")
        for name, form in FORMS.items()
        if name == "correct" or claim.state == ClaimState.CREDITED
    }
    if wrong is not None and wrong[0] == claim.pk:
        forms[wrong[1]] = wrong[2]
    state = ClaimState(claim.state)
    return {
        "claim": claim,
        "chip": {"state": CHIPS.get(state, "wait"), "label": state.label},
        "minutes": minutes,
        "most": ledger.most_minutes(claim),
        "forms": forms,
        "open": wrong[1] if wrong is not None and wrong[0] == claim.pk else "",
        "is_own": claim.volunteer.user_id == user.pk,
    }

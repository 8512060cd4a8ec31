"""接单认定: what volunteers have done, for the community to judge."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from desk.crediting import evidence_of
from ground import clock
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers import crediting as judging
from volunteers.forms.crediting import CreditForm
from volunteers.models import Claim
from volunteers.states import ClaimState

PAGE = 30


def _claims(user: Any) -> Any:
    return (
        Claim.objects.awaiting_credit_by(user)
        .select_related("whistle", "volunteer__member__unit", "volunteer__user")
        .defer("volunteer__member__phone", "volunteer__user__phone")
        .order_by("whistle__ends_at", "id")
    )


@require_GET
@staff_page(Power.CREDIT)
def crediting(request: HttpRequest) -> HttpResponse:
    """Claims that wait, the oldest first: clear ones with one tap, the others with a reason."""
    return _crediting_page(request)


def _crediting_page(request: HttpRequest, wrong: CreditForm | None = None, pk: int = 0) -> HttpResponse:
    rows = _claims(request.user)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    shown: list[dict[str, Any]] = []
    for claim in page.object_list:
        evidence = evidence_of(claim)
        form = wrong if wrong is not None and claim.pk == pk else CreditForm(claim=claim, label_suffix="")
        shown.append({"evidence": evidence, "form": form, "is_open": form is wrong, "may": _may(claim)})
    clear = sum(1 for each in shown if each["evidence"].is_clear and each["may"])
    return render(request, "desk/crediting.html", {"page": page, "claims": shown, "clear": clear})


def _may(claim: Claim) -> bool:
    """While somebody is still on the spot there is nothing to credit."""
    return claim.state == ClaimState.CHECKED_OUT or claim.whistle.ends_at <= clock.now()


@require_POST
@staff_page(Power.CREDIT)
def credit(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim: as proposed with one tap, or with other minutes and a reason."""
    claim = get_object_or_404(_claims(request.user), pk=pk)
    form = CreditForm(request.POST, claim=claim, label_suffix="")
    if form.is_valid():
        try:
            judging.credit(
                claim,
                by=request.user,
                minutes=form.cleaned_data["minutes"],
                reason=form.cleaned_data["reason"],
            )
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已认定：{claim.volunteer} {form.cleaned_data['minutes']} 分钟")
            return redirect("desk:crediting")
    return _crediting_page(request, wrong=form, pk=pk)


@require_POST
@staff_page(Power.CREDIT)
def credit_clear(request: HttpRequest) -> HttpResponse:
    """Every clear claim that the page showed, each with its proposed minutes."""
    wanted = [int(pk) for pk in request.POST.getlist("claim") if pk.isdecimal()][:PAGE]
    found = [claim for claim in _claims(request.user).filter(pk__in=wanted) if evidence_of(claim).is_clear]
    done, refused = judging.credit_many(found, by=request.user)
    if done:
        messages.success(request, f"已认定 {len(done)} 人。")
    for claim, sentence in refused:
        messages.error(request, f"{claim.volunteer}：{sentence}")
    return redirect("desk:crediting")

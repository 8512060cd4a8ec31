"""接单认定 and 报到: what volunteers have done and who wants to join, for the community to confirm."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from desk.crediting import evidence_of
from grids.models import Grid
from ground import clock
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers import crediting as judging
from volunteers import registry
from volunteers.forms import ConfirmForm, CreditForm
from volunteers.models import Claim, Registration
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


def _registrations(user: Any) -> Any:
    return (
        Registration.objects.awaiting_confirmation_by(user)
        .select_related(
            "community",
            "volunteer__user",
            "volunteer__member__unit",
            "volunteer__member__home__building",
            "volunteer__member__home__compound",
        )
        .defer("volunteer__member__phone", "volunteer__user__phone")
        .prefetch_related("volunteer__member__skills")
        .order_by("requested_at", "id")
    )


@require_GET
@staff_page(Power.CONFIRM_REGISTRATION)
def registrations(request: HttpRequest) -> HttpResponse:
    """报到: who asks to be registered, the longest waiting first, each with a proposed grid."""
    return _registrations_page(request)


def _registrations_page(request: HttpRequest, wrong: ConfirmForm | None = None, pk: int = 0) -> HttpResponse:
    page = Paginator(_registrations(request.user), PAGE).get_page(request.GET.get("page"))
    grids = _grids_of({row.community_id for row in page.object_list})
    shown = []
    for registration in page.object_list:
        form = wrong if wrong is not None and registration.pk == pk else _form(registration)
        shown.append(
            {
                "registration": registration,
                "field": form.add_prefix("grid"),
                "proposed": form.initial["grid"],
                "grids": grids.get(registration.community_id, []),
                "errors": form.errors if form is wrong else {},
            }
        )
    return render(request, "desk/registrations.html", {"page": page, "registrations": shown})


def _grids_of(communities: set[int]) -> dict[int, list[Grid]]:
    """The grids to choose from, of every community on the page in one query."""
    found: dict[int, list[Grid]] = {}
    rows = Grid.objects.filter(community__in=communities).defer("boundary").order_by("tier", "code")
    for grid in rows:
        found.setdefault(grid.community_id or 0, []).append(grid)
    return found


def _form(registration: Registration) -> ConfirmForm:
    return ConfirmForm(registration=registration, label_suffix="", prefix=f"r{registration.pk}")


@require_POST
@staff_page(Power.CONFIRM_REGISTRATION)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    registration = get_object_or_404(_registrations(request.user), pk=pk)
    form = ConfirmForm(request.POST, registration=registration, label_suffix="", prefix=f"r{pk}")
    if form.is_valid():
        try:
            registry.confirm(registration, by=request.user, grid=form.cleaned_data["grid"])
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"{registration.volunteer} 已编入{registration.grid}。")
            return redirect("desk:registrations")
    return _registrations_page(request, wrong=form, pk=pk)

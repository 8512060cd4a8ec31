"""我们的党员: for the liaison of a unit its people, their hours, and what he proposes for claims (RULES 5)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from desk import quota_lists as lists
from desk.quota_lists import Asked
from desk.row_forms import went_through
from desk.views.crediting import claims_of
from desk.views.quotas import PAGE, export_names, list_context
from ground import clock
from organizations.guards import staff_page
from organizations.models import Member, Unit
from organizations.posts import Power
from organizations.scope import scope_of
from volunteers.accounting import crediting as judging
from volunteers.forms.crediting import ProposeForm
from volunteers.models import Claim, Volunteer
from volunteers.presenting.evidence import evidence_of
from volunteers.states import PRESENT, ClaimState


def _units(user: Any) -> list[Unit]:
    ids = {grant.unit_id for grant in scope_of(user).with_power(Power.UNIT_SEE) if grant.unit_id}
    units = list(Unit.objects.filter(pk__in=ids).select_related("district").order_by("name"))
    if not units:
        raise Http404
    return units


def _people(user: Any) -> Any:
    return Volunteer.objects.filter(scope_of(user).own_units("member__unit"))


def _claims(user: Any) -> Any:
    """Of one's own people, those that wait to be credited: a proposal may help."""
    rows = Claim.objects.of_own_units(user).filter(
        state__in=(ClaimState.CLAIMED, *PRESENT), whistle__starts_at__lte=clock.now()
    )
    return claims_of(rows).order_by("whistle__ends_at", "id")


@require_GET
@staff_page(Power.UNIT_SEE)
def our_people(request: HttpRequest) -> HttpResponse:
    """Everybody with hours and quota, those who lack most first; who is not registered yet is counted."""
    units = _units(request.user)
    policy, asked = lists.policy_of(request.user, units[0].district_id), Asked.of(request.GET)
    if "which" not in request.GET:
        asked = Asked(asked.words, "all", asked.by)
    page = Paginator(lists.narrowed(_people(request.user), policy, asked), PAGE)
    shown = page.get_page(request.GET.get("page"))
    members = Member.objects.filter(unit__in=units)
    context = {
        "units": units,
        "page": shown,
        "lines": [lists.line_of(each, policy) for each in shown.object_list],
        "missing_accounts": members.filter(volunteer=None).count(),
        "tabs": _tabs("people", _claims(request.user).count()),
        "export_url": reverse("desk:our_people_names"),
        "can_export": True,
        **list_context(request, policy, asked),
    }
    return render(request, "desk/our_people.html", context)


@never_cache
@require_POST
@staff_page(Power.UNIT_SEE)
def names(request: HttpRequest) -> HttpResponse:
    """The list of one's own unit as a table: with a reason, and a line in the access log of the district."""
    units = _units(request.user)
    unit, policy = units[0], lists.policy_of(request.user, units[0].district_id)
    rows = lists.narrowed(_people(request.user), policy, Asked.of(request.GET))
    # A liaison sees his people by name and by hours already: the file says no more than the page.
    return export_names(
        request, rows, policy, unit.district, f"{unit}服务指标名单", "desk:our_people", may=lambda *_: True
    )


@require_GET
@staff_page(Power.PROPOSE_CREDIT)
def proposals(request: HttpRequest) -> HttpResponse:
    return _proposals_page(request)


@require_POST
@staff_page(Power.PROPOSE_CREDIT)
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """建议时长 with its reason; the community decides."""
    claim = get_object_or_404(_claims(request.user), pk=pk)
    form = ProposeForm(request.POST, label_suffix="", prefix=f"p{pk}")
    if went_through(form, partial(judging.propose, claim, by=request.user)):
        minutes = form.cleaned_data["minutes"]
        messages.success(request, f"已建议 {claim.volunteer} {minutes} 分钟，社区认定时会看到。")
        return redirect("desk:proposals")
    return _proposals_page(request, wrong=(pk, form))


def _proposals_page(request: HttpRequest, wrong: tuple[int, ProposeForm] | None = None) -> HttpResponse:
    units = _units(request.user)
    page = Paginator(_claims(request.user), PAGE).get_page(request.GET.get("page"))
    rows = []
    for claim in page.object_list:
        form = wrong[1] if wrong is not None and wrong[0] == claim.pk else _form(claim)
        is_own = claim.volunteer.user_id == request.user.pk
        rows.append({"evidence": evidence_of(claim), "claim": claim, "form": form, "is_own": is_own})
    context = {
        "units": units,
        "page": page,
        "rows": rows,
        "tabs": _tabs("proposals", page.paginator.count),
    }
    return render(request, "desk/proposals.html", context)


def _form(claim: Claim) -> ProposeForm:
    offered = claim.proposed_minutes or judging.proposed_minutes(claim) or None
    initial = {"minutes": offered, "reason": claim.proposed_because}
    return ProposeForm(initial=initial, label_suffix="", prefix=f"p{claim.pk}")


def _tabs(on: str, waiting: int) -> list[dict[str, Any]]:
    return [
        {"label": "党员和指标", "url": reverse("desk:our_people"), "count": None, "on": on == "people"},
        {"label": "建议时长", "url": reverse("desk:proposals"), "count": waiting, "on": on == "proposals"},
    ]

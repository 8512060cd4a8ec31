"""户 and 房屋: who lives together, who keeps in touch, how often they are looked after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from grids import dwellings, households
from grids.changes import events_of
from grids.forms import AssessForm, ContactForm, UseForm
from grids.models import Dwelling, Household, Resident
from grids.powers import can_change
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power


def _household(user: Any, pk: int) -> Household:
    rows = Household.objects.visible_to(user).select_related(
        "dwelling__building", "grid", "contact_member__unit", "community"
    )
    return get_object_or_404(rows.defer("grid__boundary", "contact_member__phone"), pk=pk)


@never_cache
@require_GET
@staff_page(Power.REGISTRY_SEE)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _household(request.user, pk))


def _page(request: HttpRequest, household: Household, **more: Any) -> HttpResponse:
    may = can_change(request.user, household)
    people = list(household.residents.prefetch_related("groups").defer("document_number").order_by("id"))
    context: dict[str, Any] = {
        "household": household,
        "people": [each for each in people if each.standing == Resident.Standing.PRESENT],
        "left": [each for each in people if each.standing == Resident.Standing.LEFT],
        "assessments": list(household.assessments.select_related("by")[:10]),
        "neighbours": list(household.dwelling.households.exclude(pk=household.pk)),
        "events": events_of(household),
        "can_change": may,
    }
    if may:
        context |= {
            "assess_form": AssessForm(household=household),
            "contact_form": ContactForm(viewer=request.user, household=household),
            "use_form": UseForm(initial={"use": household.dwelling.use}),
        }
    return render(request, "grids/household.html", {**context, **more})


Act = Callable[[HttpRequest, Household], forms.Form | None]


def _assess(request: HttpRequest, household: Household) -> forms.Form | None:
    form = AssessForm(request.POST, household=household)
    if not form.is_valid():
        return form
    try:
        households.assess(household, by=request.user, **form.cleaned_data)
    except RuleViolation as violation:
        violation.add_to(form)
        return form
    return None


def _contact(request: HttpRequest, household: Household) -> forms.Form | None:
    form = ContactForm(request.POST, viewer=request.user, household=household)
    if not form.is_valid():
        return form
    try:
        households.assign_contact(household, by=request.user, **form.cleaned_data)
    except RuleViolation as violation:
        violation.add_to(form)
        return form
    return None


def _use(request: HttpRequest, household: Household) -> forms.Form | None:
    return _change_use(request, household.dwelling)


def _change_use(request: HttpRequest, dwelling: Dwelling) -> forms.Form | None:
    form = UseForm(request.POST)
    if not form.is_valid():
        return form
    try:
        dwellings.change_use(dwelling, by=request.user, use=form.cleaned_data["use"])
    except RuleViolation as violation:
        violation.add_to(form)
        return form
    return None


ACTS: dict[str, Act] = {"assess": _assess, "contact": _contact, "use": _use}


@require_POST
@staff_page(Power.REGISTRY_SEE)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    household = _household(request.user, pk)
    if name not in ACTS:
        raise Http404
    if not can_change(request.user, household):
        raise NoPower()
    wrong = ACTS[name](request, household)
    if wrong is None:
        messages.success(request, "已保存。")
        return redirect("grids:household", pk=pk)
    return _page(request, _household(request.user, pk), **{f"{name}_form": wrong})


# A dwelling in which nobody is registered yet has no household to show


def _dwelling(user: Any, pk: int) -> Dwelling:
    return get_object_or_404(Dwelling.objects.visible_to(user).select_related("building"), pk=pk)


@never_cache
@require_GET
@staff_page(Power.REGISTRY_SEE)
def dwelling(request: HttpRequest, pk: int) -> HttpResponse:
    found = _dwelling(request.user, pk)
    if first := found.households.order_by("number").first():
        return redirect("grids:household", pk=first.pk)
    return _dwelling_page(request, found)


def _dwelling_page(request: HttpRequest, found: Dwelling, wrong: forms.Form | None = None) -> HttpResponse:
    may = can_change(request.user, found)
    form = wrong or (UseForm(initial={"use": found.use}) if may else None)
    return render(request, "grids/dwelling.html", {"dwelling": found, "use_form": form, "can_change": may})


@require_POST
@staff_page(Power.REGISTRY_SEE)
def dwelling_use(request: HttpRequest, pk: int) -> HttpResponse:
    found = _dwelling(request.user, pk)
    if not can_change(request.user, found):
        raise NoPower()
    wrong = _change_use(request, found)
    if wrong is not None:
        return _dwelling_page(request, _dwelling(request.user, pk), wrong)
    messages.success(request, "已保存。")
    return redirect("grids:dwelling", pk=pk)

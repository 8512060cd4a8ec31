"""报到: who asks to be registered, for the community to confirm."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from grids.models import Grid
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers import registry
from volunteers.forms.registration import ConfirmForm
from volunteers.models import Registration

PAGE = 30


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

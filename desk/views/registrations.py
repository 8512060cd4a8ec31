"""报到: who asks to be registered, who is registered, who left; for the community to decide."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from desk import registering
from desk.row_forms import went_through
from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from volunteers.forms.registration import BecauseForm, ConfirmForm, RegridForm
from volunteers.joining import registry
from volunteers.models import Registration
from volunteers.states import VolunteerKind


@require_GET
@staff_page(Power.CONFIRM_REGISTRATION)
def registrations(request: HttpRequest) -> HttpResponse:
    """报到: who waits, the longest first, each with a proposed grid; who is registered; who left."""
    tab = request.GET.get("tab")
    if tab in (registering.CONFIRMED, registering.ENDED):
        return _register_page(request, tab)
    return _waiting_page(request)


# Who waits


def _waiting_page(request: HttpRequest, wrong: ConfirmForm | None = None, pk: int = 0) -> HttpResponse:
    rows = registering.heap(request.user, registering.WAITING)
    rows = rows.prefetch_related("volunteer__member__skills")
    tabs = _tabs(request, registering.WAITING)
    paginator = Paginator(rows, registering.PAGE)
    paginator.count = tabs["waiting"]  # counted already
    page = paginator.get_page(request.GET.get("page"))
    grids = registering.grids_of(row.community_id for row in page.object_list)
    others = registering.elsewhere(page.object_list)
    shown = []
    for registration in page.object_list:
        form = wrong if wrong is not None and registration.pk == pk else _form(registration)
        shown.append(
            {
                "registration": registration,
                "field": form.add_prefix("grid"),
                "proposed": form.initial["grid"],
                "grids": grids.get(registration.community_id or 0, []),
                "elsewhere": others.get(registration.volunteer_id, ""),
                "is_own": registration.volunteer.user_id == request.user.pk,
                "errors": form.errors if form is wrong else {},
            }
        )
    context = {"page": page, "registrations": shown, **tabs}
    return render(request, "desk/registrations.html", context)


def _tabs(request: HttpRequest, on: str) -> dict[str, Any]:
    found = registering.counts(request.user)
    tabs = [
        {"label": label, "url": f"?tab={key}", "count": found.get(key), "on": key == on}
        for key, label in registering.TABS
    ]
    return {"tabs": tabs, "tab": on, "waiting": found[registering.WAITING], "confirmed": found["confirmed"]}


def _form(registration: Registration) -> ConfirmForm:
    return ConfirmForm(registration=registration, label_suffix="", prefix=f"r{registration.pk}")


@require_POST
@staff_page(Power.CONFIRM_REGISTRATION)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """From the list, or from the page of one: there the refusal is read above the form."""
    registration = _registration(request, pk)
    form = ConfirmForm(request.POST, registration=registration, label_suffix="", prefix=f"r{pk}")
    if went_through(form, partial(registry.confirm, registration, by=request.user)):
        messages.success(request, f"{registration.volunteer} 已编入{registration.grid}。")
        return redirect("desk:registrations")
    if not registering.heap(request.user, registering.WAITING).filter(pk=pk).exists():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("desk:registrations")
    return _waiting_page(request, wrong=form, pk=pk)


# Who is registered, and who left


def _register_page(request: HttpRequest, tab: str) -> HttpResponse:
    rows = registering.found_by(registering.heap(request.user, tab), request.GET)
    if tab == registering.CONFIRMED:
        rows = registering.with_hours(rows)
    page = Paginator(rows, registering.PAGE).get_page(request.GET.get("page"))
    seats = {row.community_id for row in page.object_list} or set(
        registering.in_sight(request.user).values_list("community", flat=True).order_by().distinct()[:5]
    )
    grids = [(grid.pk, grid.name) for each in registering.grids_of(seats).values() for grid in each]
    query = {name: request.GET.get(name, "") for name in ("q", "grid", "kind")}
    filters = [
        {"name": "grid", "label": "网格", "value": query["grid"], "choices": grids},
        {"name": "kind", "label": "类别", "value": query["kind"], "choices": VolunteerKind.choices},
    ]
    context = {"page": page, "q": query["q"], "filters": filters, "is_filtered": any(query.values())}
    context["clear_url"] = f"?tab={tab}"
    return render(request, "desk/registered.html", {**context, **_tabs(request, tab)})


# One of them


@require_GET
@staff_page(Power.CONFIRM_REGISTRATION)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _registration(request, pk))


@require_http_methods(["GET", "POST"])
@staff_page(Power.CONFIRM_REGISTRATION)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Not take somebody, change his grid, or end his registration; he is told."""
    row = _registration(request, pk)
    if name not in _STEPS:
        raise Http404
    if request.method == "GET":
        return redirect("desk:registration", pk=pk)
    form = _forms(row, request.POST, name)[name]
    if not form.is_valid():
        return _page(request, row, {name: form})
    verb, said = _STEPS[name]
    try:
        verb(row, by=request.user, **form.cleaned_data)
    except RuleViolation as violation:
        if violation.field is None:  # somebody was quicker: the form is gone with the step
            messages.error(request, violation.sentence)
            return redirect("desk:registration", pk=pk)
        violation.add_to(form)
        return _page(request, _registration(request, pk), {name: form})
    messages.success(request, said.format(who=row.volunteer, grid=row.grid))
    return redirect("desk:registration", pk=pk)


_STEPS: dict[str, tuple[Any, str]] = {
    "decline": (registry.decline, "没有接收 {who}，已告诉他原因。"),
    "regrid": (registry.regrid, "{who} 已改到{grid}，已告诉他。"),
    "end": (registry.end, "{who} 的报到已结束，已告诉他原因。"),
}


def _forms(row: Registration, data: Any = None, name: str = "") -> dict[str, Any]:
    """One form for each step; `data` is what was sent for the step of that name."""
    return {
        "confirm": _form(row),
        "decline": BecauseForm(data if name == "decline" else None, label_suffix="", prefix="decline"),
        "regrid": RegridForm(
            data if name == "regrid" else None, registration=row, label_suffix="", prefix="regrid"
        ),
        "end": BecauseForm(data if name == "end" else None, label_suffix="", prefix="end"),
    }


def _page(request: HttpRequest, row: Registration, wrong: dict[str, Any] | None = None) -> HttpResponse:
    shown = registering.shown(request.user, row)
    forms = {**_forms(row), **(wrong or {})}
    open_to = {name: forms[name] for name in shown.offers if name in forms}
    context = {"registration": row, "shown": shown, "forms": open_to, "wrong": list(wrong or {})}
    return render(request, "desk/registration.html", context)


def _registration(request: HttpRequest, pk: int) -> Registration:
    rows = registering.in_sight(request.user).select_related(
        "community",
        "grid",
        "volunteer__user",
        "volunteer__member__unit",
        "volunteer__member__home__building",
        "volunteer__member__home__compound",
    )
    return get_object_or_404(rows.defer("volunteer__member__phone", "grid__boundary"), pk=pk)

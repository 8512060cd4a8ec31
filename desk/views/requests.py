"""One request on the desk: its panel, its steps, the phone number behind a reason; and 代点."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.sessions import SignedInRequest
from desk import panel
from desk.access import SIGHT
from desk.forms import FileForm, RevealForm
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from requests import contacts, photos, workflow
from requests.forms import FORMS, StepForm
from requests.models import ServiceRequest
from requests.tables import REQUESTS


@require_GET
@staff_page(*SIGHT)
def show(request: HttpRequest, number: str) -> HttpResponse:
    """A page of its own, or the inside of the side panel for htmx."""
    return _answer(request, panel.request_in_sight(request.user, number))


@require_http_methods(["GET", "POST"])
@staff_page(*SIGHT)
def step(request: SignedInRequest, number: str, name: str) -> HttpResponse:
    """GET shows the step's form inside the panel, POST takes it. The whistle is written on its own page."""
    service_request = panel.request_in_sight(request.user, number)
    if name == "whistle" and name in panel.STEPS:
        url = f"{reverse('desk:whistle_new')}?request={number}"
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]
    if name not in panel.STEPS:
        raise Http404
    _refuse_without_power(request, service_request, name)
    if request.method == "GET":
        form = FORMS[name](service_request=service_request, viewer=request.user)
        return _answer(request, service_request, **_form(form, name))
    form = FORMS[name](request.POST, service_request=service_request, viewer=request.user)
    if form.is_valid():
        try:
            taken = workflow.take_step(
                name,
                service_request,
                by=request.user,
                cleaned_data=form.cleaned_data,
                files=request.FILES.getlist("photos"),
            )
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            said = f"{REQUESTS.steps[name].label}：{service_request.title}"
            return _done(request, number, said, taken.troubles)
    return _answer(request, service_request, **_form(form, name))


def _refuse_without_power(request: HttpRequest, service_request: ServiceRequest, name: str) -> None:
    """Before a form is shown: 403 without the power. What only the state forbids the verb says in words."""
    if not REQUESTS.steps[name].power(request.user, service_request):
        raise NoPower()


def _form(form: StepForm, name: str) -> dict[str, Any]:
    return {"form": form, "step": REQUESTS.steps[name]}


@require_http_methods(["POST"])
@staff_page(*SIGHT)
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """看号码: with a reason, in the access log; shown this once."""
    service_request = panel.request_in_sight(request.user, number)
    form = RevealForm(request.POST)
    shown = ""
    if form.is_valid():
        try:
            shown = contacts.reveal_phone(
                service_request, by=request.user, reason=form.cleaned_data["reason"]
            )
        except RuleViolation as violation:
            violation.add_to(form)
    response = _answer(request, service_request, reveal_form=form, phone=shown)
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest, service_request: ServiceRequest, **more: Any) -> HttpResponse:
    more.setdefault("reveal_form", RevealForm())
    context = panel.context_of(request.user, service_request, **more)
    return render(request, "desk/_panel.html" if _in_panel(request) else "desk/request.html", context)


def _in_panel(request: HttpRequest) -> bool:
    return bool(request.htmx or request.GET.get("panel"))  # type: ignore[attr-defined]


def _done(request: HttpRequest, number: str, said: str, troubles: list[str]) -> HttpResponse:
    """htmx gets the panel anew, a toast, and word that the list has changed; others are sent to the page."""
    if not _in_panel(request):
        messages.success(request, said)
        for trouble in troubles:
            messages.warning(request, trouble)
        return redirect("desk:request", number=number)
    response = _answer(request, panel.request_in_sight(request.user, number))
    text, level = ("；".join([said, *troubles]), "warning" if troubles else "success")
    trigger_client_event(response, "toast", {"text": text, "level": level})
    return trigger_client_event(response, "worklist", {})


@require_http_methods(["GET", "POST"])
@staff_page(Power.HANDLE)
def file_for(request: SignedInRequest) -> HttpResponse:
    """代点: staff file for a resident, found or created by the phone number."""
    form = FileForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        prepared = photos.prepare(request.FILES.getlist("photos"))
        try:
            filed = workflow.submit(by=request.user, photos=prepared.pictures, **form.arguments())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已代点：{filed.number} {filed.title}")
            for trouble in prepared.troubles:
                messages.warning(request, trouble)
            return redirect("desk:request", number=filed.number)
    return render(request, "desk/file.html", {"form": form})

"""One request on the desk: its panel, its steps, the phone number behind a reason; and 代点."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from accounts.sessions import SignedInRequest
from desk import helping, panel
from desk.access import SIGHT
from desk.forms import FileForm, RevealForm
from desk.offers import consequence_of, is_taken_here
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.posts import Power
from requests import contacts, photos, powers, receipts, workflow
from requests.forms import FORMS, StepForm
from requests.models import ServiceRequest
from requests.replies import FIELDS, Reply, replies_for, with_reply
from requests.tables import REQUESTS
from requests.views.pictures import LOST


@require_GET
@staff_page(*SIGHT)
def show(request: HttpRequest, number: str) -> HttpResponse:
    """A page of its own, or the inside of the side panel for htmx."""
    return _answer(request, panel.request_in_sight(request.user, number))


@require_GET
@staff_page(*SIGHT)
def history(request: HttpRequest, number: str) -> HttpResponse:
    """进度 alone: the side panel fetches it after what has to be done is on the screen."""
    service_request = panel.request_in_sight(request.user, number)
    if not _in_panel(request):
        return redirect("desk:request", number=number)
    context = {"service_request": service_request, **panel.history_of(request.user, service_request)}
    return render(request, "desk/_history.html", context)


@require_GET
@staff_page(*SIGHT)
def helpers(request: HttpRequest, number: str) -> HttpResponse:
    """能接的人: a piece of the panel, or a page of its own without JavaScript."""
    service_request = panel.request_in_sight(request.user, number)
    if not panel.sees_helpers(request.user, service_request):
        raise NoPower()
    context = {
        "service_request": service_request,
        "helpers": helping.helpers_for(service_request),
        "can_whistle": powers.can_whistle(request.user, service_request)
        and REQUESTS.is_open("whistle", request.user, service_request),
    }
    return render(request, "desk/_helpers.html" if _in_panel(request) else "desk/helpers.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(*SIGHT)
def step(request: SignedInRequest, number: str, name: str) -> HttpResponse:
    """GET shows the step's form inside the panel, POST takes it. The whistle is written on its own page."""
    service_request = panel.request_in_sight(request.user, number)
    if not is_taken_here(name, service_request):
        raise Http404
    if name == "whistle":
        url = f"{reverse('desk:whistle_new')}?request={number}"
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]
    _refuse_without_power(request, service_request, name)
    replies = replies_for(service_request, name, request.user)
    if request.method == "GET":
        form = FORMS[name](
            initial=_prefilled(request, name), service_request=service_request, viewer=request.user
        )
        return _answer(request, service_request, **_form(form, name, service_request, replies))
    data = with_reply(request.POST, name, replies)
    form = FORMS[name](data, service_request=service_request, viewer=request.user)
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
    return _answer(request, service_request, **_form(form, name, service_request, replies))


def _refuse_without_power(request: HttpRequest, service_request: ServiceRequest, name: str) -> None:
    """Before a form is shown: 403 without the power. What only the state forbids the verb says in words."""
    if not REQUESTS.steps[name].power(request.user, service_request):
        raise NoPower()


def _prefilled(request: HttpRequest, name: str) -> dict[str, str]:
    """What a link has filled in: the request with which another one is merged."""
    return {"target": request.GET["target"][:24]} if name == "merge" and request.GET.get("target") else {}


def _form(form: StepForm, name: str, service_request: ServiceRequest, replies: list[Reply]) -> dict[str, Any]:
    step = REQUESTS.steps[name]
    pending = panel.pending_of(service_request)
    return {
        "form": form,
        "step": step,
        "consequence": "" if step.needs_input else consequence_of(name, service_request, pending),
        "replies": replies,
        "reply_field": FIELDS.get(name, ""),
    }


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
    in_panel = _in_panel(request)
    context = panel.context_of(request.user, service_request, with_history=not in_panel, **more)
    return render(request, "desk/_panel.html" if in_panel else "desk/request.html", context)


def _in_panel(request: HttpRequest) -> bool:
    return bool(request.htmx or request.GET.get("panel"))  # type: ignore[attr-defined]


def _done(request: HttpRequest, number: str, said: str, troubles: list[str]) -> HttpResponse:
    """Others are sent to the page; htmx gets a toast, and word that the list and the panel have changed.

    The panel fetches itself anew, so that the step is not held up by what the page shows around it.
    """
    if not _in_panel(request):
        messages.success(request, said)
        for trouble in troubles:
            messages.warning(request, trouble)
        return redirect("desk:request", number=number)
    response = reswap(HttpResponse(status=200), "none")
    text, level = ("；".join([said, *troubles]), "warning" if troubles else "success")
    trigger_client_event(response, "toast", {"text": text, "level": level})
    trigger_client_event(response, "panel", {})
    return trigger_client_event(response, "worklist", {})


@require_http_methods(["GET", "POST"])
@staff_page(Power.HANDLE)
def file_for(request: SignedInRequest) -> HttpResponse:
    """代点: staff file for a resident, found or created by the phone number, or for one who has none."""
    form = FileForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        prepared = photos.prepare(request.FILES.getlist("photos"))
        try:
            filed = workflow.submit(by=request.user, photos=prepared.pictures, **form.arguments())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            for trouble in prepared.troubles:
                messages.warning(request, trouble)
            if receipts.may_print(request.user, filed):
                return redirect(f"{reverse('requests:receipt', args=[filed.number])}?filed=1")
            messages.success(request, f"已代点：{filed.number} {filed.title}")
            return redirect("desk:request", number=filed.number)
    photo_errors = [LOST] if request.FILES else []
    return render(request, "desk/file.html", {"form": form, "photo_errors": photo_errors})

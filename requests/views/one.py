"""One request on the phone: how far it is, who has it in hand, what happened; and the steps of whoever asked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.sessions import SignedInRequest
from ground.errors import NoPower, RuleViolation
from ground.steps import Offer
from requests import contacts, guards, invitations, powers, presenting, timeline, workflow
from requests.forms import FORMS, StepForm
from requests.models import ServiceRequest
from requests.states import State
from requests.tables import REQUESTS
from requests.views.pictures import lost_with, say_troubles

#: The steps of whoever asked, in the order of their buttons.
OWN = ("answer", "object", "rate", "reopen", "add", "urge", "withdraw")
#: Where these are closed for good, the page says where else one may turn.
_WAYS_BACK = ("reopen", "object")
_THANKS = {
    "add": "补充已送到承办人。",
    "answer": "回答已送到，接着办。",
    "rate": "谢谢你的评价，这一单办结了。",
    "urge": "已催办，会提醒承办人。",
    "reopen": "已要求重办，进展会发消息给你。",
    "object": "申诉已送到上一级，由他们重新核实。",
    "withdraw": "已撤回。",
}


def _in_sight(request: SignedInRequest, number: str) -> ServiceRequest:
    rows = ServiceRequest.objects.whole().select_related(
        "community", "street", "district", "supervised_by", "whole", "merged_into__handler", "cause"
    )
    lean = rows.defer("grid__boundary", "submitter__phone", "responsible__phone")
    return get_object_or_404(lean.visible_to(request.user), number=number)


@login_required
@require_GET
def detail(request: SignedInRequest, number: str) -> HttpResponse:
    """How far it is, who has it in hand, what happened. Staff are led to their own page of it."""
    service_request = _in_sight(request, number)
    if not powers.is_submitter(request.user, service_request):
        return redirect("desk:request", number)
    if service_request.whole is not None:
        return redirect("requests:detail", service_request.whole.number)
    return render(request, "requests/detail.html", _page_of(request, service_request))


def _page_of(request: SignedInRequest, service_request: ServiceRequest) -> dict[str, Any]:
    offers = _own_offers(request, service_request)
    open_steps = [offer.step for offer in offers if not offer.why_not]
    events = timeline.entries_of(service_request, request.user)
    return {
        "tab": "requests",
        "back": reverse("requests:mine"),
        "service_request": service_request,
        "chip": presenting.chip_of(service_request),
        "marks": presenting.marks_of(service_request),
        "steps": presenting.step_bar(service_request),
        "buttons": presenting.buttons(open_steps, service_request, "requests:step"),
        "closed_door": (closed_door := _closed_door(offers)),
        "until": None if closed_door else presenting.until_of(service_request),
        "urged": next((offer.why_not for offer in offers if offer.step.name == "urge"), ""),
        "keeper": contacts.keeper_of(service_request) if service_request.is_open else None,
        "promise": presenting.promise_of(service_request),
        "final": presenting.final_promise(service_request),
        "paused_until": presenting.pause_of(service_request),
        "question": _question(events) if service_request.state == State.ASKED else "",
        "main_matter": presenting.main_matter(service_request),
        "parts": _parts_of(service_request, events),
        "events": events,
        "invitations": invitations.invitations_of(service_request, request.user),
        "is_filed": "filed" in request.GET,
    }


def _own_offers(request: SignedInRequest, service_request: ServiceRequest) -> list[Offer]:
    offers = REQUESTS.offers(request.user, service_request, OWN)
    return sorted(offers, key=lambda offer: OWN.index(offer.step.name))


def _closed_door(offers: list[Offer]) -> dict[str, Any] | None:
    """Why it cannot be reopened or objected to, with what is left to do."""
    for offer in offers:
        if offer.step.name in _WAYS_BACK and offer.why_not:
            may_ask_anew = offer.why_not.endswith("再点一单。")
            return {"label": offer.step.label, "text": offer.why_not, "may_ask_anew": may_ask_anew}
    return None


def _question(events: list[timeline.Entry]) -> str:
    """What was asked back last."""
    return next((entry.text for entry in events if entry.step == "ask"), "")


def _parts_of(service_request: ServiceRequest, events: list[timeline.Entry]) -> list[dict[str, Any]]:
    """Into what it was split, with how far each is. A query only for those that were split."""
    if not any(entry.step == "split" for entry in events):
        return []
    rows = service_request.parts.order_by("pk")
    return [{"title": part.title, **presenting.chip_of(part)} for part in rows]


@login_required
@require_http_methods(["GET", "POST"])
def step(request: SignedInRequest, number: str, step: str) -> HttpResponse:
    """The form of one step, and taking it. What is not open now is refused with the rule's sentence."""
    service_request = _in_sight(request, number)
    if step not in FORMS:
        raise Http404
    if not powers.is_submitter(request.user, service_request):
        return redirect("desk:step", number, step)
    if service_request.whole is not None:
        return redirect("requests:detail", service_request.whole.number)
    if request.method == "POST" and step not in OWN:
        raise NoPower()  # before a form of the staff, with its people and units, is drawn
    given = request.POST if request.method == "POST" else None
    form = FORMS[step](given, service_request=service_request, viewer=request.user)
    if request.method == "POST" and form.is_valid() and _take(request, service_request, step, form):
        return redirect("requests:detail", number)
    if request.method == "GET" and (why_not := _why_not(request, service_request, step)):
        messages.warning(request, why_not)
        return redirect("requests:detail", number)
    return _step_page(request, service_request, step, form)


def _why_not(request: SignedInRequest, service_request: ServiceRequest, name: str) -> str:
    """Why the step is closed, in the words of its guard or of the present state; "" when it is open."""
    for offer in REQUESTS.offers(request.user, service_request, (name,)):
        return offer.why_not
    return f"现在是“{service_request.get_state_display()}”，不能{REQUESTS.steps[name].label}。"


def _take(request: SignedInRequest, service_request: ServiceRequest, name: str, form: StepForm) -> bool:
    uploads = request.FILES.getlist("photos")
    try:
        taken = workflow.take_step(
            name, service_request, by=request.user, cleaned_data=form.cleaned_data, files=uploads
        )
    except RuleViolation as refusal:
        refusal.add_to(form)
        return False
    say_troubles(request, taken.troubles)
    messages.success(request, _THANKS.get(name, "已收到。"))
    return True


def _step_page(
    request: SignedInRequest, service_request: ServiceRequest, name: str, form: StepForm
) -> HttpResponse:
    context = {
        "tab": "requests",
        "back": reverse("requests:detail", args=[service_request.number]),
        "service_request": service_request,
        "step": REQUESTS.steps[name],
        "form": form,
        "question": _asked(service_request) if name == "answer" else "",
        "photo_errors": lost_with(request),
        "can_reopen": name == "rate" and not guards.cannot_be_reopened(service_request),
    }
    template = "requests/rate.html" if name == "rate" else "requests/step.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _asked(service_request: ServiceRequest) -> str:
    """The question that is to be answered."""
    last = service_request.events.filter(step="ask").select_related("note").last()
    return str(last.note) if last is not None and hasattr(last, "note") else ""

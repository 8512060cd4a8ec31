"""The pages of whoever asked, on the phone: ask, mine, one request, its steps, its photos."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.sessions import SignedInRequest
from ground.errors import RuleViolation
from requests import contacts, photos, placing, presenting, timeline, workflow
from requests.asking import AskForm
from requests.forms import FORMS, StepForm
from requests.models import Category, Photo, ServiceRequest
from requests.states import OPEN, State
from requests.tables import REQUESTS

PER_PAGE = 20
#: The filters of one's own list: name in the URL, label, states.
GROUPS: dict[str, tuple[str, tuple[State, ...]]] = {
    "open": ("在办", OPEN),
    "rate": ("待评价", (State.RESOLVED,)),
    "ended": ("已结束", (State.CLOSED, State.DECLINED, State.WITHDRAWN)),
}


def _in_sight(request: SignedInRequest, number: str) -> ServiceRequest:
    return get_object_or_404(ServiceRequest.objects.whole().visible_to(request.user), number=number)


# Mine


@login_required
@require_GET
def mine(request: SignedInRequest) -> HttpResponse:
    """My requests, those that wait for me or for the community first."""
    rows = ServiceRequest.objects.whole().own(request.user)
    group = request.GET.get("state", "")
    shown = rows.filter(state__in=GROUPS[group][1]) if group in GROUPS else rows
    page = Paginator(_waiting_first(shown), PER_PAGE).get_page(request.GET.get("page"))
    counts = _counts(request.user)
    tabs = [{"label": "全部", "url": reverse("requests:mine"), "on": group not in GROUPS}]
    for name, (label, _) in GROUPS.items():
        url = f"{reverse('requests:mine')}?state={name}"
        tabs.append({"label": label, "url": url, "on": name == group, "count": counts[name] or None})
    context = {
        "tab": "requests",
        "cards": [presenting.card_of(each) for each in page],
        "page": page,
        "filters": tabs,
        "open_count": counts["open"],
        "to_rate": counts["rate"],
        "group": group,
    }
    return render(request, "requests/mine.html", context)


def _waiting_first(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    rank = Case(
        When(state=State.RESOLVED, then=Value(0)),
        When(state__in=OPEN, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.order_by(rank, "-submitted_at", "-id")


def _counts(user: User) -> dict[str, int]:
    """How many of mine are in each group; one query. Ended ones are not counted: nothing waits there."""
    states = list(
        ServiceRequest.objects.own(user)
        .filter(state__in=[*OPEN, State.RESOLVED])
        .values_list("state", flat=True)
    )
    return {"open": sum(state in OPEN for state in states), "rate": states.count(State.RESOLVED), "ended": 0}


# Ask


@login_required
@require_http_methods(["GET", "POST"])
def ask(request: SignedInRequest) -> HttpResponse:
    """我要点单: category, words, place, photos, all on one page; `find` searches for a place and files nothing."""
    if request.method == "GET":
        wanted = {name: request.GET[name] for name in ("b", "category", "place") if request.GET.get(name)}
        return _ask_page(request, AskForm(initial=wanted, viewer=request.user))
    form = AskForm(request.POST, viewer=request.user)
    if "find" in request.POST:
        return _ask_page(request, form, is_searching=True)
    if not form.is_valid():
        return _ask_page(request, form)
    prepared = photos.prepare(request.FILES.getlist("photos"))
    try:
        filed = workflow.submit(by=request.user, photos=prepared.pictures, **form.submission())
    except RuleViolation as refusal:
        refusal.add_to(form)
        return _ask_page(request, form)
    _say_troubles(request, prepared.troubles)
    if filed.text != form.cleaned_data["text"].strip():
        messages.warning(request, f"这张表已经提交过（{filed.number}）。要点新的一单，请从“我要点单”进入。")
    return redirect(f"{reverse('requests:detail', args=[filed.number])}?filed=1")


def _ask_page(request: SignedInRequest, form: AskForm, *, is_searching: bool = False) -> HttpResponse:
    place = form["place"].value() or ""
    building = form.building()
    context = {
        "tab": "requests",
        "form": form,
        "categories": Category.objects.filter(is_open=True),
        "category": form["category"].value(),
        "scanned": building,
        "choices": form.choices(),
        "place": place or (f"b:{building.pk}" if building else ""),
        "is_searching": is_searching,
        "errors": {} if is_searching else form.errors,
    }
    status = 200 if is_searching or not form.errors else 422
    return render(request, "requests/ask.html", context, status=status)


@login_required
@require_GET
def places(request: SignedInRequest) -> HttpResponse:
    """The places that match what was typed: a piece of the form, fetched while typing.

    A place that was picked already stays on the list, whatever is typed afterwards.
    """
    sought, picked = request.GET.get("q", ""), request.GET.get("place", "")
    choices = placing.search(sought) if sought.strip() else placing.recent(request.user)
    if picked not in {choice.value for choice in choices} and (place := placing.chosen(picked)):
        choices = [placing.choice_of(place), *choices]
    return render(request, "requests/_places.html", {"choices": choices, "q": sought, "place": picked})


# One request


@login_required
@require_GET
def detail(request: SignedInRequest, number: str) -> HttpResponse:
    """How far it is, who has it in hand, what happened. Staff are led to their own page of it."""
    service_request = _in_sight(request, number)
    if service_request.submitter_id != request.user.pk:
        return redirect("desk:request", number)
    steps = REQUESTS.steps_open_to(request.user, service_request)
    own = [step for step in steps if step.name in ("rate", "add", "withdraw")]
    context = {
        "tab": "requests",
        "back": reverse("requests:mine"),
        "service_request": service_request,
        "chip": presenting.chip_of(service_request),
        "steps": presenting.step_bar(service_request),
        "buttons": presenting.buttons(own, service_request, "requests:step"),
        "keeper": contacts.keeper_of(service_request) if service_request.is_open else None,
        "promise": presenting.promise_of(service_request),
        "events": timeline.entries_of(service_request, request.user),
        "is_filed": "filed" in request.GET,
    }
    return render(request, "requests/detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def step(request: SignedInRequest, number: str, step: str) -> HttpResponse:
    """The form of one step, and taking it. What is not open now is refused with the rule's sentence."""
    service_request = _in_sight(request, number)
    if step not in FORMS:
        raise Http404
    if service_request.submitter_id != request.user.pk:
        return redirect("desk:step", number, step)
    form = FORMS[step](
        request.POST if request.method == "POST" else None,
        service_request=service_request,
        viewer=request.user,
    )
    if request.method == "POST" and form.is_valid() and _take(request, service_request, step, form):
        return redirect("requests:detail", number)
    if request.method == "GET" and not REQUESTS.is_open(step, request.user, service_request):
        label = REQUESTS.steps[step].label
        messages.warning(request, f"现在是“{service_request.get_state_display()}”，不能{label}。")
        return redirect("requests:detail", number)
    return _step_page(request, service_request, step, form)


def _take(request: SignedInRequest, service_request: ServiceRequest, name: str, form: StepForm) -> bool:
    uploads = request.FILES.getlist("photos")
    try:
        taken = workflow.take_step(
            name, service_request, by=request.user, cleaned_data=form.cleaned_data, files=uploads
        )
    except RuleViolation as refusal:
        refusal.add_to(form)
        return False
    _say_troubles(request, taken.troubles)
    messages.success(request, _THANKS.get(name, "已收到。"))
    return True


_THANKS = {
    "add": "补充已送到社区。",
    "rate": "谢谢你的评价，这一单办结了。",
    "withdraw": "已撤回。",
}


def _step_page(
    request: SignedInRequest, service_request: ServiceRequest, name: str, form: StepForm
) -> HttpResponse:
    context = {
        "tab": "requests",
        "back": reverse("requests:detail", args=[service_request.number]),
        "service_request": service_request,
        "step": REQUESTS.steps[name],
        "form": form,
    }
    template = "requests/rate.html" if name == "rate" else "requests/step.html"
    return render(request, template, context, status=422 if form.errors else 200)


# Photos


@login_required
@require_GET
def photo(request: SignedInRequest, number: str, photo: uuid.UUID) -> FileResponse:
    return photo_response(request.user, number, photo, request.GET.get("size", ""))


def photo_response(user: Any, number: str, photo: uuid.UUID, size: str) -> FileResponse:
    """A picture of a request in sight, else 404; size "small" is the thumbnail. Kept by the browser alone."""
    found = get_object_or_404(
        Photo.objects.filter(service_request__in=ServiceRequest.objects.visible_to(user)),
        pk=photo,
        service_request__number=number,
    )
    picture = found.thumbnail if size == "small" else found.image
    try:
        response = FileResponse(picture.open("rb"), content_type="image/jpeg")
    except FileNotFoundError:  # the row outlived its file, as after a restored backup
        raise Http404 from None
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'inline; filename="{number}.jpg"'
    return response


def _say_troubles(request: SignedInRequest, troubles: list[str]) -> None:
    for sentence in troubles:
        messages.warning(request, sentence)

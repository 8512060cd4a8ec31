"""哨单 on the desk: the list, a new one, and one with everybody who is on it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from desk import whistling
from desk.access import WHISTLE_SIGHT, whistles_for_a_community
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from requests.models import ServiceRequest
from requests.tables import REQUESTS
from volunteers import whistles
from volunteers.forms.whistles import ReasonForm, WhistleForm
from volunteers.models import Whistle
from volunteers.states import LIVE, WhistleState

TABS = (
    ("open", "招募中", (WhistleState.OPEN,)),
    ("running", "进行中", (WhistleState.RUNNING,)),
    ("draft", "草稿", (WhistleState.DRAFT,)),
    ("ended", "已结束", (WhistleState.DONE, WhistleState.CANCELLED)),
)


@require_GET
@staff_page(*WHISTLE_SIGHT)
def index(request: HttpRequest) -> HttpResponse:
    """The whistles of the communities in sight, by what is to be done about them."""
    user, words = request.user, request.GET.get("q", "").strip()[:60]
    in_sight = Whistle.objects.in_sight_of_staff(user)
    found = whistling.counts(in_sight, {key: states for key, _, states in TABS})
    key = request.GET.get("tab")
    if key not in {tab[0] for tab in TABS}:
        key = next((tab[0] for tab in TABS if found[tab[0]]), "open")
    states = next(tab[2] for tab in TABS if tab[0] == key)
    page = whistling.page_of(in_sight.filter(state__in=states), words, key, request.GET.get("page"))
    return render(
        request,
        "desk/whistles.html",
        {
            "headline": whistling.headline(found),
            "page": page,
            "tab": key,
            "tabs": [
                {
                    "label": label,
                    "url": f"?tab={name}",
                    "count": None if name == "ended" else found[name],
                    "on": name == key,
                }
                for name, label, _ in TABS
            ],
            "q": words,
            "can_whistle": whistles_for_a_community(user),
        },
    )


@require_http_methods(["GET", "POST"])
@staff_page(Power.WHISTLE)
def new(request: HttpRequest) -> HttpResponse:
    """吹哨 for a request (its place, grid and duty area filled in), or the community's own."""
    service_request = _request_of(request)
    community = _community_of(request, service_request)
    form = WhistleForm(
        request.POST or None,
        community=community,
        service_request=service_request,
        initial={"key": uuid.uuid4()},
        label_suffix="",
    )
    if request.method == "POST" and form.is_valid():
        try:
            with (
                transaction.atomic()
            ):  # refused publishing leaves no draft behind that the key would bring back
                whistle = whistles.draft(by=request.user, **form.arguments())
                if "publish" in request.POST and whistle.state == WhistleState.DRAFT:
                    whistles.publish(whistle, by=request.user)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"{_said(whistle)}：{whistle.title}")
            return redirect("desk:whistle", pk=whistle.pk)
    return render(
        request,
        "desk/whistle_new.html",
        {"form": form, "community": community, "service_request": service_request},
    )


def _said(whistle: Whistle) -> str:
    return "已存为草稿" if whistle.state == WhistleState.DRAFT else "已吹哨"


def _request_of(request: HttpRequest) -> ServiceRequest | None:
    number = request.GET.get("request", "")
    if not number:
        return None
    rows = ServiceRequest.objects.in_sight_of_staff(request.user).select_related(
        "category", "grid", "building", "handler", "community"
    )
    service_request = get_object_or_404(rows, number=number)
    if not REQUESTS.steps["whistle"].power(request.user, service_request):
        raise NoPower()
    return service_request


def _community_of(request: HttpRequest, service_request: ServiceRequest | None) -> Organization:
    if service_request is not None and service_request.community is not None:
        return service_request.community
    seats = scope_of(request.user).seats(Power.WHISTLE)
    community = Organization.objects.open().filter(pk__in=seats, tier=Tier.COMMUNITY).first()
    if community is None:
        raise Http404
    return community


@require_GET
@staff_page(*WHISTLE_SIGHT)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _whistle(request, pk))


@require_http_methods(["GET", "POST"])
@staff_page(Power.WHISTLE)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Publish, or cancel with a reason that the claimants read."""
    whistle = _whistle(request, pk)
    if name not in ("publish", "cancel"):
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "GET":
        return _page(request, whistle, form=form) if name == "cancel" else redirect("desk:whistle", pk=pk)
    try:
        if name == "publish":
            whistles.publish(whistle, by=request.user)
            messages.success(request, f"已吹哨：{whistle.title}")
        elif form.is_valid():
            is_claimed = whistle.claims.filter(state__in=LIVE).exists()
            whistles.cancel(whistle, by=request.user, reason=form.cleaned_data["reason"])
            told = "，接单的同志会收到通知" if is_claimed else ""
            messages.success(request, f"已取消：{whistle.title}{told}。")
        else:
            return _page(request, whistle, form=form)
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
    return redirect("desk:whistle", pk=pk)


def _whistle(request: HttpRequest, pk: int) -> Whistle:
    rows = Whistle.objects.in_sight_of_staff(request.user).select_related(
        "community", "grid", "created_by", "service_request__handler", "service_request__category"
    )
    return get_object_or_404(rows.with_places_taken(), pk=pk)


def _page(request: HttpRequest, whistle: Whistle, form: ReasonForm | None = None) -> HttpResponse:
    context = whistling.context_of(request.user, whistle)
    return render(request, "desk/whistle.html", {**context, "cancel_form": form})

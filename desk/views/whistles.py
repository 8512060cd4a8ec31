"""哨单 on the desk: the list, a new one, a draft to be changed, and one with everybody who is on it."""

from __future__ import annotations

import uuid
from typing import Any

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
from volunteers.forms.whistles import WhistleForm
from volunteers.models import Whistle, WhistleTemplate
from volunteers.states import WhistleState
from volunteers.tables import WHISTLES
from volunteers.whistling import usual, whistles

TABS = (
    ("open", "招募中", (WhistleState.OPEN,)),
    ("running", "进行中", (WhistleState.RUNNING,)),
    ("draft", "草稿", (WhistleState.DRAFT,)),
    ("ended", "已结束", (WhistleState.DONE, WhistleState.CANCELLED)),
)


@require_GET
@staff_page(*WHISTLE_SIGHT)
def index(request: HttpRequest) -> HttpResponse:
    """The whistles of the communities in sight, by what is to be done about them. Filters stay in the URL."""
    user, words = request.user, request.GET.get("q", "").strip()[:60]
    filters = whistling.filters_of(request.GET)
    in_sight = whistling.narrowed(Whistle.objects.in_sight_of_staff(user), filters, words)
    found = whistling.counts(in_sight, {key: states for key, _, states in TABS})
    key = request.GET.get("tab")
    if key not in {tab[0] for tab in TABS}:
        key = next((tab[0] for tab in TABS if found[tab[0]]), "open")
    states = next(tab[2] for tab in TABS if tab[0] == key)
    context = {
        "headline": whistling.headline(found),
        "page": whistling.page_of(in_sight.filter(state__in=states), key, request.GET.get("page")),
        "tab": key,
        "tabs": [_tab(request, name, label, found[name], on=name == key) for name, label, _ in TABS],
        "q": words,
        "filters": filters,
        "keep": {"tab": key},
        "is_filtered": bool(words) or any(each["value"] for each in filters),
        "can_whistle": whistles_for_a_community(user),
    }
    return render(request, "desk/whistles.html", context)


def _tab(request: HttpRequest, name: str, label: str, count: int, *, on: bool) -> dict[str, Any]:
    asked = request.GET.copy()
    asked.pop("page", None)
    asked["tab"] = name
    return {
        "label": label,
        "url": f"?{asked.urlencode()}",
        "count": None if name == "ended" else count,
        "on": on,
    }


@require_http_methods(["GET", "POST"])
@staff_page(Power.WHISTLE)
def new(request: HttpRequest) -> HttpResponse:
    """吹哨 for a request (its place, grid and duty area filled in), or the community's own; with a template its
    words are filled in.
    """
    service_request = _request_of(request)
    community = _community_of(request, service_request)
    templates = list(WhistleTemplate.objects.usable_by(request.user).prefetch_related("skills"))
    chosen = next((row for row in templates if str(row.pk) == request.GET.get("template")), None)
    form = WhistleForm(
        request.POST or None,
        community=community,
        service_request=service_request,
        initial={**(usual.values_of(chosen) if chosen else {}), "key": uuid.uuid4()},
        label_suffix="",
    )
    if request.method == "POST" and form.is_valid():
        try:
            with (
                transaction.atomic()
            ):  # refused publishing leaves no draft behind that the key would bring back
                whistle = whistles.draft(by=request.user, **form.arguments())
                _publish_if_asked(request, whistle)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"{_said(whistle)}：{whistle.title}")
            return redirect("desk:whistle", pk=whistle.pk)
    context = {
        "form": form,
        "community": community,
        "service_request": service_request,
        "usual": templates,
        "chosen": chosen,
    }
    return render(request, "desk/whistle_new.html", context)


def _publish_if_asked(request: HttpRequest, whistle: Whistle) -> None:
    if "publish" in request.POST and whistle.state == WhistleState.DRAFT:
        whistles.publish(whistle, by=request.user)


@require_http_methods(["GET", "POST"])
@staff_page(Power.WHISTLE)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """修改草稿: the same form with what stands in it; kept, or kept and published."""
    whistle = whistle_or_404(request, pk)
    if not WHISTLES.steps["edit"].power(request.user, whistle):
        raise NoPower()
    if whistle.state != WhistleState.DRAFT or whistle.community is None:
        messages.error(request, f"现在是“{whistle.get_state_display()}”，只有草稿可以修改。")
        return redirect("desk:whistle", pk=pk)
    form = WhistleForm(
        request.POST or None,
        community=whistle.community,
        service_request=whistle.service_request,
        whistle=whistle,
        label_suffix="",
    )
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                whistles.edit(whistle, by=request.user, **form.changes())
                _publish_if_asked(request, whistle)
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"{_said(whistle)}：{whistle.title}")
            return redirect("desk:whistle", pk=whistle.pk)
    context = {
        "form": form,
        "community": whistle.community,
        "service_request": whistle.service_request,
        "whistle": whistle,
    }
    return render(request, "desk/whistle_new.html", context)


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
    return page_of_one(request, whistle_or_404(request, pk))


def whistle_or_404(request: HttpRequest, pk: int) -> Whistle:
    """One in sight of the staff, with what its page shows beside it."""
    beside = ("community", "grid", "created_by", "leader", "team", "service_request")
    rows = Whistle.objects.in_sight_of_staff(request.user).select_related(
        *beside, "service_request__handler", "service_request__category", "service_request__grid",
        "service_request__building",
    )  # fmt: skip
    return get_object_or_404(rows.with_places_taken(), pk=pk)


def page_of_one(request: HttpRequest, whistle: Whistle, asks: dict[str, Any] | None = None) -> HttpResponse:
    """The page of one; `asks` is the form of a step with its words (see `desk.views.whistle_steps`)."""
    context = whistling.context_of(request.user, whistle)
    return render(request, "desk/whistle.html", {**context, "asks": asks})

"""待调剂: who has no community, for the district to place (S1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from ground.errors import RuleViolation
from organizations.guards import staff_page
from organizations.models import Member, Organization, Unit
from organizations.posts import Power
from organizations.scope import scope_of
from volunteers import powers
from volunteers.forms.registration import ChooseForm
from volunteers.joining import placing, registry
from volunteers.models import Registration
from volunteers.states import AWAITING

PAGE = 30
#: How many units the filter names.
UNITS = 300


def placing_page(view: Callable[..., HttpResponse]) -> Callable[..., Any]:
    """For the district and the city; everybody else finds nothing."""

    @wraps(view)
    @staff_page(Power.TREE_CHANGE)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not powers.places_people(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_GET
@placing_page
def index(request: HttpRequest) -> HttpResponse:
    """Members of the district without a community, why, and where they live."""
    left = placing.left_over(request.user)
    query = {name: request.GET.get(name, "").strip()[:40] for name in ("why", "q", "unit")}
    rows = placing.because(left, query["why"])
    if words := query["q"].replace("\0", " "):
        rows = rows.filter(name__icontains=words)
    if query["unit"].isdecimal() and len(query["unit"]) < 16:
        rows = rows.filter(unit=int(query["unit"]))
    page = Paginator(_shown(rows).order_by("id"), PAGE).get_page(request.GET.get("page"))
    total = page.paginator.count if not any(query.values()) else left.count()
    units = Unit.objects.filter(scope_of(request.user).rows(Power.TREE_CHANGE, columns=["district"]))
    choices = units.order_by("name").values_list("pk", "name")[:UNITS]
    context = {
        "page": page,
        "rows": [{"member": each, "home": _home(each)} for each in page.object_list],
        "total": total,
        "unlinked": placing.without_an_account(request.user),
        "q": query["q"],
        "filters": [
            {"name": "why", "label": "原因", "value": query["why"], "choices": placing.Why.CHOICES},
            {"name": "unit", "label": "单位", "value": query["unit"], "choices": choices},
        ],
        "is_filtered": any(query.values()),
    }  # fmt: skip
    return render(request, "desk/placing.html", context)


def _shown(rows: QuerySet[Member]) -> QuerySet[Member]:
    """With unit and home; numbers stay sealed."""
    related = ("unit", "district", "home__building__community", "home__compound__community")
    return rows.select_related(*related).defer("phone")


def _home(member: Member) -> Organization | None:
    """The community in which a member lives; it was read with the row."""
    home = getattr(member, "home", None)
    at = home and (home.building or home.compound)
    return at.community if at else None


@require_http_methods(["GET", "POST"])
@placing_page
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the community for one: where he lives first, then those with the fewest people."""
    rows = placing.left_over(request.user).select_related(
        "unit", "user", "district", "home__building", "home__compound"
    )
    member = get_object_or_404(rows.defer("phone", "user__phone"), pk=pk)
    if request.method == "POST":
        return _place(request, member)
    query = request.GET.get("q", "").strip()[:20]
    asked = Registration.objects.filter(volunteer__member=member, state__in=AWAITING)
    ended = Registration.objects.filter(volunteer__member=member, events__step="decline")
    context = {
        "member": member,
        "declined": list(ended.select_related("community").order_by("-ended_at")[:3]),
        "asked": list(asked.select_related("community").order_by("choice")),
        "q": query,
        "found": placing.proposals(member, query),
    }
    return render(request, "desk/place.html", context)


def _place(request: HttpRequest, member: Member) -> HttpResponse:
    form = ChooseForm(request.POST, communities=registry.open_communities())
    if not form.is_valid():
        messages.error(request, "请选一个社区。")
        return redirect("desk:place", pk=member.pk)
    community = form.cleaned_data["community"]
    try:
        placing.place(member, by=request.user, community=community)
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
        return redirect("desk:place", pk=member.pk)
    messages.success(request, f"{member} 已调剂到{community.short_name}，等社区确认。")
    return redirect("desk:placing")

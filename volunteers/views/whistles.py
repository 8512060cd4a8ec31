"""哨单 and 我的接单."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from ground import clock, periods
from organizations import policies
from volunteers import claims as claiming
from volunteers import ledger, presenting
from volunteers.forms.claims import ClaimForm
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.views.answering import page_of, rank_of, says_no

#: "Near me": a quarter of an hour on foot.
NEAR_M = 1500


# Whistles


@login_required
@require_GET
def whistles(request: HttpRequest) -> HttpResponse:
    """哨单: what can be claimed, with the quota on top. Filters stay in the URL."""
    standing = claiming.standing_of(request.user)
    person = presenting.person_of(standing.volunteer)
    shown = request.GET.get("show", "")
    found = open_whistles(request.user)
    fits = found.fitting(person.skills)
    if shown == "fits":
        found = fits
    elif shown == "near" and person.home:
        found = found.near(person.home, NEAR_M)
    elif shown == "week":
        found = found.filter(starts_at__lt=_next_monday())
    if query := request.GET.get("q", "").strip():
        found = found.filter(title__icontains=query)
    page = page_of(request, found)
    cards = [presenting.card_of(row, row.taken, standing, person) for row in page]
    context = {
        "tab": "whistles",
        "standing": standing,
        "person": person,
        "page": page,
        "cards": cards,
        "lead": next((card.whistle.pk for card in cards if not card.claim and not card.why_not), None),
        "shown": shown,
        "q": query,
        "fits": fits.count() if standing.registration else 0,
        "quota": _quota(request.user, standing.volunteer),
        "rank": rank_of(request.user, standing.volunteer),
    }
    return render(request, "volunteers/whistles.html", context)


def _quota(user: Any, volunteer: Volunteer | None) -> ledger.Quota | None:
    if volunteer is None:
        return None
    return ledger.quota(volunteer, policy=policies.at_hand(user, volunteer.district_id))


def open_whistles(user: Any) -> Any:
    """Those that recruit and are meant for the user, with what cards show."""
    found = Whistle.objects.open_to(user).recruiting().with_places_taken()
    return (
        found.select_related("service_request", "community")
        .prefetch_related("skills")
        .order_by("starts_at", "id")
    )


def _next_monday() -> datetime:
    return clock.midnight(periods.first_day_after("week", clock.today()))


def whistle_in_sight(user: Any, pk: int) -> Whistle:
    """One whistle with everything its page shows, or 404."""
    rows = Whistle.objects.visible_to(user).select_related(
        "service_request__submitter", "service_request__building", "service_request__grid",
        "service_request__handler", "community",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


@login_required
@require_GET
def whistle(request: HttpRequest, pk: int) -> HttpResponse:
    """哨单详情: what, when, where, who, places left; one button, or why not."""
    row = whistle_in_sight(request.user, pk)
    standing = claiming.standing_of(request.user)
    person = presenting.person_of(standing.volunteer)
    own = Claim.objects.own(request.user).filter(whistle=row).order_by("-id").first()
    context = {
        "tab": "whistles",
        "back": "/whistles/",
        "card": presenting.card_of(row, claiming.taken(row), standing, person),
        "whistle": row,
        "own": own,
        "needs_registration": standing.registration is None,
        "requester": presenting.requester_of(request.user, row),
        "chip": presenting.CHIPS.get(row.state, "wait"),
        "events": presenting.timeline_of(row, leave_out=("draft",)),
    }
    return render(request, "volunteers/whistle.html", context)


@login_required
@require_POST
def claim_whistle(request: HttpRequest, pk: int) -> HttpResponse:
    """接单. Out of sight is 404; a rule in the way is told on the whistle's page."""
    row = get_object_or_404(Whistle.objects.open_to(request.user), pk=pk)
    form = ClaimForm(request.POST)
    key = form.cleaned_data["client_key"] if form.is_valid() else None
    made: list[Claim] = []
    thanks = "接单成功。到时候记得来，到了再签到。"
    if says_no(request, lambda: made.append(claiming.claim(row, by=request.user, key=key)), thanks):
        return redirect("volunteers:whistle", pk)
    return redirect("volunteers:claim", made[0].pk)


# Claims

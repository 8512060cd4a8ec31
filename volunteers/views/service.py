"""我的服务, 报到 and 排行榜."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from organizations import policies
from organizations.models.policies import Boards
from volunteers import leaderboards, presenting
from volunteers.accounting import ledger, quotas
from volunteers.leaderboards import listing
from volunteers.models import LedgerEntry, Star
from volunteers.states import Period
from volunteers.views.answering import page_of, rank_of, volunteer_of

# Service


@login_required
@require_GET
def service(request: HttpRequest) -> HttpResponse:
    """我的服务: hours, quota, rank, ledger."""
    volunteer = volunteer_of(request.user)
    if volunteer is None:
        return redirect("volunteers:registration")
    entries = LedgerEntry.objects.filter(volunteer=volunteer).select_related("whistle", "community")
    context = {
        "tab": "me",
        "back": "/me/",
        "volunteer": volunteer,
        "year": ledger.balance(volunteer, *ledger.bounds(Period.YEAR)),
        "ever": ledger.balance(volunteer),
        "quota": quotas.quota(volunteer, policy=policies.at_hand(request.user, volunteer.district_id)),
        "sees_board": volunteer.district_id in leaderboards.open_to(request.user),
        "honours": Star.objects.filter(volunteer=volunteer).select_related("organization"),
        "own_listing": listing.may_leave(policies.at_hand(request.user, volunteer.district_id).boards),
        "has_boards": policies.at_hand(request.user, volunteer.district_id).boards != Boards.OFF,
        "ranks": [
            (period.label, period.value, rank_of(request.user, volunteer, period)) for period in Period
        ],
        "thanks": presenting.thanks_to(
            request.user, likes_shown=policies.at_hand(request.user, volunteer.district_id).likes_shown
        ),
        "page": page_of(request, entries),
    }
    return render(request, "volunteers/service.html", context)


# Registration


# Boards

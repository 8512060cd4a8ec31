"""哨单 and 我的接单."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from ground import clock, periods
from organizations import policies
from volunteers import presenting
from volunteers.accounting import quotas
from volunteers.claiming import claims as claiming
from volunteers.claiming import waiting
from volunteers.claiming.standing import room_of
from volunteers.forms.claims import ClaimForm
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.powers import can_show_code
from volunteers.presence import onsite
from volunteers.states import WhistleKind
from volunteers.views.answering import page_of, rank_of, says_no

#: "Near me": a quarter of an hour on foot.
NEAR_M = 1500


# Whistles


@login_required
@require_GET
def whistles(request: HttpRequest) -> HttpResponse:
    """哨单: what can be claimed, what fits first, with the quota on top. Filters and order stay in the URL."""
    cards = cards_of(request.user, request.GET)
    standing = cards.standing
    page = page_of(request, cards)
    context = {
        "tab": "whistles",
        "standing": standing,
        "person": cards.person,
        "page": page,
        "cards": list(page),
        "lead": next((card.whistle.pk for card in page if not card.claim and not card.why_not), None),
        "orders": _orders(request, cards.order),
        "kept": {name: request.GET[name] for name in ("show", "order") if request.GET.get(name)},
        "shown": request.GET.get("show", ""),
        "q": request.GET.get("q", "").strip(),
        "quota": _quota(request.user, standing.volunteer),
        "rank": rank_of(request.user, standing.volunteer),
    }
    return render(request, "volunteers/whistles.html", context)


def _orders(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    """The context of `parts/_seg.html`: the other filters stay, the page is the first again."""
    kept = request.GET.copy()
    kept.pop("page", None)
    items = []
    for order in presenting.Order:
        kept["order"] = order
        items.append({"label": order.label, "url": f"?{kept.urlencode()}", "on": order == chosen})
    return items


def cards_of(user: Any, asked: Mapping[str, str]) -> presenting.Cards:
    """The list that page and API cut into pages. `asked`: `order` fits or time, `show` near, week, emergency or
    wish, `q` words of the title; what is unknown counts as nothing. Wishes have a list of their own.
    """
    standing = claiming.standing_of(user)
    person = presenting.person_of(standing.volunteer)
    found = _shown(open_whistles(user, standing), asked.get("show", ""), person)
    if query := asked.get("q", "").strip():
        found = found.filter(title__icontains=query)
    order = presenting.Order.TIME if asked.get("order") == presenting.Order.TIME else presenting.Order.FITS
    return presenting.Cards(found, standing, person, order)


def _shown(found: Any, shown: str, person: presenting.Person) -> Any:
    if shown == "wish":
        return found.filter(kind=WhistleKind.WISH)
    found = found.exclude(kind=WhistleKind.WISH)
    if shown == "near" and person.home:
        return found.near(person.home, NEAR_M)
    if shown == "week":
        return found.filter(starts_at__lt=_next_monday())
    return found.filter(kind=WhistleKind.EMERGENCY) if shown == "emergency" else found


def _quota(user: Any, volunteer: Volunteer | None) -> quotas.Quota | None:
    if volunteer is None:
        return None
    return quotas.quota(volunteer, policy=policies.at_hand(user, volunteer.district_id))


def open_whistles(user: Any, standing: claiming.Standing) -> Any:
    """Those that recruit and are meant for the user, by time, with what cards show.

    The district is said besides, though sight implies it: the first page comes from the index of what recruits.
    """
    found = Whistle.objects.open_to(user).recruiting().with_places_taken()
    if standing.registration is not None:
        found = found.filter(district=standing.registration.district_id)
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
    room = room_of(row)
    card = presenting.card_of(row, room.taken, standing, person, room.waiting)
    context = {
        "tab": "whistles",
        "back": "/whistles/",
        "card": card,
        "whistle": row,
        "own": own,
        "room": room,
        "can_wait": bool(card.why_not) and not standing.why_not_wait(row),
        "queue_place": waiting.place_of(card.waits) if card.waits else 0,
        "shows_code": onsite.is_shown(row) and can_show_code(request.user, row),
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
    thanks = (
        "认领成功。完成以后拍张照，在这一页交上来。"
        if row.is_wish
        else "接单成功。到时候记得来，到了再签到。"
    )
    if says_no(request, lambda: made.append(claiming.claim(row, by=request.user, key=key)), thanks):
        return redirect("volunteers:whistle", pk)
    return redirect("volunteers:claim", made[0].pk)


# Claims

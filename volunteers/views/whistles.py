"""哨单 and 我的接单."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ground import clock, periods
from organizations import policies
from requests.states import ContactBy
from volunteers import attendance, ledger, presenting
from volunteers import claims as claiming
from volunteers.forms import ClaimForm, PositionForm
from volunteers.models import Claim, LedgerEntry, Volunteer, Whistle
from volunteers.powers import AT_WORK
from volunteers.states import ClaimState
from volunteers.tables import CLAIMS
from volunteers.views.answering import page_of, rank_of, says_no

#: "Near me": a quarter of an hour on foot.
NEAR_M = 1500
STEPS = ("check-in", "check-out", "withdraw", "contact")


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


@login_required
@require_GET
def claims(request: HttpRequest) -> HttpResponse:
    """我的接单: today first, then what comes, then what was."""
    own = Claim.objects.own(request.user).select_related("whistle__service_request", "whistle__community")
    missed = Q(state=ClaimState.CLAIMED, whistle__ends_at__lte=clock.now())
    waiting = own.filter(state__in=AT_WORK).exclude(missed)
    ahead = list(waiting.order_by("whistle__starts_at", "id")[:100])
    today = [each for each in ahead if _is_by_today(each)]
    past = own.filter(~Q(state__in=AT_WORK) | missed).order_by("-whistle__starts_at", "-id")
    context = {
        "tab": "claims",
        "headline": _headline(ahead, today),
        "today": today,
        "ahead": [each for each in ahead if each not in today],
        "page": page_of(request, past),
        "chips": presenting.CHIPS,
    }
    return render(request, "volunteers/claims.html", context)


def _headline(ahead: list[Claim], today: list[Claim]) -> str:
    """What waits for me now, in one line."""
    if any(each.state == ClaimState.CHECKED_IN for each in ahead):
        return "正在服务，走前记得签退"
    if going := sum(each.state == ClaimState.CLAIMED for each in today):
        return f"今天要去 {going} 场"
    going = sum(each.state == ClaimState.CLAIMED for each in ahead)
    return f"接下来要去 {going} 场" if going else "我的接单"


def _is_by_today(row: Claim) -> bool:
    """Today's, and those of earlier days that still wait for check-out or credit."""
    return timezone.localdate(row.whistle.starts_at) <= clock.today()


def _claim(user: Any, pk: int) -> Claim:
    return get_object_or_404(Claim.objects.own(user).whole(), pk=pk)


@login_required
@require_GET
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim: how far it is, the next step, whom one helps."""
    row = _claim(request.user, pk)
    offers = {offer.step.name: offer for offer in CLAIMS.offers(request.user, row)}
    service_request = row.whistle.service_request
    context = {
        "tab": "claims",
        "back": "/claims/",
        "claim": row,
        "whistle": row.whistle,
        "chip": presenting.CHIPS.get(row.state, "wait"),
        "steps": presenting.steps_of(row),
        "presence": offers.get("check_in") or offers.get("check_out"),
        "presence_path": "check-in" if "check_in" in offers else "check-out",
        "attendance": policies.at_hand(request.user, row.whistle.district_id).attendance,
        "withdraw": offers.get("withdraw"),
        "requester": presenting.requester_of(request.user, row.whistle),
        "can_contact": service_request is not None and service_request.is_open and presenting.is_at_work(row),
        "contact_ways": ContactBy.choices,
        "entry": LedgerEntry.objects.filter(claim=row).first() if row.state == ClaimState.CREDITED else None,
        "events": presenting.timeline_of(row),
    }
    return render(request, "volunteers/claim.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def claim_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Check in or out, withdraw, say that contact was made. Without POST the claim's page shows the buttons."""
    row = _claim(request.user, pk)
    if step not in STEPS:
        raise Http404
    if request.method == "POST":
        says_no(request, *_verb(request, row, step))
    return redirect("volunteers:claim", pk)


def _verb(request: HttpRequest, row: Claim, step: str) -> tuple[Callable[[], Any], str]:
    user, position = request.user, PositionForm(request.POST).arguments
    verbs: dict[str, tuple[Callable[[], Any], str]] = {
        "check-in": (
            lambda: attendance.check_in(row, by=user, **position()),
            "签到成功，辛苦了。离开前记得签退。",
        ),
        "check-out": (lambda: attendance.check_out(row, by=user, **position()), "签退成功，等社区认定时长。"),
        "withdraw": (lambda: claiming.withdraw(row, by=user), "已退单，名额让给别人了。"),
        "contact": (
            lambda: claiming.contact(row, by=user, how=request.POST.get("how", "")),
            "已登记联系，社区和居民都能看到。",
        ),
    }
    return verbs[step]

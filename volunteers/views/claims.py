"""我的接单: what I claimed, and the steps of one claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ground import clock
from organizations import policies
from requests.states import ContactBy
from volunteers import attendance, presenting
from volunteers import claims as claiming
from volunteers.forms.claims import PositionForm
from volunteers.models import Claim, LedgerEntry
from volunteers.powers import AT_WORK
from volunteers.states import ClaimState
from volunteers.tables import CLAIMS
from volunteers.views.answering import page_of, says_no

STEPS = ("check-in", "check-out", "withdraw", "contact")


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

"""我的接单: what I claimed, and the steps of one claim."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.sessions import SignedInRequest
from ground import clock
from ground.errors import RuleViolation
from organizations import policies
from requests.states import ContactBy
from requests.views import picture_response
from volunteers import presenting
from volunteers.claiming import claims as claiming
from volunteers.claiming import waiting, wishes
from volunteers.forms.claims import ClaimForm, PositionForm
from volunteers.models import Claim, Whistle
from volunteers.powers import AT_WORK
from volunteers.presence import attendance, devices, onsite
from volunteers.states import SERVED, ClaimState
from volunteers.views.answering import page_of, says_no

STEPS = ("check-in", "check-out", "fulfil", "leave", "withdraw", "contact")
#: Fields of a claim's page beside which a refusal can stand.
AT_THE_FIELD = ("photos", "code")
#: Claims that stand on top of the list: a place, or a place in a queue.
AHEAD = (ClaimState.WAITING, *AT_WORK)
#: Claims for which something may stand in the ledger.
_JUDGED = (ClaimState.CREDITED, ClaimState.REFUSED)


@login_required
@require_GET
def claims(request: HttpRequest) -> HttpResponse:
    """我的接单: today first, then what comes, what waits for its minutes, then what was."""
    own = Claim.objects.own(request.user).select_related("whistle__service_request", "whistle__community")
    missed = Q(state__in=(ClaimState.WAITING, ClaimState.CLAIMED), whistle__ends_at__lte=clock.now())
    ahead = list(
        waiting.with_places(own)
        .filter(state__in=AHEAD)
        .exclude(missed)
        .order_by("whistle__starts_at", "id")[:100]
    )
    served = [each for each in ahead if each.state == ClaimState.CHECKED_OUT]
    today = [each for each in ahead if _is_by_today(each)]
    past = own.filter(~Q(state__in=AHEAD) | missed).order_by("-whistle__starts_at", "-id")
    context = {
        "tab": "claims",
        "headline": _headline(ahead, today),
        "today": today,
        "ahead": [each for each in ahead if each not in today and each not in served],
        "served": served,
        "page": page_of(request, past),
        "chips": presenting.CHIPS,
    }
    return devices.mark(request, render(request, "volunteers/claims.html", context))


def _headline(ahead: list[Claim], today: list[Claim]) -> str:
    """What waits for me now, in one line."""
    if any(each.state == ClaimState.CHECKED_IN for each in ahead):
        return "正在服务，走前记得签退"
    if going := sum(each.state == ClaimState.CLAIMED for each in today):
        return f"今天要去 {going} 场"
    going = sum(each.state == ClaimState.CLAIMED for each in ahead)
    return f"接下来要去 {going} 场" if going else "我的接单"


def _is_by_today(row: Claim) -> bool:
    """Today's, and those of earlier days that still wait for check-out. A wish has its whole time."""
    if row.whistle.is_wish or row.state in (ClaimState.WAITING, ClaimState.CHECKED_OUT):
        return False
    return timezone.localdate(row.whistle.starts_at) <= clock.today()


def _claim(user: Any, pk: int) -> Claim:
    return get_object_or_404(Claim.objects.own(user).whole(), pk=pk)


@login_required
@require_GET
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim: how far it is, the next step, whom one helps."""
    return _claim_page(request, _claim(request.user, pk))


def _claim_page(request: HttpRequest, row: Claim, wrong: dict[str, list[str]] | None = None) -> HttpResponse:
    attendance_by = policies.at_hand(request.user, row.whistle.district_id).attendance
    offers = {offer.step.name: offer for offer in presenting.offers_of(request.user, row, attendance_by)}
    service_request = row.whistle.service_request
    entries = list(row.entries.order_by("id")) if row.state in _JUDGED else []
    context = {
        "tab": "claims",
        "back": "/claims/",
        "claim": row,
        "whistle": row.whistle,
        "chip": presenting.CHIPS.get(row.state, "wait"),
        "steps": presenting.steps_of(row),
        "presence": offers.get("check_in") or offers.get("check_out"),
        "presence_path": "check-in" if "check_in" in offers else "check-out",
        "attendance": attendance_by,
        "withdraw": offers.get("withdraw"),
        "leave": offers.get("leave"),
        "fulfil": offers.get("fulfil"),
        "queue_place": waiting.place_of(row),
        "photos": presenting.photos_of(row),
        "is_over": row.whistle.over_at <= clock.now(),
        "shows_code": onsite.is_shown(row.whistle) and row.whistle.leader_id == request.user.pk,
        "requester": presenting.requester_of(request.user, row.whistle),
        "can_contact": service_request is not None and service_request.is_open and presenting.is_at_work(row),
        "contact_ways": ContactBy.choices,
        "entry": entries[-1] if entries else None,
        "minutes": sum(each.minutes for each in entries),
        "off_hours": sum(each.off_hours_minutes for each in entries),
        "thanks": _thanks(request.user, row),
        "events": presenting.timeline_of(row),
        "wrong": wrong,
    }
    return devices.mark(request, render(request, "volunteers/claim.html", context))


def _thanks(user: Any, row: Claim) -> presenting.Thanked | None:
    """What those served said, for whoever came."""
    if row.state not in SERVED:
        return None
    likes_shown = policies.at_hand(user, row.whistle.district_id).likes_shown
    return presenting.thanks_for(row.whistle, likes_shown=likes_shown)


@login_required
@require_http_methods(["GET", "POST"])
def claim_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Check in or out, fulfil a wish, leave the queue, withdraw, say that contact was made. Without POST the
    claim's page shows the buttons."""
    row = _claim(request.user, pk)
    if step not in STEPS:
        raise Http404
    return _step(request, row, step) if request.method == "POST" else redirect("volunteers:claim", pk)


def _step(request: HttpRequest, row: Claim, step: str) -> HttpResponse:
    """What is wrong with the photos or the code is said beside them; everything else on top."""
    verb, thanks = _verb(request, row, step)
    try:
        verb()
    except RuleViolation as violation:
        if violation.field in AT_THE_FIELD:
            return _claim_page(request, row, wrong={violation.field: [violation.sentence]})
        messages.error(request, violation.sentence)
    else:
        messages.success(request, thanks)
    return redirect("volunteers:claim", row.pk)


def _verb(request: HttpRequest, row: Claim, step: str) -> tuple[Callable[[], Any], str]:
    user, device = request.user, devices.device_of(request)
    position = PositionForm(request.POST).arguments
    verbs: dict[str, tuple[Callable[[], Any], str]] = {
        "check-in": (
            lambda: attendance.check_in(row, by=user, device=device, **position()),
            "签到成功，辛苦了。离开前记得签退。",
        ),
        "check-out": (
            lambda: attendance.check_out(row, by=user, device=device, **position()),
            "签退成功，辛苦了。等社区认定时长。",
        ),
        "fulfil": (
            lambda: wishes.fulfil(row, by=user, photos=request.FILES.getlist("photos")),
            "心愿完成了，谢谢你。照片已交给社区，等社区认定时长。",
        ),
        "leave": (lambda: waiting.leave(row, by=user), "已退出候补。"),
        "withdraw": (lambda: claiming.withdraw(row, by=user), "已退单，名额让给别人了。"),
        "contact": (
            lambda: claiming.contact(row, by=user, how=request.POST.get("how", "")),
            "已登记联系，社区和居民都能看到。",
        ),
    }
    return verbs[step]


@login_required
@require_GET
def claim_photo(request: SignedInRequest, pk: int, photo: uuid.UUID) -> FileResponse:
    """A picture of a fulfilled wish, for those who may see its claim."""
    row = get_object_or_404(Claim.objects.visible_to(request.user), pk=pk)
    found = get_object_or_404(row.photos, pk=photo)
    return picture_response(found, row.whistle.number, request.GET.get("size", ""))


@login_required
@require_POST
def wait(request: HttpRequest, pk: int) -> HttpResponse:
    """候补 for a full whistle. Out of sight is 404; a rule in the way is told on the whistle's page."""
    row = get_object_or_404(Whistle.objects.open_to(request.user), pk=pk)
    form = ClaimForm(request.POST)
    key = form.cleaned_data["client_key"] if form.is_valid() else None
    made: list[Claim] = []
    thanks = "已排队候补。有名额空出来，按顺序递补，并马上发消息告诉你。"
    if says_no(request, lambda: made.append(waiting.wait(row, by=request.user, key=key)), thanks):
        return redirect("volunteers:whistle", pk)
    return redirect("volunteers:claim", made[0].pk)

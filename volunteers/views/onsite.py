"""现场码: the page that shows it, and the address to which it leads whoever scans it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import segno
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ground import clock
from organizations import policies
from volunteers import presenting
from volunteers.accounting import thanking
from volunteers.models import Claim, Whistle
from volunteers.presence import attendance, devices, onsite
from volunteers.states import LIVE, CheckWay, ClaimState
from volunteers.views.answering import says_no


@login_required
@never_cache
@require_GET
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The code that volunteers scan on the spot, big; htmx asks for `?part=code` every few seconds."""
    rows = Whistle.objects.with_code_for(request.user).select_related("community")
    row = get_object_or_404(rows, pk=pk)
    context: dict[str, Any] = {
        "tab": "whistles",
        "whistle": row,
        "is_shown": onsite.is_shown(row),
        "attendance": policies.at_hand(request.user, row.district_id).attendance,
    }
    if context["is_shown"]:
        context |= _shown(request, row)
    part = request.GET.get("part") == "code"
    return render(request, "volunteers/_onsite_code.html" if part else "volunteers/onsite.html", context)


def _shown(request: HttpRequest, row: Whistle) -> dict[str, Any]:
    """The code of this moment as a picture and in letters, and how many have come. One query."""
    letters = onsite.code_of(row.pk, clock.now())
    address = request.build_absolute_uri(reverse("volunteers:check_in_by_code", args=[row.pk, letters]))
    svg = segno.make(address, error="m").svg_inline(border=2, omitsize=True, svgclass="qr")
    live = list(Claim.objects.live().filter(whistle=row).values_list("checked_in_at", flat=True))
    return {
        "letters": f"{letters[:4]} {letters[4:]}",
        "qr": mark_safe(svg),  # noqa: S308 - drawn by segno from our own address
        "came": sum(at is not None for at in live),
        "expected": len(live),
    }


@never_cache
@require_http_methods(["GET", "POST"])
def check_in_by_code(request: HttpRequest, whistle: int, code: str) -> HttpResponse:
    """Where the code leads: volunteers check in or out, somebody who was served says thanks.

    The code counts at GET, even before signing in; five minutes are left for the button. A wrong or old code
    says the same of every whistle, and of none.
    """
    row = Whistle.objects.filter(pk=whistle).select_related("community").first()
    if row is not None and onsite.is_shown(row) and onsite.is_right(row.pk, code, clock.now()):
        onsite.remember_scan(request.session, row.pk)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if row is None or not onsite.has_just_scanned(request.session, row.pk):
        return render(request, "volunteers/code_expired.html", {"tab": "claims"}, status=404)
    claim = Claim.objects.own(request.user).filter(whistle=row, state__in=LIVE).first()
    if claim is None:
        return _thanks_or_too_early(request, row)
    claim.whistle = row
    if claim.state not in (ClaimState.CLAIMED, ClaimState.CHECKED_IN):
        return redirect("volunteers:claim", claim.pk)
    way = CheckWay.IN if claim.state == ClaimState.CLAIMED else CheckWay.OUT
    if request.method == "POST" and request.POST.get("way") == way:
        says_no(request, *_verb(request, claim, way))
        return redirect("volunteers:claim", claim.pk)
    context = {"tab": "claims", "claim": claim, "whistle": row, "way": way, "chips": presenting.CHIPS}
    return devices.mark(request, render(request, "volunteers/check_in_by_code.html", context))


def _thanks_or_too_early(request: HttpRequest, row: Whistle) -> HttpResponse:
    """Somebody without a claim is thought to be served; before the start there is nothing to thank for yet."""
    if thanking.served(request.user, thanking.scanned_of(request.session)).filter(pk=row.pk).exists():
        return redirect("volunteers:thank", row.pk)
    context = {
        "whistle": row,
        "is_volunteer": Whistle.objects.open_to(request.user).filter(pk=row.pk).exists(),
    }
    return render(request, "volunteers/code_too_early.html", context)


def _verb(request: HttpRequest, claim: Claim, way: CheckWay) -> tuple[Callable[[], Any], str]:
    shown: dict[str, Any] = {"by": request.user, "has_scanned": True, "device": devices.device_of(request)}
    if way == CheckWay.IN:
        return lambda: attendance.check_in(claim, **shown), "签到成功，辛苦了。离开前记得再扫码签退。"
    return lambda: attendance.check_out(claim, **shown), "签退成功，辛苦了。等社区认定时长。"

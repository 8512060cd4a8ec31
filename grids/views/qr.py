"""What a phone opens when it scans a building."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids import buildings

#: Scans from one address in a minute. A building with a shared address still fits; guessing tokens does not.
SCANS_PER_MINUTE = 60
SECONDS = 60


@never_cache
@require_safe
def building_qr(request: HttpRequest, token: str) -> HttpResponse:
    """Open the request form with the place filled in. Shows nothing itself, so it needs no sign-in."""
    if _is_too_many(request.META.get("REMOTE_ADDR", "")):
        return HttpResponse(
            "扫码太频繁，请一分钟后再试。", status=429, content_type="text/plain; charset=utf-8"
        )
    building = buildings.with_token(token)
    if building is None:
        raise Http404
    return redirect(f"{reverse('requests:new')}?{urlencode({'b': building.qr_token})}")


def _is_too_many(address: str) -> bool:
    key = f"scan:{address}"
    cache.add(key, 0, SECONDS)
    try:
        return cache.incr(key) > SCANS_PER_MINUTE
    except ValueError:  # it expired in between
        return False

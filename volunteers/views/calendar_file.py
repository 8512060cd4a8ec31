"""The calendar file of one claim, and of all that come."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from volunteers.claiming.calendar_file import coming, file_of
from volunteers.models import Claim


@login_required
@never_cache
@require_GET
def coming_claims(request: HttpRequest) -> HttpResponse:
    """All my coming claims in one file."""
    return _answer(request, coming(request.user), "claims.ics")


@login_required
@never_cache
@require_GET
def one_claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim of mine; whatever became of it, the file says so."""
    own = Claim.objects.own(request.user).select_related("whistle__community")
    return _answer(request, [get_object_or_404(own, pk=pk)], f"claim-{pk}.ics")


def _answer(request: HttpRequest, claims: Iterable[Claim], name: str) -> HttpResponse:
    file = file_of(claims, request.build_absolute_uri("/").rstrip("/"))
    said = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(file, content_type="text/calendar; charset=utf-8", headers=said)

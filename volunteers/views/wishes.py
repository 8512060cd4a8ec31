"""微心愿: what is wished for in my community, and what came true."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from volunteers.claiming import wish_notices as told
from volunteers.views.answering import page_of


@login_required
@require_GET
def wishes(request: HttpRequest) -> HttpResponse:
    """Titles and days only; members take a wish on in the list of whistles."""
    communities = told.communities_of(request.user)
    waiting = list(told.waiting_in(communities))
    context = {
        "tab": "home",
        "back": "/",
        "communities": communities,
        "waiting": waiting,
        "left": sum(not each.is_taken for each in waiting),  # type: ignore[attr-defined]
        "page": page_of(request, told.fulfilled_in(communities)),
        "can_claim": told.can_take_on(request.user),
    }
    return render(request, "volunteers/wishes.html", context)

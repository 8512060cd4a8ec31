"""首页: the phone home, for visitors, residents, volunteers and staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from desk.homepage import context_of
from volunteers import leaderboards


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me; visitors read what the platform does and how to begin."""
    if not request.user.is_authenticated:
        shown = {"tab": "home", "has_public_boards": leaderboards.public_places().exists()}
        return render(request, "desk/welcome.html", shown)
    return render(request, "desk/home.html", {"tab": "home", **context_of(request.user)})

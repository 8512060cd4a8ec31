"""我的队伍: the teams one is in, and the service teams one may join."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from ground import clock
from volunteers.joining import rosters
from volunteers.joining import teams as verbs
from volunteers.models import Team, Whistle
from volunteers.states import Audience, TeamKind, WhistleState
from volunteers.views.answering import says_no, volunteer_of

#: How many service teams a page offers to join, and whistles ahead it shows.
OFFERED, AHEAD = 30, 10


@login_required
@require_GET
def teams(request: HttpRequest) -> HttpResponse:
    """My teams with their captains and numbers; below, the ones that I may join."""
    volunteer = volunteer_of(request.user)
    own = list(Team.objects.of(request.user).select_related("organization"))
    others: list[Team] = []
    if volunteer is not None:
        mine = [team.pk for team in own]
        others = list(verbs.open_for(volunteer).exclude(pk__in=mine).select_related("organization")[:OFFERED])
    figures, captains = rosters.figures([*own, *others]), rosters.captains(own)
    context = {
        "tab": "me",
        "back": "/me/",
        "volunteer": volunteer,
        "own": [{"team": team, "figures": figures[team.pk], "captains": captains[team.pk]} for team in own],
        "others": [{"team": team, "figures": figures[team.pk]} for team in others],
    }
    return render(request, "volunteers/teams.html", context)


@login_required
@require_GET
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One team: what it is for, who leads it, what is ahead."""
    row = _team(request, pk)
    is_in = Team.objects.of(request.user).filter(pk=pk).exists()
    context = {
        "tab": "me",
        "back": "/teams/",
        "team": row,
        "is_in": is_in,
        "can_join": not is_in and row.kind == TeamKind.SERVICE and row.closed_at is None,
        "can_leave": is_in and row.kind == TeamKind.SERVICE,
        "figures": rosters.figures([row])[row.pk],
        "captains": rosters.captains([row])[row.pk],
        "ahead": _ahead(request, row),
    }
    return render(request, "volunteers/team.html", context)


def _ahead(request: HttpRequest, row: Team) -> list[Whistle]:
    """What the team is called to, in sight of who asks; `taken` is on the rows."""
    states = (WhistleState.OPEN, WhistleState.RUNNING)
    rows = Whistle.objects.open_to(request.user).filter(audience=Audience.TEAM, team=row, state__in=states)
    rows = rows.filter(ends_at__gt=clock.now()).with_places_taken()
    return list(rows.order_by("starts_at", "id")[:AHEAD])


@login_required
@require_POST
def team_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Join or leave a service team."""
    row = _team(request, pk)
    if step == "join":
        says_no(request, lambda: verbs.join(row, by=request.user), f"已加入{row.name}。")
    elif step == "leave":
        says_no(request, lambda: verbs.leave(row, by=request.user), f"已退出{row.name}。")
        return redirect("volunteers:teams")
    else:
        raise Http404
    return redirect("volunteers:team", pk=pk)


def _team(request: HttpRequest, pk: int) -> Team:
    rows = Team.objects.open().near(request.user).select_related("organization", "community")
    return get_object_or_404(rows, pk=pk)

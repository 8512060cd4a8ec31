"""队伍: pioneers and service teams with figures, one with its people, a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from desk import teaming
from desk.access import TEAM_SIGHT
from ground.errors import NoPower, RuleViolation
from organizations.guards import staff_page
from volunteers import powers
from volunteers.forms.teams import TeamForm, seats_of
from volunteers.joining import teams
from volunteers.models import Team
from volunteers.states import TeamKind, TeamRole


@require_GET
@staff_page(*TEAM_SIGHT)
def index(request: HttpRequest) -> HttpResponse:
    """The teams in sight, by kind, with people and hours of this quarter."""
    user, words = request.user, request.GET.get("q", "").replace("\0", " ").strip()[:40]
    in_sight = Team.objects.in_sight_of_staff(user)
    found = teaming.counts(in_sight)
    tab = request.GET.get("tab")
    if tab not in found:
        tab = "pioneer" if found["pioneer"] or not found["service"] else "service"
    page = teaming.page_of(in_sight, tab, words, request.GET.get("page"))
    context = {
        "page": page,
        "rows": teaming.rows_of(user, list(page.object_list)),
        "found": found,
        "tab": tab,
        "tabs": [
            {"label": label, "url": f"?tab={key}", "count": found[key], "on": key == tab}
            for key, label, _ in teaming.TABS
        ],
        "q": words,
        "can_found": seats_of(user).exists(),
        "missing": teaming.branches_without(user),
    }
    return render(request, "desk/teams.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(*TEAM_SIGHT)
def new(request: HttpRequest) -> HttpResponse:
    """A new team, where the user keeps teams."""
    if not seats_of(request.user).exists():
        raise NoPower()
    given = request.POST if request.method == "POST" else None
    form = TeamForm(given, user=request.user, label_suffix="", initial=_asked(request))
    if form.is_valid():
        try:
            team = teams.found(by=request.user, **form.arguments())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"{team.name}成立了。")
            return redirect("desk:team", pk=team.pk)
    return render(request, "desk/team_form.html", {"form": form, "team": None})


def _asked(request: HttpRequest) -> dict[str, Any]:
    return {"organization": request.GET.get("at", "")}


@require_GET
@staff_page(*TEAM_SIGHT)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """What a team does, who leads it, and (for those who may read names) who is in it."""
    team = _team(request, pk)
    sees, keeps = powers.sees_people_of(request.user, team), powers.can_keep_team(request.user, team)
    keeps = keeps and team.closed_at is None
    words = request.GET.get("q", "").replace("\0", " ").strip()[:40]
    takes_in = keeps and team.kind == TeamKind.SERVICE
    page = teaming.people_page(team, request.GET.get("page")) if sees else None
    shown = teaming.rows_of(request.user, [team])[0]
    context = {
        **shown,
        "page": page,
        "keeps": keeps,
        "takes_in": takes_in,
        "roles": TeamRole.choices,
        "q": words,
        "found": teaming.found(team, words) if takes_in else [],
        "whistles": teaming.called(request.user, team),
        "former": teaming.former(team) if sees and team.kind == TeamKind.SERVICE else [],
    }
    return render(request, "desk/team.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(*TEAM_SIGHT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    team = _kept(request, pk)
    form = TeamForm(
        request.POST if request.method == "POST" else None, user=request.user, team=team, label_suffix=""
    )
    if form.is_valid():
        try:
            teams.edit(team, by=request.user, **form.arguments())
        except RuleViolation as violation:
            violation.add_to(form)
        else:
            messages.success(request, f"已保存：{team.name}")
            return redirect("desk:team", pk=pk)
    return render(request, "desk/team_form.html", {"form": form, "team": team})


@require_POST
@staff_page(*TEAM_SIGHT)
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Close the team; take somebody in or out; name a captain."""
    team, back = _kept(request, pk), reverse("desk:team", args=[pk])
    try:
        if name == "close":
            teams.close(team, by=request.user)
            messages.success(request, f"已撤销：{team.name}。队员和历史都留着。")
            back = reverse("desk:teams")
        elif name in _ABOUT_ONE:
            messages.success(request, _ABOUT_ONE[name](request, team))
        else:
            raise Http404
    except RuleViolation as violation:
        messages.error(request, violation.sentence)
    return redirect(back)


def _add(request: HttpRequest, team: Team) -> str:
    person = _person(request, team)
    teams.add(team, person, by=request.user)
    return f"{person} 已加入{team.name}。"


def _remove(request: HttpRequest, team: Team) -> str:
    person = _person(request, team)
    teams.remove(team, person, by=request.user)
    return f"{person} 已退出{team.name}。"


def _name(request: HttpRequest, team: Team) -> str:
    person, role = _person(request, team), request.POST.get("role", "")
    if role not in TeamRole.values:
        raise RuleViolation("请选一个职务。")
    teams.name(team, person, role, by=request.user)
    return f"{person} 现在是{TeamRole(role).label}。"


_ABOUT_ONE = {"add": _add, "remove": _remove, "name": _name}


def _person(request: HttpRequest, team: Team) -> Any:
    found = teaming.one_of(team, request.POST.get("volunteer", ""))
    if found is None:
        raise Http404
    return found


def _team(request: HttpRequest, pk: int) -> Team:
    rows = Team.objects.in_sight_of_staff(request.user).select_related("organization", "community")
    return get_object_or_404(rows, pk=pk)


def _kept(request: HttpRequest, pk: int) -> Team:
    team = _team(request, pk)
    if not powers.can_keep_team(request.user, team):
        raise NoPower()
    return team

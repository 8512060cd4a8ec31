"""What the desk shows of teams: the list with figures, one team with its people, whom to take in."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from volunteers import powers
from volunteers.joining import rosters, teams
from volunteers.models import Registration, Team, TeamMembership, Volunteer, Whistle
from volunteers.states import TeamKind

PAGE, PEOPLE, FOUND = 30, 50, 12
#: The tabs of the list.
TABS = (
    ("pioneer", "网格先锋队", Q(kind=TeamKind.PIONEER, closed_at=None)),
    ("service", "服务队", Q(kind=TeamKind.SERVICE, closed_at=None)),
    ("closed", "已撤销", Q(closed_at__isnull=False)),
)


def counts(in_sight: QuerySet[Team]) -> dict[str, int]:
    """Tab → how many. One query."""
    return in_sight.order_by().aggregate(**{key: Count("pk", filter=which) for key, _, which in TABS})


def page_of(in_sight: QuerySet[Team], tab: str, words: str, number: str | None) -> Page:
    which = next(condition for key, _, condition in TABS if key == tab)
    rows = in_sight.filter(which)
    if words:
        rows = rows.filter(
            Q(name__icontains=words) | Q(project__icontains=words) | Q(organization__name__icontains=words)
        )
    rows = rows.select_related("organization", "community").order_by(
        "community__lft", "organization__lft", "id"
    )
    return Paginator(rows, PAGE).get_page(number)


def rows_of(user: Any, shown: list[Team]) -> list[dict[str, Any]]:
    """Each with figures and captains; captains of service teams are named to those who see their people."""
    figures, captains = rosters.figures(shown), rosters.captains(shown)
    return [
        {
            "team": team,
            "figures": figures[team.pk],
            "captains": [
                each for each in captains[team.pk] if each.post or powers.sees_people_of(user, team)
            ],
        }
        for team in shown
    ]


def branches_without(user: Any) -> int:
    """How many grid branches of one's own communities have no pioneers yet. One query, none without a seat."""
    seats = scope_of(user).seats(Power.CONFIRM_REGISTRATION)
    if not seats:
        return 0
    pioneers = Team.objects.open().filter(organization=OuterRef("pk"), kind=TeamKind.PIONEER)
    nodes = Organization.objects.open().filter(parent__in=seats, tier=Tier.GRID_BRANCH)
    return nodes.filter(~Exists(pioneers)).count()


def people_page(team: Team, number: str | None) -> Page:
    return Paginator(rosters.people(team), PEOPLE).get_page(number)


def called(user: Any, team: Team) -> list[Whistle]:
    """The last whistles for the team that the user may see. One query."""
    rows = Whistle.objects.in_sight_of_staff(user).filter(team=team)
    return list(rows.order_by("-starts_at", "-id")[:6])


def former(team: Team) -> list[TeamMembership]:
    """Who left, the latest first; changes of role are not leaving."""
    now = TeamMembership.objects.current().filter(team=team).values("volunteer")
    rows = team.memberships.exclude(left_at=None).exclude(volunteer__in=now)
    rows = rows.select_related("volunteer__user", "volunteer__member").order_by("-left_at", "-id")
    return list(rows.defer("volunteer__user__phone", "volunteer__member__phone")[:10])


def found(team: Team, words: str) -> list[Registration]:
    """Candidates whose name holds the words."""
    if not words:
        return []
    named = Q(volunteer__member__name__icontains=words) | Q(
        volunteer__member=None, volunteer__user__name__icontains=words
    )
    rows = (
        teams.candidates(team)
        .filter(named)
        .select_related("grid", "volunteer__user", "volunteer__member__unit")
    )
    rows = rows.defer("volunteer__user__phone", "volunteer__member__phone", "grid__boundary")
    return list(rows.order_by("id")[:FOUND])


def one_of(team: Team, pk: str) -> Volunteer | None:
    """Somebody in the team, or whom one may take into it; None for anybody else."""
    if not (pk.isdecimal() and len(pk) < 16):
        return None
    return teams.within_reach(team).filter(pk=int(pk)).first()

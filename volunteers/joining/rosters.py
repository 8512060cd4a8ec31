"""Who is in the teams, and what they did: captains, numbers and hours of many teams in a few queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, FilteredRelation, IntegerField, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from ground import clock
from ground.periods import first_day
from organizations.models import Appointment
from organizations.posts import Post
from volunteers.models import Registration, Team, TeamMembership
from volunteers.states import TeamKind, TeamRole

#: Which post at the branch makes the captain and the vice-captain of its pioneers (S3).
CAPTAINS = {Post.SECRETARY: TeamRole.CAPTAIN, Post.FIRST_SECRETARY: TeamRole.VICE}


@dataclass(frozen=True, slots=True)
class Captain:
    """A captain or vice-captain; pioneers' are reached by the work telephone of their post."""

    role: TeamRole
    name: str
    post: str = ""
    work_phone: str = ""

    @property
    def title(self) -> str:
        return f"{self.role.label} · {self.post}" if self.post else self.role.label


@dataclass(frozen=True, slots=True)
class Figures:
    """How many are in a team now, and the minutes they have been credited with this quarter, wherever."""

    people: int = 0
    minutes: int = 0


def captains(teams: Iterable[Team]) -> dict[int, list[Captain]]:
    """Captains by team, the captain before the vice-captain. Two queries."""
    teams = list(teams)
    found: dict[int, list[Captain]] = {team.pk: [] for team in teams}
    by_branch = {team.organization_id: team.pk for team in teams if team.kind == TeamKind.PIONEER}
    posts = Appointment.objects.in_force().filter(organization__in=by_branch, post__in=CAPTAINS)
    for post in posts.select_related("user").order_by("begins_on", "id"):
        captain = Captain(CAPTAINS[Post(post.post)], post.user.name, post.get_post_display(), post.work_phone)
        found[by_branch[post.organization_id or 0]].append(captain)
    named = TeamMembership.objects.current().filter(team__in=found).exclude(role=TeamRole.MEMBER)
    for row in named.select_related("volunteer__member", "volunteer__user"):
        found[row.team_id].append(Captain(TeamRole(row.role), str(row.volunteer)))
    return {
        pk: sorted(each, key=lambda captain: captain.role != TeamRole.CAPTAIN) for pk, each in found.items()
    }


def figures(teams: Iterable[Team], quarter: date | None = None) -> dict[int, Figures]:
    """People and minutes by team. Two queries. `quarter` is its first day; this one if it is left out."""
    teams, quarter = list(teams), quarter or first_day("quarter", clock.today())
    pioneers = {team.organization_id: team.pk for team in teams if team.kind == TeamKind.PIONEER}
    placed = Registration.objects.confirmed().filter(grid__branch__in=pioneers)
    counted = {pioneers[key]: each for key, each in _sums(placed, "grid__branch", quarter).items()}
    services = [team.pk for team in teams if team.kind == TeamKind.SERVICE]
    joined = TeamMembership.objects.current().filter(team__in=services)
    counted |= _sums(joined, "team", quarter)
    return {team.pk: counted.get(team.pk, Figures()) for team in teams}


def _sums(rows: QuerySet[Any], column: str, quarter: date) -> dict[int, Figures]:
    this = Q(volunteer__balances__quarter=quarter)
    summed = (
        rows.order_by()
        .annotate(balance=FilteredRelation("volunteer__balances", condition=this))
        .values(group=F(column))
        .annotate(people=Count("pk"), minutes=Coalesce(Sum("balance__minutes"), 0))
    )
    return {row["group"]: Figures(row["people"], row["minutes"]) for row in summed}


def people(team: Team) -> QuerySet[Any]:
    """The rows behind the people of a team: memberships, or the registrations in the branch's grids, each with
    `minutes` of this quarter; captains first, then whoever did most."""
    this = Q(volunteer__balances__quarter=first_day("quarter", clock.today()))
    rows: QuerySet[Any]
    if team.kind == TeamKind.PIONEER:
        rows = Registration.objects.confirmed().filter(grid__branch=team.organization_id)
        rows = rows.select_related("grid").defer("grid__boundary")
        order = ["-minutes", "id"]
    else:
        rows, order = TeamMembership.objects.current().filter(team=team), ["role_order", "-minutes", "id"]
        captain_first = Case(
            When(role=TeamRole.CAPTAIN, then=0), When(role=TeamRole.VICE, then=1), default=2,
            output_field=IntegerField(),
        )  # fmt: skip
        rows = rows.annotate(role_order=captain_first)
    rows = rows.annotate(balance=FilteredRelation("volunteer__balances", condition=this))
    rows = rows.annotate(minutes=Coalesce(F("balance__minutes"), 0))
    rows = rows.select_related("volunteer__user", "volunteer__member__unit")
    return rows.defer("volunteer__user__phone", "volunteer__member__phone").order_by(*order)

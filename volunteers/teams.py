"""队伍: pioneer teams of the grids (S3) and service teams with a theme and a branded project (D11)."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from volunteers.models import Registration, Team, TeamMembership
from volunteers.states import TeamKind


def people_of(team: Team) -> QuerySet[User]:
    """The accounts of everybody in the team: as `Team.objects.of`, seen from the other end.

    Pioneers are those registered in the grids of the branch (S3), of a service team those who joined it.
    """
    if team.kind == TeamKind.PIONEER:
        placed = Registration.objects.confirmed().filter(grid__branch=team.organization_id)
        return User.objects.filter(is_active=True, volunteer__in=placed.values("volunteer"))
    joined = TeamMembership.objects.current().filter(team=team)
    return User.objects.filter(is_active=True, volunteer__in=joined.values("volunteer"))

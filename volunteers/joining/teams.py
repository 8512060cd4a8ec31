"""队伍: pioneer teams of the grids (S3) and service teams with a theme and a branded project (D11).

Rows of memberships are the history: a role that changes ends one row and begins the next. Locks: the tree's root
where a team is founded or renamed; volunteer, then team, then memberships.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import lock_row
from organizations.models import Organization
from organizations.posts import Tier
from organizations.tree import lock_tree
from volunteers import powers
from volunteers.models import Registration, Team, TeamMembership, Volunteer, Whistle
from volunteers.states import TeamKind, TeamRole, WhistleState

#: What can be changed of a team after it was founded.
EDITABLE = ("name", "theme", "project", "project_text")
#: Where teams of a kind may belong.
SEATS = {
    TeamKind.PIONEER: (Tier.GRID_BRANCH,),
    TeamKind.SERVICE: (Tier.COMMUNITY, Tier.DISTRICT),
}
PIONEERS = "先锋队由编入本支部网格的报到同志组成，编入网格就在队里，不用另外加入。"


def people_of(team: Team) -> QuerySet[User]:
    """The accounts of everybody in the team: as `Team.objects.of`, seen from the other end."""
    return User.objects.filter(is_active=True, volunteer__in=volunteers_of(team).values("pk"))


def volunteers_of(team: Team) -> QuerySet[Volunteer]:
    """Pioneers are those registered in the grids of the branch (S3), of a service team those who joined it."""
    if team.kind == TeamKind.PIONEER:
        placed = Registration.objects.confirmed().filter(grid__branch=team.organization_id)
        return Volunteer.objects.filter(pk__in=placed.values("volunteer"))
    joined = TeamMembership.objects.current().filter(team=team)
    return Volunteer.objects.filter(pk__in=joined.values("volunteer"))


def open_for(volunteer: Volunteer) -> QuerySet[Team]:
    """The service teams that a volunteer may join: of the community where he is registered, of its district."""
    home = Registration.objects.confirmed().filter(volunteer=volunteer).first()
    if home is None:
        return Team.objects.none()
    here = Q(organization=home.community_id) | Q(organization=home.district_id)
    return Team.objects.open().filter(here, kind=TeamKind.SERVICE)


def candidates(team: Team) -> QuerySet[Registration]:
    """Whom one may take into a service team: those registered there who are not in it."""
    place = {"community": team.community_id} if team.community_id else {"district": team.district_id}
    inside = TeamMembership.objects.current().filter(team=team).values("volunteer")
    return Registration.objects.confirmed().filter(**place).exclude(volunteer__in=inside)


def within_reach(team: Team) -> QuerySet[Volunteer]:
    """Who is in the team, and whom one may take into it."""
    inside = TeamMembership.objects.current().filter(team=team).values("volunteer")
    may = Q(pk__in=inside) | Q(pk__in=candidates(team).order_by().values("volunteer"))
    return Volunteer.objects.filter(may).select_related("user", "member")


# Founding, changing, closing


def found(
    *,
    by: Any,
    organization: Organization,
    kind: str,
    name: str,
    theme: str = "",
    project: str = "",
    project_text: str = "",
) -> Team:
    """Found a team: a pioneer team at a grid branch, a service team at a community or a district.

    Raises NoPower, RuleViolation (wrong place, a second pioneer team, a name taken, no theme).
    """
    kind = TeamKind(kind)
    with transaction.atomic():
        lock_tree(organization.tree_id)
        lock_row(organization)
        team = Team(organization=organization, kind=kind, created_by=by, founded_on=clock.today())
        team.place_under(organization)
        if not powers.can_keep_team(by, team):
            raise NoPower()
        if organization.tier not in SEATS[kind] or organization.closed_at is not None:
            raise RuleViolation(_where(kind), field="organization")
        _write(team, name=name, theme=theme, project=project, project_text=project_text)
    return team


def edit(team: Team, *, by: Any, **fields: Any) -> Team:
    """Rename a team, or say anew what it does. Raises NoPower, RuleViolation."""
    if unknown := set(fields) - set(EDITABLE):
        raise TypeError(f"a team has no {unknown} to edit")
    with transaction.atomic():
        lock_tree(team.organization.tree_id)
        _lock_kept(team, by)
        _write(team, **fields)
    return team


def close(team: Team, *, by: Any) -> Team:
    """撤销: the memberships end and stay as history. Refused while a whistle for the team is still to be done."""
    with transaction.atomic():
        _lock_kept(team, by)
        ahead = (WhistleState.DRAFT, WhistleState.OPEN, WhistleState.RUNNING)
        if waiting := Whistle.objects.filter(team=team, state__in=ahead).count():
            raise RuleViolation(f"还有 {waiting} 张发给这支队伍的哨单没有结束，请等它们结束或先取消。")
        team.closed_at = clock.now()
        team.save(update_fields=["closed_at"])
        team.memberships.current().update(left_at=team.closed_at)
    return team


# Joining and leaving


def join(team: Team, *, by: Any) -> TeamMembership:
    """A volunteer joins a service team of the place where he is registered; twice gives the same row."""
    volunteer = Volunteer.objects.filter(user=by).first()
    if volunteer is None:
        raise RuleViolation("请先到社区报到，再加入队伍。")
    return _take_in(team, volunteer, by=by)


def add(team: Team, volunteer: Volunteer, *, by: Any) -> TeamMembership:
    """Whoever keeps the team takes somebody in. Raises NoPower, RuleViolation."""
    if not powers.can_keep_team(by, team):
        raise NoPower()
    return _take_in(team, volunteer, by=by)


def leave(team: Team, *, by: Any) -> None:
    """A member leaves; nobody is left in who is not in."""
    volunteer = Volunteer.objects.filter(user=by).first()
    if volunteer is None:
        raise RuleViolation("你不在这支队伍里。")
    _let_out(team, volunteer, "你不在这支队伍里。")


def remove(team: Team, volunteer: Volunteer, *, by: Any) -> None:
    """Whoever keeps the team takes somebody out. Raises NoPower, RuleViolation."""
    if not powers.can_keep_team(by, team):
        raise NoPower()
    _let_out(team, volunteer, "他已经不在这支队伍里了。")


def name(team: Team, volunteer: Volunteer, role: str, *, by: Any) -> TeamMembership:
    """Name a member captain or vice-captain, or make him a plain member again; whoever was it steps back.

    Of a pioneer team nobody is named: branch secretary and first secretary are it by their posts (S3).
    """
    role = TeamRole(role)
    with transaction.atomic():
        lock_row(volunteer)
        _lock_kept(team, by)
        if team.kind == TeamKind.PIONEER:
            raise RuleViolation("先锋队的队长、副队长由网格党支部书记、第一书记担任，随任职变动。")
        current = team.memberships.current().filter(volunteer=volunteer).first()
        if current is None:
            raise RuleViolation("他不在这支队伍里，请先把他加进来。")
        if current.role == role:
            return current
        if role != TeamRole.MEMBER:
            before = team.memberships.current().filter(role=role).first()
            if before is not None:
                _change_role(before, TeamRole.MEMBER, by)
        return _change_role(current, role, by)


def let_go(volunteer: Volunteer, *, home: Registration | None) -> int:
    """Whose registration ended leaves the service teams that are not of his new home; gives how many.

    The caller holds the volunteer's lock.
    """
    rows = TeamMembership.objects.current().filter(volunteer=volunteer)
    if home is not None:
        rows = rows.exclude(team__organization__in=(home.community_id, home.district_id))
    left = sorted(rows.values_list("team", flat=True))
    list(Team.objects.select_for_update().filter(pk__in=left).order_by("pk"))  # teams before memberships
    return rows.filter(team__in=left).update(left_at=clock.now())


# Inside


def _where(kind: TeamKind) -> str:
    if kind == TeamKind.PIONEER:
        return "先锋队建在网格（小区）党支部上，请选一个网格党支部。"
    return "服务队建在社区或区里，请选一个社区（村）或区。"


def _lock_kept(team: Team, by: Any) -> None:
    lock_row(team)
    if not powers.can_keep_team(by, team):
        raise NoPower()
    _refuse_closed(team)


def _refuse_closed(team: Team) -> None:
    if team.closed_at is not None:
        raise RuleViolation(f"“{team.name}”已经撤销了。")


def _write(team: Team, **fields: Any) -> None:
    """Save with the constraints in words; the tree's lock keeps a twin from slipping in between."""
    for each, value in fields.items():
        setattr(team, each, value.strip() if isinstance(value, str) else value)
    if not team.name:
        raise RuleViolation("队伍要有名称。", field="name")
    if team.kind == TeamKind.PIONEER:
        team.theme = ""
    elif not team.theme:
        raise RuleViolation("服务队要选服务方向。", field="theme")
    try:
        team.validate_constraints()
    except ValidationError as error:
        raise RuleViolation(error.messages[0], field="name") from error
    team.save()


def _take_in(team: Team, volunteer: Volunteer, *, by: Any) -> TeamMembership:
    with transaction.atomic():
        lock_row(volunteer)
        lock_row(team)
        _refuse_closed(team)
        if team.kind == TeamKind.PIONEER:
            raise RuleViolation(PIONEERS)
        current = team.memberships.current().filter(volunteer=volunteer).first()
        if current is not None:
            return current
        if not open_for(volunteer).filter(pk=team.pk).exists():
            raise RuleViolation(
                f"先到{team.organization.short_name}报到并经社区确认，才能加入“{team.name}”。"
            )
        return TeamMembership.objects.create(
            team=team, volunteer=volunteer, added_by=by, joined_at=clock.now()
        )


def _let_out(team: Team, volunteer: Volunteer, sentence: str) -> None:
    with transaction.atomic():
        lock_row(volunteer)
        lock_row(team)
        if team.kind == TeamKind.PIONEER:
            raise RuleViolation("先锋队随编入的网格而定，调整网格就换了队，不能单独退出。")
        if not team.memberships.current().filter(volunteer=volunteer).update(left_at=clock.now()):
            raise RuleViolation(sentence)


def _change_role(row: TeamMembership, role: TeamRole, by: Any) -> TeamMembership:
    """History: the row ends, another one begins at the same moment."""
    row.left_at = clock.now()
    row.save(update_fields=["left_at"])
    return TeamMembership.objects.create(
        team_id=row.team_id, volunteer_id=row.volunteer_id, role=role, added_by=by, joined_at=row.left_at
    )

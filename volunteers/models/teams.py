"""队伍: pioneer teams of the grids (S3) and themed service teams (D11)."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from ground import clock
from organizations.models import Organization, Placed
from organizations.posts import Power
from volunteers.models.people import Registration, Volunteer
from volunteers.states import TeamKind, TeamRole, TeamTheme

USER = settings.AUTH_USER_MODEL


class TeamQuerySet(models.QuerySet["Team"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def of(self, user: Any) -> Self:
        """The open teams somebody belongs to: by membership, or (pioneers) by the grid he is registered in."""
        joined = TeamMembership.objects.current().filter(team=OuterRef("pk"), volunteer__user=user)
        placed = Registration.objects.confirmed().filter(
            volunteer__user=user, grid__branch=OuterRef("organization")
        )
        return self.open().filter(
            Q(Exists(joined), kind=TeamKind.SERVICE) | Q(Exists(placed), kind=TeamKind.PIONEER)
        )

    def in_sight_of_staff(self, user: Any) -> Self:
        """Those of the nodes whose tree one sees, and of the branch where one is secretary."""
        from organizations.scope import scope_of

        scope = scope_of(user)
        own = scope.seats(Power.REGISTRY_NAMES)
        return self.filter(scope.rows(Power.TREE_SEE) | Q(organization__in=own))

    def near(self, user: Any) -> Self:
        """One's own, and the service teams of the place where one is registered: to join them."""
        if not user.is_authenticated:
            return self.none()
        homes = Registration.objects.confirmed().filter(volunteer__user=user)
        here = Q(organization__in=homes.values("community")) | Q(organization__in=homes.values("district"))
        mine = self.model.objects.of(user).order_by().values("pk")
        return self.filter(Q(pk__in=mine) | (here & Q(kind=TeamKind.SERVICE)))

    def visible_to(self, user: Any) -> Self:
        """Those near a volunteer, and those in sight of staff."""
        if not user.is_authenticated:
            return self.none()
        near = self.model.objects.near(user).order_by().values("pk")
        staff = self.model.objects.in_sight_of_staff(user).order_by().values("pk")
        return self.filter(Q(pk__in=near) | Q(pk__in=staff))


class Team(Placed):
    """先锋队 or 服务队. Changed by `volunteers.joining.teams` only.

    A pioneer team belongs to a grid branch: its members are those registered in the branch's grids, its captain
    the branch's secretary, its vice-captain the first secretary (S3). A service team belongs to a community or
    a district; its members joined, its captains are named (D11).
    """

    organization = models.ForeignKey(
        Organization, verbose_name="所属党组织", on_delete=models.PROTECT, related_name="teams"
    )
    kind = models.CharField("类别", max_length=8, choices=TeamKind)
    name = models.CharField("名称", max_length=40)
    theme = models.CharField("服务方向", max_length=12, choices=TeamTheme, blank=True)
    project = models.CharField("品牌项目", max_length=30, blank=True)
    project_text = models.CharField("项目说明", max_length=300, blank=True)
    founded_on = models.DateField("成立", default=clock.today)
    closed_at = models.DateTimeField("撤销", null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        USER, verbose_name="谁建的", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "队伍"
        ordering = ["kind", "organization_id", "id"]
        indexes = [models.Index(fields=["community", "kind"]), models.Index(fields=["district", "kind"])]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(kind="pioneer", closed_at=None),
                name="team_one_pioneer_a_branch",
                violation_error_message="这个网格党支部已有先锋队。",
            ),
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=Q(closed_at=None),
                name="team_name_once",
                violation_error_message="这里已有同名的队伍。",
            ),
            models.CheckConstraint(
                condition=Q(kind="pioneer", theme="") | (Q(kind="service") & ~Q(theme="")),
                name="team_service_has_a_theme",
                violation_error_message="服务队要选服务方向。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TeamMembershipQuerySet(models.QuerySet["TeamMembership"]):
    def current(self) -> Self:
        return self.filter(left_at=None)


class TeamMembership(models.Model):
    """Somebody in a service team, from one day to another; the rows that ended are the history."""

    team = models.ForeignKey(Team, verbose_name="队伍", on_delete=models.PROTECT, related_name="memberships")
    volunteer = models.ForeignKey(
        Volunteer, verbose_name="队员", on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField("职务", max_length=8, choices=TeamRole, default=TeamRole.MEMBER)
    joined_at = models.DateTimeField("加入", default=clock.now)
    left_at = models.DateTimeField("离开", null=True, blank=True)
    added_by = models.ForeignKey(USER, verbose_name="经办", on_delete=models.PROTECT, related_name="+")

    objects = TeamMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "队员"
        ordering = ["team_id", "role", "joined_at", "id"]
        indexes = [models.Index(fields=["volunteer", "left_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "volunteer"],
                condition=Q(left_at=None),
                name="team_member_once",
                violation_error_message="已经在这支队伍里了。",
            ),
            models.UniqueConstraint(
                fields=["team", "role"],
                condition=Q(left_at=None) & ~Q(role="member"),
                name="team_one_captain_one_vice",
                violation_error_message="这支队伍已有人担任这个职务。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} {self.get_role_display()}"

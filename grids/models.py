"""The territory: grids, who looks after them, compounds, buildings, and where members live."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from grids.edges import EdgeField, geometry_of
from ground import clock
from ground.geo import Point
from organizations.models import Appointment, Member, Organization, Placed, in_term
from organizations.posts import Power

USER = settings.AUTH_USER_MODEL


class ScopedQuerySet(models.QuerySet):
    """Rows with scope columns and a grid: seen by whoever has the tree in sight there."""

    grid_column = "grid"

    def visible_to(self, user: Any) -> Self:
        from grids.scope import reach

        return self.filter(reach(user, Power.TREE_SEE, grid=self.grid_column))


class GridQuerySet(ScopedQuerySet):
    grid_column = "pk"


class Grid(Placed):
    """网格: 1 = the community, 2 = a residents' group or compound, 3 = a building or staircase (S2)."""

    class Tier(models.IntegerChoices):
        FIRST = 1, "一级"
        SECOND = 2, "二级"
        THIRD = 3, "三级"

    tier = models.PositiveSmallIntegerField("级别", choices=Tier)
    code = models.CharField("网格编号", max_length=24, unique=True)
    name = models.CharField("名称", max_length=40)
    parent = models.ForeignKey(
        "self",
        verbose_name="上级网格",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    branch = models.ForeignKey(
        Organization,
        verbose_name="网格党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grids",
        help_text="建在这个网格上的党组织；空着就是还没有覆盖。",
    )
    boundary = models.JSONField(
        "边界", null=True, blank=True, help_text="GeoJSON Polygon，WGS-84；可以以后再画。"
    )
    west, south = EdgeField("西", side=0), EdgeField("南", side=1)
    east, north = EdgeField("东", side=2), EdgeField("北", side=3)

    objects = GridQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格"
        ordering = ["code"]
        indexes = [
            models.Index(fields=["community", "tier"]),
            models.Index(
                fields=["west", "south", "east", "north"],
                condition=Q(west__isnull=False),
                name="grid_box",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(tier=1, parent=None) | (Q(tier__gt=1) & Q(parent__isnull=False)),
                name="grid_below_first_has_parent",
                violation_error_message="二级、三级网格要填上级网格，一级网格没有上级。",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.boundary and geometry_of(self.boundary) is None:
            raise ValidationError({"boundary": "边界应是不自交的 GeoJSON Polygon（经度在前，WGS-84）。"})
        if self.parent is not None and self.parent.tier >= self.tier:
            raise ValidationError({"parent": "上级网格的级别要高于本网格。"})


class GridDutyQuerySet(models.QuerySet["GridDuty"]):
    def in_force(self, on: date | None = None) -> Self:
        """Those that hold on that day (default today): a duty never outlives the appointment it hangs on."""
        return self.filter(in_term(on), in_term(on, "appointment__"))

    def visible_to(self, user: Any) -> Self:
        from grids.scope import reach

        return self.filter(reach(user, Power.TREE_SEE, prefix="grid__", grid="pk"))


class GridDuty(models.Model):
    """网格任务分工: which grids a grid worker looks after, on the A or the B post (N6)."""

    class Part(models.TextChoices):
        A = "A", "A 岗"
        B = "B", "B 岗"

    appointment = models.ForeignKey(
        Appointment, verbose_name="任职", on_delete=models.PROTECT, related_name="grid_duties"
    )
    grid = models.ForeignKey(Grid, verbose_name="网格", on_delete=models.PROTECT, related_name="duties")
    part = models.CharField("岗", max_length=1, choices=Part, default=Part.A)
    begins_on = models.DateField("起", default=clock.today)
    ends_on = models.DateField("止", null=True, blank=True, help_text="从这一天起不再负责。")

    objects = GridDutyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格分工"
        ordering = ["grid_id", "part"]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "part"],
                condition=Q(ends_on=None),
                name="grid_duty_one_per_part",
                violation_error_message="这个网格的这个岗已经有人了，请先结束原来的分工。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")),
                name="grid_duty_ends_after_it_begins",
                violation_error_message="分工的止日不能早于起日。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid} {self.get_part_display()}"


class Compound(Placed):
    """小区: a residential compound."""

    name = models.CharField("名称", max_length=60)
    grid = models.ForeignKey(
        Grid, verbose_name="网格", on_delete=models.PROTECT, null=True, blank=True, related_name="compounds"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "小区"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "name"],
                name="compound_name_once",
                violation_error_message="本社区已有同名小区。",
            )
        ]

    def __str__(self) -> str:
        return self.name


def new_qr_token() -> str:
    """A random token for a building's QR code; it can be replaced at any time and means nothing by itself."""
    return secrets.token_urlsafe(12)


class Building(Placed):
    """楼栋: where most requests happen. Its QR code opens the request form with the place filled in."""

    code = models.CharField("楼栋编码", max_length=24, unique=True)
    name = models.CharField("名称", max_length=60)
    compound = models.ForeignKey(
        Compound,
        verbose_name="小区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="buildings",
    )
    grid = models.ForeignKey(Grid, verbose_name="网格", on_delete=models.PROTECT, related_name="buildings")
    group = models.ForeignKey(
        Organization,
        verbose_name="楼栋党小组",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="buildings",
    )
    floors = models.PositiveSmallIntegerField("层数", null=True, blank=True)
    staircases = models.PositiveSmallIntegerField("单元数", null=True, blank=True)
    lng = models.FloatField("经度", null=True, blank=True, help_text="WGS-84")
    lat = models.FloatField("纬度", null=True, blank=True, help_text="WGS-84")
    qr_token = models.CharField(
        "二维码口令", max_length=24, unique=True, default=new_qr_token, editable=False
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "楼栋"
        ordering = ["code"]
        indexes = [models.Index(fields=["community", "name"]), models.Index(fields=["lat", "lng"])]

    def __str__(self) -> str:
        return self.name

    @property
    def point(self) -> Point | None:
        return Point(self.lng, self.lat) if self.lng is not None and self.lat is not None else None


class HomeQuerySet(models.QuerySet["Home"]):
    def visible_to(self, user: Any) -> Self:
        """The homes of the members in sight, and those in buildings whose registry is."""
        from grids.scope import reach

        members = Member.objects.visible_to(user).order_by().values("pk")
        return self.filter(Q(member__in=members) | reach(user, Power.REGISTRY_SEE, prefix="building__"))


class Home(models.Model):
    """Where a member lives: the compound and building of 四清楚 (D2)."""

    member = models.OneToOneField(Member, verbose_name="党员", on_delete=models.CASCADE, related_name="home")
    compound = models.ForeignKey(
        Compound, verbose_name="小区", on_delete=models.PROTECT, null=True, blank=True, related_name="homes"
    )
    building = models.ForeignKey(
        Building, verbose_name="楼栋", on_delete=models.PROTECT, null=True, blank=True, related_name="homes"
    )
    lng = models.FloatField("经度", null=True, blank=True, help_text="WGS-84")
    lat = models.FloatField("纬度", null=True, blank=True, help_text="WGS-84")

    objects = HomeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员住处"

    def __str__(self) -> str:
        return str(self.building or self.compound or "未登记")

    @property
    def point(self) -> Point | None:
        if self.lng is not None and self.lat is not None:
            return Point(self.lng, self.lat)
        return self.building.point if self.building else None

"""网格: the territory in three tiers, who looks after it, and who steps in (S2, N6)."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from grids.edges import EdgeField, geometry_of
from ground import clock
from organizations.models import Appointment, Organization, Placed, in_term
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

    class Housing(models.TextChoices):
        BLOCKS = "blocks", "楼宇"
        SELF_BUILT = "self_built", "自建房"

    tier = models.PositiveSmallIntegerField("级别", choices=Tier)
    housing = models.CharField(
        "住房",
        max_length=10,
        choices=Housing,
        default=Housing.BLOCKS,
        help_text="网格多大算合适，按住房分别规定。",
    )
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


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def in_force(self, on: date | None = None) -> Self:
        """Those that hold on that day (default today)."""
        return self.filter(in_term(on))

    def visible_to(self, user: Any) -> Self:
        return self.filter(appointment__in=Appointment.objects.visible_to(user).order_by().values("pk"))


class Absence(models.Model):
    """离岗: from when to when the holder of a grid post is away. Meanwhile the B post has the work (N6)."""

    appointment = models.ForeignKey(
        Appointment, verbose_name="任职", on_delete=models.PROTECT, related_name="absences"
    )
    begins_on = models.DateField("离岗日期", default=clock.today)
    ends_on = models.DateField(
        "回岗日期", null=True, blank=True, help_text="从这一天起回到岗位；不确定可以空着。"
    )
    reason = models.CharField(
        "事由", max_length=60, blank=True, help_text="如：年假、培训、外出。不要写病情。"
    )
    noted_by = models.ForeignKey(
        USER, verbose_name="登记人", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "离岗交接"
        ordering = ["-begins_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("begins_on")),
                name="absence_ends_after_it_begins",
                violation_error_message="回岗日期要晚于离岗日期。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.appointment} {self.begins_on}"

"""What dashboards read: figures added up beforehand, patterns among requests, saved views."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from grids.models import Building, Compound, Grid
from ground import clock
from organizations.models import Organization, Placed
from requests.models import Category, ServiceRequest

USER = settings.AUTH_USER_MODEL


class Rollup(models.Model):
    """What happened in one place on one day, one month or one year: counts that add up (`dashboards.measures`).

    `place` is a key of `dashboards.places`; `figures`: measure → whole number, nothing that is 0. Of requests
    it is those submitted on the day, as they stand at the last round. Written by `dashboards.rolling` only.
    """

    class Span(models.TextChoices):
        DAY = "day", "日"
        MONTH = "month", "月"
        YEAR = "year", "年"

    place = models.CharField("地方", max_length=20)
    span = models.CharField("跨度", max_length=5, choices=Span)
    starts_on = models.DateField("起")
    figures = models.JSONField("数字", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "汇总"
        indexes = [models.Index(fields=["span", "starts_on"])]
        constraints = [models.UniqueConstraint(fields=["place", "span", "starts_on"], name="rollup_once")]

    def __str__(self) -> str:
        return f"{self.place} {self.span} {self.starts_on}"


class Standing(models.Model):
    """How one place stood at the end of a day, today: at the last round. What is there, not what happened.

    One row for each `kind`, because they change at different paces. Days that are over stay as they were.
    """

    class Kind(models.TextChoices):
        WORK = "work", "在办"
        PEOPLE = "people", "党员"
        REGISTRY = "registry", "台账"

    place = models.CharField("地方", max_length=20)
    kind = models.CharField("种类", max_length=8, choices=Kind)
    day = models.DateField("日期")
    figures = models.JSONField("数字", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "现状"
        indexes = [models.Index(fields=["kind", "day"])]
        constraints = [models.UniqueConstraint(fields=["place", "kind", "day"], name="standing_once")]

    def __str__(self) -> str:
        return f"{self.place} {self.kind} {self.day}"


class RollupState(models.Model):
    """How far the rollups are, and who is at work on them: one row (`dashboards.rolling.holding`)."""

    as_of = models.DateTimeField("截至", null=True, blank=True)
    full_at = models.DateTimeField("全部重算于", null=True, blank=True)
    signs = models.JSONField(
        "凭据", default=dict, help_text="上次所依据的组织树、网格和人员的摘要；变了就要重算。"
    )
    holder = models.CharField("正在算的", max_length=36, blank=True)
    held_until = models.DateTimeField("算到何时为止", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "汇总进度"

    def __str__(self) -> str:
        return f"{self.as_of}"


class PatternQuerySet(models.QuerySet["Pattern"]):
    def proposed(self) -> Self:
        return self.filter(state=Pattern.State.PROPOSED)

    def visible_to(self, user: Any) -> Self:
        """Of the communities whose totals are in sight."""
        from grids.scope import reach
        from organizations.posts import Power

        return self.filter(reach(user, Power.TREE_SEE))


class Pattern(Placed):
    """未诉先办: the same thing is asked for again and again in one building or compound.

    Found by beat (`dashboards.patterns`); the community files one request for the cause, or says why not.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "待处理"
        FILED = "filed", "已立项"
        DISMISSED = "dismissed", "不立项"
        FADED = "faded", "已消退"

    building = models.ForeignKey(
        Building, verbose_name="楼栋", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    compound = models.ForeignKey(
        Compound, verbose_name="小区", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    grid = models.ForeignKey(
        Grid, verbose_name="网格", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    category = models.ForeignKey(Category, verbose_name="类别", on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField("件数")
    people = models.PositiveIntegerField("提出的人")
    weeks = models.PositiveSmallIntegerField("周数", help_text="在多少周里出现。")
    first_at = models.DateTimeField("最早一件")
    last_at = models.DateTimeField("最近一件")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PROPOSED)
    found_at = models.DateTimeField("发现", default=clock.now)
    told_on = models.DateField("告诉社区", null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        USER, verbose_name="谁决定", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField("决定", null=True, blank=True)
    reason = models.CharField("理由", max_length=100, blank=True)
    service_request = models.OneToOneField(
        ServiceRequest,
        verbose_name="立项的点单",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pattern",
    )

    objects = PatternQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "未诉先办线索"
        ordering = ["-count", "-last_at", "-id"]
        indexes = [
            models.Index(fields=["community", "state", "-count"]),
            models.Index(fields=["street", "state", "-count"]),
            models.Index(fields=["district", "state", "-count"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(building__isnull=False, compound=None) | Q(building=None, compound__isnull=False),
                name="pattern_of_one_place",
            ),
            models.CheckConstraint(
                condition=Q(state="filed", service_request__isnull=False)
                | (~Q(state="filed") & Q(service_request=None)),
                name="pattern_filed_as_a_request",
            ),
            models.UniqueConstraint(
                fields=["building", "category"], condition=Q(state="proposed"), name="pattern_once_a_building"
            ),
            models.UniqueConstraint(
                fields=["compound", "category"], condition=Q(state="proposed"), name="pattern_once_a_compound"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_name} {self.category} {self.count} 件"

    @property
    def place_name(self) -> str:
        place = self.building or self.compound
        return place.name if place else ""

    @property
    def span_in_words(self) -> str:
        """From the first request to the last: 当天, 9 天里, 3 周里."""
        days = (clock.day_of(self.last_at) - clock.day_of(self.first_at)).days + 1
        return f"{-(-days // 7)} 周里" if days > 13 else f"{days} 天里"


class SavedView(models.Model):
    """A dashboard that somebody comes back to: a node, a period, a figure. With `has_digest` it comes by itself,
    once a week, into the inbox."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField("名称", max_length=20)
    organization = models.ForeignKey(
        Organization,
        verbose_name="看哪里",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="空着是全市。",
    )
    query = models.CharField(
        "条件", max_length=200, blank=True, help_text="时段和图上的数字，如 period=month。"
    )
    has_digest = models.BooleanField("每周一发到消息", default=False)
    sent_on = models.DateField("最近一次周报", null=True, blank=True, editable=False)
    made_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "常看的看板"
        ordering = ["made_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="saved_view_name_once",
                violation_error_message="已经有同名的了，换一个名称。",
            )
        ]

    def __str__(self) -> str:
        return self.name

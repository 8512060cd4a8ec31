"""活动汇总 (S10): one workbook on its way to whoever asked for it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock
from organizations.models import Organization, Unit

USER = settings.AUTH_USER_MODEL


class SummaryJobQuerySet(models.QuerySet["SummaryJob"]):
    def visible_to(self, user: Any) -> Self:
        """One's own: a file holds what its maker was allowed to see."""
        return self.filter(by=user) if user.is_authenticated else self.none()


class SummaryJob(models.Model):
    """A summary of a node or a unit over [first_day, last_day], written by a worker, fetched later as a file.

    `began_at` is the lease of the worker that has it; `rows` of `total` are written. The file lies sealed and is
    removed after some days.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        WRITING = "writing", "正在生成"
        DONE = "done", "可以下载"
        FAILED = "failed", "没有生成"
        EXPIRED = "expired", "已删除"

    OPEN = (State.WAITING, State.WRITING)

    organization = models.ForeignKey(
        Organization, verbose_name="范围", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(
        Unit, verbose_name="单位", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    first_day = models.DateField("从")
    last_day = models.DateField("到")
    with_names = models.BooleanField("含姓名", default=False, help_text="按申请人当时的权限定。")
    by = models.ForeignKey(USER, verbose_name="申请人", on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField("客户端键", unique=True, editable=False)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    sentence = models.CharField("说明", max_length=200, blank=True)
    rows = models.PositiveIntegerField("已写行数", default=0)
    total = models.PositiveIntegerField("总行数", default=0)
    file = models.FileField("文件", upload_to="summaries/", blank=True)
    made_at = models.DateTimeField("申请时间", default=clock.now)
    began_at = models.DateTimeField("开始时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    takeovers = models.PositiveSmallIntegerField("接手次数", default=0, editable=False)

    objects = SummaryJobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "活动汇总"
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index(fields=["by", "-made_at"]),
            models.Index(
                fields=["began_at"], condition=Q(state__in=["waiting", "writing"]), name="summary_to_write"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(organization__isnull=False, unit=None) | Q(organization=None, unit__isnull=False),
                name="summary_of_one_place",
                violation_error_message="请选一个党组织或一个单位。",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=models.F("first_day")),
                name="summary_days_in_order",
                violation_error_message="结束日期不能早于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization or self.unit} {self.first_day}–{self.last_day}"

    @property
    def place(self) -> Organization | Unit:
        place = self.unit or self.organization
        assert place is not None  # noqa: S101 - the database has one of the two
        return place

    @property
    def place_name(self) -> str:
        return self.place.short_name if isinstance(self.place, Organization) else self.place.name

    @property
    def title(self) -> str:
        """花城社区 2026年11月1日至30日, as short as it is clear."""
        first, last = self.first_day, self.last_day
        if first == last:
            days = f"{first.year}年{first.month}月{first.day}日"
        elif (first.year, first.month) == (last.year, last.month):
            days = f"{first.year}年{first.month}月{first.day}日至{last.day}日"
        elif first.year == last.year:
            days = f"{first.year}年{first.month}月{first.day}日至{last.month}月{last.day}日"
        else:
            days = f"{first.year}年{first.month}月{first.day}日至{last.year}年{last.month}月{last.day}日"
        return f"{self.place_name} {days}"

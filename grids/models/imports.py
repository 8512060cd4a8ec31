"""导入: one uploaded sheet on its way into the registry, and what was found in it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of

USER = settings.AUTH_USER_MODEL


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def visible_to(self, user: Any) -> Self:
        """Those of the communities whose whole registry the user changes: grid workers have none."""
        return self.filter(community__in=scope_of(user).seats(Power.REGISTRY_CHANGE))


class ImportJob(models.Model):
    """A file, where it stands, and its figures. The file lies sealed and is deleted when the job has ended.

    `counts`: rows, bad, unless_retired (bad rows that are right once vanished people are retired), new, changed,
    moved, back, unchanged, vanished, dwellings, households, buildings, compounds, skipped.
    `digest` is a keyed hash of the content: the same sheet is on its way once. `began_at` is also the lease of the
    worker that has the job; it is empty while nobody has.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        CHECKING = "checking", "正在预检"
        CHECKED = "checked", "待确认"
        LOADING = "loading", "正在写入"
        DONE = "done", "已导入"
        FAILED = "failed", "读不了"
        CANCELLED = "cancelled", "已取消"

    #: Somebody still waits for something; the file is kept.
    OPEN = (State.WAITING, State.CHECKING, State.CHECKED, State.LOADING)

    community = models.ForeignKey(
        Organization, verbose_name="社区", on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(USER, verbose_name="经办", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(
        USER, verbose_name="确认", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    name = models.CharField("文件名", max_length=120)
    file = models.FileField("文件", upload_to="imports/", blank=True)
    digest = models.CharField(max_length=64, editable=False, blank=True)
    mapping = models.JSONField("列对应", default=dict, blank=True)
    good_rows_only = models.BooleanField("只导入没有问题的行", default=False)
    retire_vanished = models.BooleanField("表里没有的人记为迁出", default=False)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    sentence = models.CharField("说明", max_length=200, blank=True)
    counts = models.JSONField("数量", default=dict, blank=True)
    made_at = models.DateTimeField("上传时间", default=clock.now)
    began_at = models.DateTimeField("开始时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    takeovers = models.PositiveSmallIntegerField("接手次数", default=0, editable=False)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导入"
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "digest"],
                condition=Q(state__in=["waiting", "checking", "checked", "loading"]) & ~Q(digest=""),
                name="import_once_at_a_time",
                violation_error_message="这个文件正在导入。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.get_state_display()}"


class ImportFindingQuerySet(models.QuerySet["ImportFinding"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(job__in=ImportJob.objects.visible_to(user).order_by().values("pk"))


class ImportFinding(models.Model):
    """What a row of the sheet has that must be put right, or what it would change. Values are masked."""

    class Kind(models.TextChoices):
        BAD = "bad", "要改"
        CHANGED = "changed", "有变化"
        MOVED = "moved", "搬动"
        VANISHED = "vanished", "表里没有"
        SKIPPED = "skipped", "跳过"

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="findings")
    resident = models.ForeignKey(
        "grids.Resident", on_delete=models.SET_NULL, null=True, related_name="+", help_text="已在册的人"
    )
    kind = models.CharField("种类", max_length=8, choices=Kind)
    sheet = models.CharField("工作表", max_length=40, blank=True)
    row = models.PositiveIntegerField("行", null=True)
    column = models.CharField("列", max_length=40, blank=True)
    code = models.CharField("问题", max_length=24, blank=True)
    value = models.CharField("内容", max_length=40, blank=True, help_text="已遮盖")
    sentence = models.CharField("怎么改", max_length=200)

    objects = ImportFindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导入结果"
        ordering = ["job", "kind", "sheet", "row", "id"]
        indexes = [models.Index(fields=["job", "kind", "id"])]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row}"

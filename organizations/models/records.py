"""The city's own calendar days, and the log of who looked at whose personal data."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q

from ground import clock
from ground.history import AppendOnly, AppendOnlyQuerySet
from organizations.models.tree import Organization
from organizations.posts import Power
from organizations.scope import scope_of

USER = settings.AUTH_USER_MODEL


class WorkdayOverride(models.Model):
    """A day on which the city's calendar differs from the statutory one, or which that does not know yet."""

    day = models.DateField("日期", unique=True)
    is_workday = models.BooleanField("上班")
    reason = models.CharField("说明", max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "工作日调整"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {'上班' if self.is_workday else '放假'}"


class AccessLogQuerySet(AppendOnlyQuerySet):
    def of_personal_data(self) -> Self:
        """Without the tables that hold none: they count for no limit, and are no first export."""
        return self.exclude(field=AccessLogEntry.NOTHING_PERSONAL)

    def visible_to(self, user: Any) -> Self:
        nodes = scope_of(user).organizations(Organization.objects.order_by(), Power.ACCESS_LOG)
        return self.filter(organization__in=nodes.values("pk"))


class AccessLogEntry(AppendOnly):
    """Who looked at whose personal data, and why (RULES 5). Holds ids, never the data."""

    class Action(models.TextChoices):
        REVEAL = "reveal", "查看"
        EXPORT = "export", "导出"
        ERASE = "erase", "删除"

    class Why(models.TextChoices):
        """What is unusual about it; `organizations.unusual` says when."""

        BURST = "burst", "短时间内次数多"
        SAME_SUBJECT = "same_subject", "反复查看同一对象"
        NEAR_LIMIT = "near_limit", "接近每日上限"
        OUT_OF_HOURS = "out_of_hours", "夜间"
        LARGE_EXPORT = "large_export", "导出数量大"
        FIRST_EXPORT = "first_export", "首次导出"

    #: What `field` says of a table without personal data (`access.record_table`).
    NOTHING_PERSONAL = "不含个人信息"

    by = models.ForeignKey(USER, verbose_name="谁", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=clock.now)
    action = models.CharField("动作", max_length=20, choices=Action)
    subject = models.CharField(
        "对象", max_length=60, help_text="型号与主键，如 requests.servicerequest:42；导出时是内容的名称"
    )
    field = models.CharField("字段", max_length=60, help_text="一个或几个字段名，用逗号隔开")
    reason = models.CharField("理由", max_length=100)
    rows = models.PositiveIntegerField("行数", null=True, blank=True, help_text="导出的行数")
    is_unusual = models.BooleanField("异常", default=False)
    why_unusual = models.CharField("异常原因", max_length=20, choices=Why, blank=True)
    organization = models.ForeignKey(
        Organization, verbose_name="所在", on_delete=models.PROTECT, related_name="+"
    )

    objects = AccessLogQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "查看记录"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["by", "-at"]),
            models.Index(fields=["organization", "-at"]),
            # Unusual ones are few, and the filter on them must not read the whole log of a city.
            models.Index(fields=["-at", "-id"], condition=Q(is_unusual=True), name="access_unusual"),
        ]

    def __str__(self) -> str:
        return f"{self.by_id} {self.action} {self.subject}"

    @property
    def subject_words(self) -> str:
        """The subject as people call it: 点单 42; for an export the name of what was exported."""
        model, number = self._subject_model
        return f"{model._meta.verbose_name} {number}" if model else self.subject

    @property
    def field_words(self) -> str:
        """The fields as people call them: 手机号、证件号码."""
        model, _ = self._subject_model
        return "、".join(_field_words(model, name) for name in self.field.split(",") if name)

    @property
    def _subject_model(self) -> tuple[type[models.Model] | None, str]:
        label, _, number = self.subject.partition(":")
        try:
            return apps.get_model(label), number
        except (LookupError, ValueError):
            return None, ""


#: Fields that are looked at through another row (a request shows the number of whoever asked).
_BORROWED = {"phone": "手机号"}


def _field_words(model: type[models.Model] | None, name: str) -> str:
    try:
        return str(model._meta.get_field(name).verbose_name) if model else name  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return _BORROWED.get(name, name)

"""The city's own calendar days, and the log of who looked at whose personal data."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models

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
    def visible_to(self, user: Any) -> Self:
        nodes = scope_of(user).organizations(Organization.objects.order_by(), Power.ACCESS_LOG)
        return self.filter(organization__in=nodes.values("pk"))


class AccessLogEntry(AppendOnly):
    """Who looked at whose personal data, and why (RULES 5). Holds ids, never the data."""

    by = models.ForeignKey(USER, verbose_name="谁", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=clock.now)
    action = models.CharField("动作", max_length=20)
    subject = models.CharField("对象", max_length=60, help_text="型号与主键，如 requests.servicerequest:42")
    field = models.CharField("字段", max_length=20)
    reason = models.CharField("理由", max_length=100)
    organization = models.ForeignKey(
        Organization, verbose_name="所在", on_delete=models.PROTECT, related_name="+"
    )

    objects = AccessLogQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "查看记录"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["by", "-at"]), models.Index(fields=["organization", "-at"])]

    def __str__(self) -> str:
        return f"{self.by_id} {self.action} {self.subject}"

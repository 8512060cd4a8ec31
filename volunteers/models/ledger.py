"""The service ledger (服务台账), and its sums by quarter."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock
from ground.history import AppendOnly, AppendOnlyQuerySet
from organizations.models import Placed, Unit
from organizations.posts import Power
from requests.states import DutyArea
from volunteers.models.claims import Claim
from volunteers.models.people import Volunteer
from volunteers.models.whistles import Whistle
from volunteers.states import Attested, EntryKind

USER = settings.AUTH_USER_MODEL


class LedgerEntryQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own; those of the communities where one credits; those of people of one's own unit."""
        from organizations.scope import scope_of

        if not user.is_authenticated:
            return self.none()
        scope = scope_of(user)
        return self.filter(Q(volunteer__user=user) | scope.rows(Power.CREDIT) | scope.own_units("unit"))


class LedgerEntry(AppendOnly, Placed):
    """服务台账: minutes credited to a volunteer, or their correction. Balances are sums of entries (RULES 2)."""

    volunteer = models.ForeignKey(
        Volunteer, verbose_name="谁", on_delete=models.PROTECT, related_name="entries"
    )
    claim = models.ForeignKey(Claim, verbose_name="接单", on_delete=models.PROTECT, related_name="entries")
    whistle = models.ForeignKey(
        Whistle, verbose_name="哨单", on_delete=models.PROTECT, related_name="entries"
    )
    unit = models.ForeignKey(
        Unit, verbose_name="单位", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField("记账", max_length=10, choices=EntryKind, default=EntryKind.CREDIT)
    minutes = models.IntegerField("分钟", help_text="更正和冲销可以是负数。")
    off_hours_minutes = models.IntegerField("其中八小时外")
    duty_area = models.CharField("职责领域", max_length=12, choices=DutyArea)
    attested = models.CharField("依据", max_length=12, choices=Attested)
    reason = models.CharField("理由", max_length=100, blank=True)
    served_at = models.DateTimeField("服务时间", help_text="哨单的开始时间；统计按它归到月份。")
    by = models.ForeignKey(USER, verbose_name="认定人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("认定时间", default=clock.now)

    objects = LedgerEntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "服务台账"
        ordering = ["-served_at", "-id"]
        indexes = [
            models.Index(fields=["volunteer", "-served_at"]),
            models.Index(fields=["district", "served_at"]),
            models.Index(fields=["community", "served_at"]),
            models.Index(fields=["unit", "served_at"]),
            models.Index(fields=["served_at"]),
            models.Index(fields=["at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["claim"],
                condition=Q(kind="credit"),
                name="ledger_one_credit_a_claim",
                violation_error_message="这次服务已经认定过了。",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", minutes__gte=1, off_hours_minutes__gte=0) | ~Q(kind="credit"),
                name="ledger_credit_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} {self.minutes} 分钟"


class ServiceBalanceQuerySet(models.QuerySet["ServiceBalance"]):
    def visible_to(self, user: Any) -> Self:
        """Those of the volunteers in sight: oneself, one's registered ones, people of one's own unit."""
        return self.filter(volunteer__in=Volunteer.objects.visible_to(user).order_by().values("pk"))


class ServiceBalance(models.Model):
    """The sums of one volunteer's ledger entries in one quarter: what quotas and lists of who is behind read.

    Written with the entry, under the volunteer's lock, anew from the entries (`volunteers.accounting.ledger`);
    `manage.py check_ledger` proves it.
    """

    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="balances")
    quarter = models.DateField("季度首日")
    minutes = models.IntegerField("分钟")
    off_hours_minutes = models.IntegerField("其中八小时外")
    times = models.PositiveIntegerField("次数")
    off_hours_times = models.PositiveIntegerField("其中八小时外次数")

    objects = ServiceBalanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "服务合计"
        ordering = ["volunteer_id", "quarter"]
        constraints = [models.UniqueConstraint(fields=["volunteer", "quarter"], name="balance_once")]

    def __str__(self) -> str:
        return f"{self.quarter} {self.minutes} 分钟"

"""The service ledger (服务台账) and the boards drawn from it (排行榜)."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock
from ground.history import AppendOnly, AppendOnlyQuerySet
from organizations.models import Organization, Placed, Unit
from organizations.posts import Power
from requests.states import DutyArea
from volunteers.models.people import Volunteer
from volunteers.models.whistles import Claim, Whistle
from volunteers.states import Attested, Period

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
    minutes = models.IntegerField("分钟")
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
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} {self.minutes} 分钟"


class Board(models.Model):
    """排行榜: members of a district in a period, as last computed (S11)."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="boards")
    period = models.CharField("周期", max_length=8, choices=Period)
    starts_on = models.DateField("起")
    refreshed_at = models.DateTimeField("更新")
    #: The newest ledger entry and rating that are counted in it: unchanged means nothing to do.
    counted_to = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "排行榜"
        constraints = [
            models.UniqueConstraint(fields=["organization", "period", "starts_on"], name="board_once")
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.get_period_display()}"


class BoardRow(models.Model):
    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="rows")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveIntegerField("名次")
    previous_rank = models.PositiveIntegerField("上次名次", null=True, blank=True)
    score = models.DecimalField("得分", max_digits=9, decimal_places=2)
    minutes = models.PositiveIntegerField("分钟")
    times = models.PositiveIntegerField("次数")
    mean_rating = models.DecimalField("平均评价", max_digits=3, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "排行榜名次"
        ordering = ["board_id", "rank"]
        indexes = [models.Index(fields=["board", "rank"])]
        constraints = [models.UniqueConstraint(fields=["board", "volunteer"], name="board_row_once")]

    def __str__(self) -> str:
        return f"{self.rank} {self.volunteer}"

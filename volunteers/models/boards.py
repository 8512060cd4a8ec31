"""排行榜 (S11): boards as last computed, what makes them stale, their daily closings, and the stars of the month."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ground import clock
from organizations.models import Organization, Unit
from volunteers.models.people import Volunteer
from volunteers.states import BoardKind, Period


class Board(models.Model):
    """One of the five boards in one month, quarter or year, as last computed. The city's has no organization."""

    kind = models.CharField("榜", max_length=20, choices=BoardKind)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="boards"
    )
    period = models.CharField("周期", max_length=8, choices=Period)
    starts_on = models.DateField("起")
    refreshed_at = models.DateTimeField("更新")
    closed_on = models.DateField("最近结榜日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "排行榜"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "organization", "period", "starts_on"],
                condition=Q(organization__isnull=False),
                name="board_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "period", "starts_on"],
                condition=Q(organization=None),
                name="board_of_the_city_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__startswith="city", organization=None)
                | (~Q(kind__startswith="city") & Q(organization__isnull=False)),
                name="board_of_a_place_or_the_city",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization or ''}{self.get_kind_display()} {self.get_period_display()}"


class BoardRow(models.Model):
    """One place on a board: of a volunteer, a unit or a community, as the board's kind says."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="rows")
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    community = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    rank = models.PositiveIntegerField("名次")
    closed_rank = models.PositiveIntegerField(
        "上次结榜名次", null=True, blank=True, help_text="升降从这里算；第一次上榜为空。"
    )
    score = models.DecimalField("得分", max_digits=9, decimal_places=2)
    minutes = models.PositiveIntegerField("分钟")
    times = models.PositiveIntegerField("次数")
    mean_rating = models.DecimalField("平均评价", max_digits=3, decimal_places=2, null=True, blank=True)
    likes = models.PositiveIntegerField("点赞", default=0)
    refusals = models.PositiveIntegerField("不予认定", default=0)
    members = models.PositiveIntegerField("报到党员", null=True, blank=True, help_text="单位榜：按人均排名。")

    class Meta:
        verbose_name = verbose_name_plural = "排行榜名次"
        ordering = ["board_id", "rank"]
        indexes = [models.Index(fields=["board", "rank"])]
        constraints = [
            models.UniqueConstraint(
                fields=["board", "volunteer"],
                condition=Q(volunteer__isnull=False),
                name="board_row_once",
            ),
            models.UniqueConstraint(
                fields=["board", "unit"], condition=Q(unit__isnull=False), name="board_row_of_a_unit_once"
            ),
            models.UniqueConstraint(
                fields=["board", "community"],
                condition=Q(community__isnull=False),
                name="board_row_of_a_community_once",
            ),
            models.CheckConstraint(
                condition=Q(volunteer__isnull=False, unit=None, community=None)
                | Q(volunteer=None, unit__isnull=False, community=None)
                | Q(volunteer=None, unit=None, community__isnull=False),
                name="board_row_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} {self.volunteer or self.unit or self.community}"


class BoardNews(models.Model):
    """Something that boards count has changed: written with the change, removed when the boards are up to date.

    Rows are never shared, so that nobody waits for anybody; a late commit is simply found by the next round.
    """

    district = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    community = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    served_on = models.DateField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "榜单待更新"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.community or self.district} {self.served_on}"


class BoardSnapshot(models.Model):
    """结榜: the upper places of a board at the end of a day, as they stood.

    `rows`: [{"rank", "name", "id", "score", "minutes", "times"}], fifty at most; `size`: how many there were.
    """

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="snapshots")
    day = models.DateField("日期")
    rows = models.JSONField(default=list)
    size = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "每日结榜"
        ordering = ["board_id", "-day"]
        constraints = [models.UniqueConstraint(fields=["board", "day"], name="snapshot_once_a_day")]

    def __str__(self) -> str:
        return f"{self.board} {self.day}"


class Star(models.Model):
    """报到之星: who led a district's or a community's board of a month when that month was closed (S11)."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="stars")
    month = models.DateField("月份", help_text="当月第一天。")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="stars")
    rank = models.PositiveSmallIntegerField("名次")
    score = models.DecimalField("得分", max_digits=9, decimal_places=2)
    minutes = models.PositiveIntegerField("分钟")
    times = models.PositiveIntegerField("次数")

    class Meta:
        verbose_name = verbose_name_plural = "报到之星"
        ordering = ["-month", "organization_id", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "month", "volunteer"], name="star_once_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.volunteer}"

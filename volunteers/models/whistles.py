"""Whistles (吹哨): calls for people, their templates and their repetition."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from grids.models import Grid
from ground import clock
from ground.geo import Point, box_around
from ground.history import Event
from organizations.models import Organization, Placed, Skill, Unit
from organizations.posts import Power
from requests.models import ServiceRequest
from requests.states import DutyArea
from volunteers.models.people import Registration
from volunteers.models.teams import Team
from volunteers.states import Audience, Task, WhistleKind, WhistleState

USER = settings.AUTH_USER_MODEL

#: States in which a whistle takes claims, as long as its deadline has not come.
RECRUITING = (WhistleState.OPEN, WhistleState.RUNNING)
#: How far from the place a check-in still counts, in metres (RULES 2; policy later).
DEFAULT_RADIUS_M = 300


class WhistleQuerySet(models.QuerySet["Whistle"]):
    def visible_to(self, user: Any) -> Self:
        """Those meant for the volunteer (published), those claimed or led, those within the posts' sight."""
        if not user.is_authenticated:
            return self.none()
        led = Q(leader=user) & ~Q(state=WhistleState.DRAFT)
        mine = self._meant_for(user) | self._of_staff(user) | self._claimed_by(user)
        return self.filter(mine | led).distinct()

    def open_to(self, user: Any) -> Self:
        """Those that a volunteer may look at as a volunteer: meant for them, or claimed by them."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(self._meant_for(user) | self._claimed_by(user))

    def with_code_for(self, user: Any) -> Self:
        """Those whose code on the spot somebody may show: the leader, and the staff there."""
        if not user.is_authenticated:
            return self.none()
        return self.exclude(kind=WhistleKind.WISH).filter(Q(leader=user) | self._of_staff(user))

    def in_sight_of_staff(self, user: Any) -> Self:
        return self.filter(self._of_staff(user))

    def recruiting(self, at: datetime | None = None) -> Self:
        """Those that take claims: open ones, and running ones whose deadline has not come (an emergency)."""
        return self.filter(state__in=RECRUITING, claim_by__gt=at or clock.now())

    def near(self, point: Point, metres: int) -> Self:
        """Those in the square of that half side around the point (WGS-84)."""
        low, high = box_around(point, metres)
        return self.filter(lng__range=(low.lng, high.lng), lat__range=(low.lat, high.lat))

    def with_places_taken(self) -> Self:
        """With `taken`: counted for the rows that are shown, not for all that a page leaves out."""
        from volunteers.models.claims import Claim

        live = Claim.objects.live().filter(whistle=OuterRef("pk")).order_by().values("whistle")
        counted = Subquery(live.annotate(n=Count("pk")).values("n"), output_field=models.IntegerField())
        return self.annotate(taken=Coalesce(counted, 0))

    def _claimed_by(self, user: Any) -> Q:
        from volunteers.models.claims import Claim

        return Q(pk__in=Claim.objects.filter(volunteer__user=user).values("whistle"))

    def _of_staff(self, user: Any) -> Q:
        from grids.scope import reach

        return reach(user, Power.WHISTLE, Power.CREDIT, Power.ATTEST)

    def _meant_for(self, user: Any) -> Q:
        homes = Registration.objects.confirmed().filter(volunteer__user=user)
        published = ~Q(state=WhistleState.DRAFT)
        return published & (
            Q(audience=Audience.REGISTERED, community__in=homes.values("community"))
            | Q(audience=Audience.DISTRICT, district__in=homes.values("district"))
            | Q(
                audience=Audience.UNITS, pk__in=self._for_unit_of(user), district__in=homes.values("district")
            )
            | Q(audience=Audience.TEAM, team__in=Team.objects.of(user).values("pk"))
        )

    @staticmethod
    def _for_unit_of(user: Any) -> models.QuerySet[Any]:
        asked = Whistle.units.through.objects.filter(unit__members__user=user)
        return asked.values("whistle")


class Whistle(Placed):
    """吹哨: a call of the community for people (S4, S7). Changed by `volunteers.whistling.whistles` only."""

    number = models.CharField("编号", max_length=24, unique=True, editable=False)
    service_request = models.ForeignKey(
        ServiceRequest,
        verbose_name="点单",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="whistles",
    )
    kind = models.CharField("种类", max_length=10, choices=WhistleKind, default=WhistleKind.SERVICE)
    duty_area = models.CharField("职责领域", max_length=12, choices=DutyArea, default=DutyArea.CONVENIENCE)
    task = models.CharField("任务", max_length=10, choices=Task, default=Task.SERVICE)
    title = models.CharField("标题", max_length=40)
    text = models.TextField("说明", max_length=1000)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    claim_by = models.DateTimeField("接单截止")
    place = models.CharField("地点", max_length=80)
    grid = models.ForeignKey(
        Grid, verbose_name="网格", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lng = models.FloatField("经度", help_text="WGS-84")
    lat = models.FloatField("纬度", help_text="WGS-84")
    radius_m = models.PositiveIntegerField("签到范围（米）", default=DEFAULT_RADIUS_M)
    places_min = models.PositiveSmallIntegerField("最少人数", default=1)
    places_max = models.PositiveSmallIntegerField("人数")
    skills = models.ManyToManyField(Skill, verbose_name="需要的专长", blank=True, related_name="whistles")
    audience = models.CharField("对象", max_length=12, choices=Audience, default=Audience.REGISTERED)
    units = models.ManyToManyField(Unit, verbose_name="指定单位", blank=True, related_name="+")
    team = models.ForeignKey(
        Team,
        verbose_name="指定队伍",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="whistles",
    )
    leader = models.ForeignKey(
        USER,
        verbose_name="现场负责人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="在现场出示签到码；不填就由社区工作人员出示。",
    )
    series = models.ForeignKey(
        "volunteers.WhistleSeries",
        verbose_name="系列",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="whistles",
    )
    state = models.CharField("状态", max_length=10, choices=WhistleState, default=WhistleState.DRAFT)
    created_by = models.ForeignKey(USER, verbose_name="发起人", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("起草", default=clock.now)
    cancelled_because = models.CharField("取消原因", max_length=100, blank=True)
    aborted_at = models.DateTimeField("提前结束", null=True, blank=True, editable=False)
    aborted_because = models.CharField("提前结束的原因", max_length=100, blank=True)
    remind_at = models.DateTimeField("下次提醒", null=True, blank=True, editable=False)
    key = models.UUIDField("客户端键", unique=True, editable=False)

    objects = WhistleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "哨单"
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["community", "state", "starts_at"]),
            models.Index(fields=["district", "state", "starts_at"]),
            models.Index(
                fields=["district", "starts_at", "id"],
                condition=Q(state__in=("open", "running")),
                name="whistle_recruiting",
            ),
            models.Index(fields=["starts_at"], condition=Q(state="open"), name="whistle_to_start"),
            models.Index(fields=["ends_at"], condition=Q(state="running"), name="whistle_to_finish"),
            models.Index(
                fields=["remind_at"], condition=Q(remind_at__isnull=False), name="whistle_to_remind"
            ),
            models.Index(
                fields=["ends_at"], condition=Q(state="open", kind="wish"), name="whistle_wish_to_expire"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="whistle_ends_after_it_starts",
                violation_error_message="结束时间要晚于开始时间。",
            ),
            models.CheckConstraint(
                condition=Q(claim_by__lte=F("ends_at")),
                name="whistle_claim_before_end",
                violation_error_message="接单截止不能晚于结束时间。",
            ),
            models.CheckConstraint(
                condition=Q(places_min__gte=1, places_max__gte=F("places_min")),
                name="whistle_places",
                violation_error_message="人数至少 1 人，且不少于最少人数。",
            ),
            models.CheckConstraint(
                condition=~Q(kind="wish") | Q(places_max=1),
                name="whistle_wish_has_one_place",
                violation_error_message="微心愿由一个人认领。",
            ),
            models.CheckConstraint(
                condition=Q(audience="team", team__isnull=False) | (~Q(audience="team") & Q(team=None)),
                name="whistle_team_audience_has_a_team",
                violation_error_message="请选一支队伍。",
            ),
            models.UniqueConstraint(fields=["series", "starts_at"], name="whistle_of_a_series_once"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def point(self) -> Point:
        return Point(self.lng, self.lat)

    @property
    def is_wish(self) -> bool:
        """微心愿: `starts_at` to `ends_at` is the time in which it may be fulfilled, no window of presence."""
        return self.kind == WhistleKind.WISH

    @property
    def over_at(self) -> datetime:
        """When the window really ended: earlier than planned where it was aborted."""
        return min(self.aborted_at, self.ends_at) if self.aborted_at else self.ends_at

    @property
    def minutes(self) -> int:
        """Whole minutes of the planned window."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class WhistleEvent(Event):
    subject = models.ForeignKey(Whistle, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "哨单事件"
        indexes = [models.Index(fields=["subject", "at", "id"]), models.Index(fields=["at"])]


class WhistleTemplateQuerySet(models.QuerySet["WhistleTemplate"]):
    def usable_by(self, user: Any) -> Self:
        """Those common to all, and those of the communities and districts where the user whistles."""
        from organizations.scope import scope_of

        seats = scope_of(user).seats(Power.WHISTLE)
        districts = Organization.objects.filter(pk__in=seats).order_by().values("tree_id")
        own = Q(organization=None) | Q(organization__in=seats)
        return self.filter(own | Q(organization__in=districts), retired_at=None)


class WhistleTemplate(models.Model):
    """常用哨单: what is asked for again and again, without a date. A root of the tree is its own `tree_id`."""

    organization = models.ForeignKey(
        Organization,
        verbose_name="归属",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="空着是全市通用；区县、社区的只在自己那里用。",
    )
    name = models.CharField("模板名称", max_length=20)
    kind = models.CharField("种类", max_length=10, choices=WhistleKind, default=WhistleKind.SERVICE)
    duty_area = models.CharField("职责领域", max_length=12, choices=DutyArea, default=DutyArea.CONVENIENCE)
    task = models.CharField("任务", max_length=10, choices=Task, default=Task.SERVICE)
    title = models.CharField("标题", max_length=40)
    text = models.TextField("说明", max_length=1000)
    begins_at = models.TimeField("几点开始", null=True, blank=True)
    minutes = models.PositiveSmallIntegerField("时长（分钟）", default=90)
    places_min = models.PositiveSmallIntegerField("最少人数", default=1)
    places_max = models.PositiveSmallIntegerField("人数", default=1)
    radius_m = models.PositiveIntegerField("签到范围（米）", default=DEFAULT_RADIUS_M)
    skills = models.ManyToManyField(Skill, verbose_name="需要的专长", blank=True, related_name="+")
    made_by = models.ForeignKey(
        USER, verbose_name="谁存的", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField("停用", null=True, blank=True)

    objects = WhistleTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "常用哨单"
        ordering = ["organization_id", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=Q(retired_at=None),
                name="whistle_template_name_once",
                violation_error_message="这里已有同名的常用哨单。",
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(retired_at=None, organization=None),
                name="whistle_template_common_name_once",
                violation_error_message="全市已有同名的常用哨单。",
            ),
            models.CheckConstraint(
                condition=Q(places_min__gte=1, places_max__gte=F("places_min")),
                name="whistle_template_places",
                violation_error_message="人数至少 1 人，且不少于最少人数。",
            ),
            models.CheckConstraint(
                condition=Q(minutes__range=(10, 24 * 60)),
                name="whistle_template_minutes",
                violation_error_message="时长在 10 分钟到 24 小时之间。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WhistleSeries(Placed):
    """系列: a whistle that is blown again every so many weeks (every Tuesday evening), as a copy of `first`.

    Beat makes the next ones ahead of time and moves `next_on`; empty when nothing more is to come.
    """

    first = models.OneToOneField(
        Whistle, verbose_name="第一张", on_delete=models.PROTECT, related_name="begun_series"
    )
    every_weeks = models.PositiveSmallIntegerField("每几周", default=1)
    until = models.DateField("到哪天为止")
    next_on = models.DateField("下一张的日子", null=True, blank=True, editable=False)
    made_by = models.ForeignKey(USER, verbose_name="谁定的", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("定的时间", default=clock.now)
    stopped_at = models.DateTimeField("停止", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "系列哨单"
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index(fields=["next_on"], condition=Q(next_on__isnull=False), name="series_to_repeat")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(every_weeks__range=(1, 4)),
                name="series_weeks",
                violation_error_message="每 1 到 4 周一次。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first}，每 {self.every_weeks} 周"

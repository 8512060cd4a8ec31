"""Whistles (吹哨) and the claims on them (接单)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from grids.models import Grid
from ground import clock
from ground.geo import Point, box_around
from ground.history import Event
from organizations.models import Placed, Skill
from organizations.posts import Power
from requests.models import ServiceRequest
from requests.states import DutyArea
from volunteers.models.people import Registration, Volunteer
from volunteers.states import LIVE, PRESENT, Audience, ClaimState, Task, WhistleKind, WhistleState

USER = settings.AUTH_USER_MODEL

#: How far from the place a check-in still counts, in metres (RULES 2; policy later).
DEFAULT_RADIUS_M = 300


class WhistleQuerySet(models.QuerySet["Whistle"]):
    def visible_to(self, user: Any) -> Self:
        """Those meant for the volunteer (published), those claimed, those within the posts' sight."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(self._meant_for(user) | self._of_staff(user) | self._claimed_by(user)).distinct()

    def open_to(self, user: Any) -> Self:
        """Those that a volunteer may look at as a volunteer: meant for them, or claimed by them."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(self._meant_for(user) | self._claimed_by(user)).distinct()

    def in_sight_of_staff(self, user: Any) -> Self:
        return self.filter(self._of_staff(user))

    def recruiting(self, at: datetime | None = None) -> Self:
        return self.filter(state=WhistleState.OPEN, claim_by__gt=at or clock.now())

    def fitting(self, skills: Iterable[Skill]) -> Self:
        """Those that ask for no skill, or for one of these, and have a place left (after `with_places_taken`)."""
        wanted = Whistle.skills.through.objects.filter(whistle=OuterRef("pk"))
        suits = ~Exists(wanted) | Exists(wanted.filter(skill__in=skills))
        return self.filter(suits, taken__lt=F("places_max"))

    def near(self, point: Point, metres: int) -> Self:
        """Those in the square of that half side around the point (WGS-84)."""
        low, high = box_around(point, metres)
        return self.filter(lng__range=(low.lng, high.lng), lat__range=(low.lat, high.lat))

    def with_places_taken(self) -> Self:
        """With `taken`: counted for the rows that are shown, not for all that a page leaves out."""
        live = Claim.objects.live().filter(whistle=OuterRef("pk")).order_by().values("whistle")
        counted = Subquery(live.annotate(n=Count("pk")).values("n"), output_field=models.IntegerField())
        return self.annotate(taken=Coalesce(counted, 0))

    def _claimed_by(self, user: Any) -> Q:
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
        )


class Whistle(Placed):
    """吹哨: a call of the community for people (S4, S7). Changed by `volunteers.whistles` only."""

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
    state = models.CharField("状态", max_length=10, choices=WhistleState, default=WhistleState.DRAFT)
    created_by = models.ForeignKey(USER, verbose_name="发起人", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("起草", default=clock.now)
    cancelled_because = models.CharField("取消原因", max_length=100, blank=True)
    key = models.UUIDField("客户端键", unique=True, editable=False)

    objects = WhistleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "哨单"
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["community", "state", "starts_at"]),
            models.Index(fields=["district", "state", "starts_at"]),
            models.Index(fields=["starts_at"], condition=Q(state="open"), name="whistle_to_start"),
            models.Index(fields=["ends_at"], condition=Q(state="running"), name="whistle_to_finish"),
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
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def point(self) -> Point:
        return Point(self.lng, self.lat)

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class WhistleEvent(Event):
    subject = models.ForeignKey(Whistle, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "哨单事件"
        indexes = [models.Index(fields=["subject", "at", "id"])]


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> Self:
        return self.filter(state__in=LIVE)

    def own(self, user: Any) -> Self:
        return self.filter(volunteer__user=user)

    def whole(self) -> Self:
        """With everything that the page of a claim shows, in one query."""
        asked = ("submitter", "building", "grid", "handler")
        paths = [f"whistle__service_request__{path}" for path in asked]
        return self.select_related("volunteer", "whistle__community", *paths)

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(volunteer__user=user) | self._of_staff(user, Power.CREDIT, Power.ATTEST))

    def awaiting_credit_by(self, user: Any) -> Self:
        """Those whose hours the user's posts may credit, now or as soon as they are over."""
        return self.filter(self._of_staff(user, Power.CREDIT), state__in=PRESENT)

    def _of_staff(self, user: Any, *powers: Power) -> Q:
        from grids.scope import reach

        return reach(user, *powers, prefix="whistle__")


class Claim(models.Model):
    """接单: a volunteer takes a place on a whistle. Changed by `volunteers.claims` only."""

    whistle = models.ForeignKey(Whistle, verbose_name="哨单", on_delete=models.PROTECT, related_name="claims")
    volunteer = models.ForeignKey(
        Volunteer, verbose_name="谁", on_delete=models.PROTECT, related_name="claims"
    )
    state = models.CharField("状态", max_length=12, choices=ClaimState, default=ClaimState.CLAIMED)
    claimed_at = models.DateTimeField("接单", default=clock.now)
    checked_in_at = models.DateTimeField("签到", null=True, blank=True)
    checked_out_at = models.DateTimeField("签退", null=True, blank=True)
    check_in_distance_m = models.PositiveIntegerField("签到距离（米）", null=True, blank=True)
    check_out_distance_m = models.PositiveIntegerField("签退距离（米）", null=True, blank=True)
    key = models.UUIDField("客户端键", null=True, blank=True, editable=False)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "接单"
        ordering = ["-claimed_at", "-id"]
        indexes = [
            models.Index(fields=["volunteer", "state", "-claimed_at"]),
            models.Index(fields=["whistle", "state"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["whistle", "volunteer"],
                condition=Q(state__in=LIVE),
                name="claim_once_while_live",
                violation_error_message="你已经接了这张哨单。",
            ),
            models.UniqueConstraint(fields=["whistle", "volunteer", "key"], name="claim_key_once"),
            models.CheckConstraint(
                condition=Q(checked_out_at=None) | Q(checked_out_at__gte=F("checked_in_at")),
                name="claim_out_after_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} · {self.whistle}"


class ClaimEvent(Event):
    subject = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "接单事件"
        indexes = [models.Index(fields=["subject", "at", "id"])]

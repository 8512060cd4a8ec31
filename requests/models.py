"""点单: what people ask for, its history, and what was said about it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from grids.models import Building, Grid
from ground import clock
from ground.history import Event
from organizations.models import Organization, Placed
from organizations.posts import Power
from requests.states import BAD_RATING, OPEN, DutyArea, Outcome, State, Track

USER = settings.AUTH_USER_MODEL


class Category(models.Model):
    """事项类别: sets the provisional track and says whether photos are needed."""

    code = models.SlugField("代码", max_length=24, unique=True)
    name = models.CharField("名称", max_length=20)
    hint = models.CharField("例子", max_length=60, blank=True)
    icon = models.CharField("图标", max_length=20, default="list")
    track = models.CharField("默认分级", max_length=10, choices=Track, default=Track.IMPORTANT)
    duty_area = models.CharField("职责领域", max_length=12, choices=DutyArea, default=DutyArea.CONVENIENCE)
    needs_photo_to_resolve = models.BooleanField("办结要照片", default=False)
    order = models.PositiveSmallIntegerField("排序", default=100)
    is_open = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "事项类别"
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name


class ServiceRequestQuerySet(models.QuerySet["ServiceRequest"]):
    def visible_to(self, user: Any) -> Self:
        """One's own, and those that one's posts have in sight (RULES 5). Out of sight is 404."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(submitter=user) | self._of_staff(user))

    def in_sight_of_staff(self, user: Any) -> Self:
        """Those that the user's posts have in sight, own ones not counted."""
        return self.filter(self._of_staff(user))

    def _of_staff(self, user: Any) -> Q:
        from grids.scope import reach

        return reach(user, Power.REQUESTS_SEE, Power.REQUESTS_MASKED)

    def whole(self) -> Self:
        """With everything that a card or a page shows of them, in one query."""
        return self.select_related("category", "grid", "building", "handler", "responsible", "submitter")

    def own(self, user: Any) -> Self:
        return self.filter(submitter=user)

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def handled_at(self, organization_ids: Any) -> Self:
        return self.filter(handler__in=organization_ids)

    def overdue(self, at: datetime | None = None) -> Self:
        return self.open().filter(due__lt=at or clock.now())

    def unsatisfied(self) -> Self:
        return self.filter(state=State.CLOSED, rating__satisfied__lte=BAD_RATING)


class ServiceRequest(Placed):
    """点单 (S4, S7). State changes go through `requests.workflow` only."""

    class Source(models.TextChoices):
        RESIDENT = "resident", "居民"
        STAFF = "staff", "代点"

    number = models.CharField("编号", max_length=24, unique=True, editable=False)
    key = models.UUIDField("客户端键", default=uuid.uuid4, editable=False)
    submitter = models.ForeignKey(
        USER, verbose_name="提出人", on_delete=models.PROTECT, related_name="service_requests"
    )
    source = models.CharField("来源", max_length=12, choices=Source, default=Source.RESIDENT)
    category = models.ForeignKey(Category, verbose_name="类别", on_delete=models.PROTECT, related_name="+")
    track = models.CharField("分级", max_length=10, choices=Track)
    title = models.CharField("标题", max_length=40)
    text = models.TextField("内容", max_length=1000)
    shares_phone = models.BooleanField("同意志愿者联系", default=False)

    grid = models.ForeignKey(
        Grid, verbose_name="网格", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    building = models.ForeignKey(
        Building, verbose_name="楼栋", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    address = models.CharField("具体位置", max_length=80, blank=True)
    lng = models.FloatField("经度", null=True, blank=True, help_text="WGS-84")
    lat = models.FloatField("纬度", null=True, blank=True, help_text="WGS-84")

    handler = models.ForeignKey(
        Organization, verbose_name="承办党组织", on_delete=models.PROTECT, related_name="handled_requests"
    )
    responsible = models.ForeignKey(
        USER, verbose_name="责任人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField("状态", max_length=12, choices=State, default=State.SUBMITTED)
    outcome = models.CharField("结果", max_length=10, choices=Outcome, blank=True)

    submitted_at = models.DateTimeField("提交", default=clock.now)
    accepted_at = models.DateTimeField("受理", null=True, blank=True)
    contacted_at = models.DateTimeField("首次联系", null=True, blank=True)
    resolved_at = models.DateTimeField("办结", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    accept_due = models.DateTimeField("受理期限", null=True, blank=True)
    contact_due = models.DateTimeField("联系期限", null=True, blank=True)
    resolve_due = models.DateTimeField("办结期限", null=True, blank=True)
    due = models.DateTimeField(
        "当前期限", null=True, blank=True, help_text="待受理时是受理期限，之后是办结期限；结束后为空。"
    )
    promise = models.JSONField(
        "承诺时限", default=dict, help_text="提交和受理时适用的时限；以后改政策不改旧承诺。"
    )

    objects = ServiceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "点单"
        ordering = ["-submitted_at", "-id"]
        indexes = [
            models.Index(
                fields=["handler", "due", "id"], condition=Q(state__in=OPEN), name="request_open_due"
            ),
            models.Index(fields=["handler", "state", "-submitted_at"]),
            models.Index(fields=["submitter", "-submitted_at"]),
            models.Index(fields=["district", "-submitted_at"]),
            models.Index(fields=["street", "-submitted_at"]),
            models.Index(fields=["community", "-submitted_at"]),
            models.Index(fields=["grid", "-submitted_at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["submitter", "key"], name="request_key_once"),
            models.CheckConstraint(
                condition=Q(due=None) | Q(state__in=OPEN), name="request_due_only_while_open"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("submitted_at")),
                name="request_resolved_after_submitted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.due < clock.now()

    @property
    def place(self) -> str:
        """The place in words, coarse to fine."""
        parts = [
            self.grid.name if self.grid else "",
            self.building.name if self.building else "",
            self.address,
        ]
        return " · ".join(part for part in parts if part) or self.handler.short_name


class NumberSeries(models.Model):
    """The last number given under a prefix (letters and day), locked while the next one is taken."""

    prefix = models.CharField(max_length=18, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "编号序列"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last:04d}"


class RequestEvent(Event):
    """What happened to a request, step by step."""

    subject = models.ForeignKey(ServiceRequest, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "点单事件"
        indexes = [models.Index(fields=["subject", "at", "id"])]


class Note(models.Model):
    """Words that belong to an event. They can be redacted; the event stays."""

    event = models.OneToOneField(RequestEvent, on_delete=models.PROTECT, related_name="note")
    text = models.TextField("内容", max_length=1000)
    redacted_at = models.DateTimeField("已隐去", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "办理记录"

    def __str__(self) -> str:
        return "（内容已隐去）" if self.redacted_at else self.text


def photo_path(photo: Photo, filename: str) -> str:
    return f"photos/{photo.pk.hex[:2]}/{photo.pk.hex}.jpg"


def thumbnail_path(photo: Photo, filename: str) -> str:
    return f"photos/{photo.pk.hex[:2]}/{photo.pk.hex}-s.jpg"


class Photo(models.Model):
    """A picture, re-encoded without metadata; served only to those who may see its request."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service_request = models.ForeignKey(ServiceRequest, on_delete=models.PROTECT, related_name="photos")
    event = models.ForeignKey(RequestEvent, on_delete=models.PROTECT, related_name="photos")
    image = models.FileField("照片", upload_to=photo_path)
    thumbnail = models.FileField("缩略图", upload_to=thumbnail_path)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "照片"
        ordering = ["event_id", "id"]

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


class Hold(models.Model):
    """办结前须了结之事: set and cleared by a floor above under the request's lock, through `workflow`."""

    service_request = models.ForeignKey(ServiceRequest, on_delete=models.CASCADE, related_name="holds")
    key = models.CharField(max_length=40)
    label = models.CharField("事由", max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = "办结前须了结之事"
        constraints = [models.UniqueConstraint(fields=["service_request", "key"], name="hold_key_once")]

    def __str__(self) -> str:
        return self.label


class Rating(models.Model):
    """评价: the judgement of whoever asked. The latest one counts."""

    service_request = models.OneToOneField(ServiceRequest, on_delete=models.PROTECT, related_name="rating")
    contacted = models.BooleanField("联系过我")
    solved = models.BooleanField("问题解决了")
    satisfied = models.PositiveSmallIntegerField("满意度", help_text="1–5")
    text = models.CharField("想说的话", max_length=300, blank=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "评价"
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfied__gte=1, satisfied__lte=5),
                name="rating_one_to_five",
                violation_error_message="满意度请选 1 到 5 星。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.satisfied} 星"

"""What happened to a request and what was said about it: events, notes, photos, holds, ratings, consents."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock
from ground.history import Event
from organizations.models import Organization
from requests.models.matters import ServiceRequest
from requests.states import ConsentKind

USER = settings.AUTH_USER_MODEL


class RequestEvent(Event):
    """What happened to a request, step by step."""

    subject = models.ForeignKey(ServiceRequest, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "点单事件"
        indexes = [models.Index(fields=["subject", "at", "id"]), models.Index(fields=["at"])]


class Note(models.Model):
    """Words that belong to an event. They can be redacted; the event stays."""

    event = models.OneToOneField(RequestEvent, on_delete=models.PROTECT, related_name="note")
    text = models.TextField("内容", max_length=1000)
    is_internal = models.BooleanField("内部", default=False, help_text="只有承办的各级看得到。")
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
    event = models.ForeignKey(RequestEvent, on_delete=models.PROTECT, null=True, related_name="photos")
    dispatch_event = models.ForeignKey(
        "requests.DispatchEvent", on_delete=models.PROTECT, null=True, related_name="photos"
    )
    image = models.FileField("照片", upload_to=photo_path)
    thumbnail = models.FileField("缩略图", upload_to=thumbnail_path)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "照片"
        ordering = ["event_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(event__isnull=False, dispatch_event=None)
                | Q(event=None, dispatch_event__isnull=False),
                name="photo_of_one_event",
            )
        ]

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
    is_call_back = models.BooleanField("回访", default=False, help_text="提出人没有手机，由他人回访记录。")
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


class Consent(models.Model):
    """报请同意: what the handler asked the tier above for, and the answer (RULES 1: extend, EXPLAINED, hand down).

    The words stand in the note of the event by which it was asked; for EXPLAINED they are what the submitter
    will read once it is given.
    """

    class State(models.TextChoices):
        PENDING = "pending", "待同意"
        GIVEN = "given", "同意"
        REFUSED = "refused", "不同意"
        DROPPED = "dropped", "不再需要"

    service_request = models.ForeignKey(ServiceRequest, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField("事由", max_length=12, choices=ConsentKind)
    organization = models.ForeignKey(
        Organization, verbose_name="待谁同意", on_delete=models.PROTECT, related_name="+"
    )
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("报请", default=clock.now)
    text = models.TextField("理由", max_length=1000)
    new_due = models.DateTimeField("新的期限", null=True, blank=True)
    child = models.ForeignKey(
        Organization, verbose_name="交给", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField("结果", max_length=8, choices=State, default=State.PENDING)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField("答复", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "报请同意"
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service_request"], condition=Q(state="pending"), name="consent_pending_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_state_display()}"


class SavedFilter(models.Model):
    """存为常用: a list as somebody likes to open it; `query` is the part of the address after the question mark."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="saved_filters")
    page = models.CharField("页面", max_length=20)
    name = models.CharField("名称", max_length=20)
    query = models.CharField("条件", max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = "常用筛选"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "page", "name"],
                name="saved_filter_once",
                violation_error_message="已有同名的常用筛选。",
            )
        ]

    def __str__(self) -> str:
        return self.name

"""Claims (接单), what shows that somebody was there, and the thanks of those who were served."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from ground import clock
from ground.history import Event
from organizations.posts import Power
from volunteers.models.people import Volunteer
from volunteers.models.whistles import Whistle
from volunteers.states import (
    JUDGED,
    LIVE,
    PRESENT,
    SERVED,
    STANDING,
    CheckBy,
    CheckWay,
    ClaimState,
    WhistleKind,
    WhistleState,
)

USER = settings.AUTH_USER_MODEL

#: Whistles that have begun, or should have: the clock may be a minute behind.
ENDING = (WhistleState.OPEN, WhistleState.RUNNING, WhistleState.DONE)
#: A check mark that arrives later than that was kept on the phone (seconds).
LATE_SECONDS = 120


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> Self:
        return self.filter(state__in=LIVE)

    def waiting(self) -> Self:
        """The queue for places, in order (all whistles; filter by one)."""
        return self.filter(state=ClaimState.WAITING).order_by("claimed_at", "id")

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
        """Those whose hours the user's posts may credit, now or as soon as they are over; and of those that are
        over also whoever never checked in: he is attested, or absent."""
        is_over = Q(whistle__ends_at__lte=clock.now()) | Q(whistle__aborted_at__isnull=False)
        missed = Q(state=ClaimState.CLAIMED, whistle__state__in=ENDING) & is_over
        return self.filter(self._of_staff(user, Power.CREDIT)).filter(Q(state__in=PRESENT) | missed)

    def awaiting_attest_by(self, user: Any) -> Self:
        """Those of whom the user's posts may say that they are there: on whistles that have begun, not judged."""
        return self.filter(
            self._of_staff(user, Power.ATTEST, Power.CREDIT),
            state__in=(ClaimState.CLAIMED, ClaimState.CHECKED_IN),
            whistle__starts_at__lte=clock.now(),
            whistle__state__in=ENDING,
        ).exclude(whistle__kind=WhistleKind.WISH)

    def judged_by(self, user: Any) -> Self:
        """Those that were credited, refused or called absent where the user's posts credit."""
        return self.filter(self._of_staff(user, Power.CREDIT), state__in=JUDGED)

    def judgeable_by(self, user: Any) -> Self:
        """All of whose hours the user's posts may say anything: credit, attest, or propose."""
        if not user.is_authenticated:
            return self.none()
        staff = self.filter(self._of_staff(user, Power.CREDIT, Power.ATTEST))
        return staff | self.of_own_units(user)

    def of_own_units(self, user: Any) -> Self:
        """Those of people of the units for which the user proposes hours."""
        from organizations.scope import scope_of

        if not user.is_authenticated:
            return self.none()
        return self.filter(scope_of(user).own_units("volunteer__member__unit", Power.PROPOSE_CREDIT))

    def _of_staff(self, user: Any, *powers: Power) -> Q:
        from grids.scope import reach

        return reach(user, *powers, prefix="whistle__")


class Claim(models.Model):
    """接单: a volunteer takes a place on a whistle. Changed by `volunteers.claiming.claims` only."""

    whistle = models.ForeignKey(Whistle, verbose_name="哨单", on_delete=models.PROTECT, related_name="claims")
    volunteer = models.ForeignKey(
        Volunteer, verbose_name="谁", on_delete=models.PROTECT, related_name="claims"
    )
    state = models.CharField("状态", max_length=12, choices=ClaimState, default=ClaimState.CLAIMED)
    claimed_at = models.DateTimeField("接单", default=clock.now, help_text="候补的是排队时间。")
    checked_in_at = models.DateTimeField("签到", null=True, blank=True)
    checked_out_at = models.DateTimeField("签退", null=True, blank=True)
    check_in_distance_m = models.PositiveIntegerField("签到距离（米）", null=True, blank=True)
    check_out_distance_m = models.PositiveIntegerField("签退距离（米）", null=True, blank=True)
    judged_because = models.CharField(
        "认定理由", max_length=100, blank=True, help_text="不予认定、缺席、更正的理由"
    )
    proposed_minutes = models.PositiveIntegerField("单位建议分钟", null=True, blank=True)
    proposed_because = models.CharField("单位建议的依据", max_length=100, blank=True)
    key = models.UUIDField("客户端键", null=True, blank=True, editable=False)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "接单"
        ordering = ["-claimed_at", "-id"]
        indexes = [
            models.Index(fields=["volunteer", "state", "-claimed_at"]),
            models.Index(fields=["whistle", "state"]),
            models.Index(
                fields=["whistle", "claimed_at", "id"], condition=Q(state="waiting"), name="claim_queue"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["whistle", "volunteer"],
                condition=Q(state__in=STANDING),
                name="claim_once_while_standing",
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
        indexes = [models.Index(fields=["subject", "at", "id"]), models.Index(fields=["at"])]


def _photo_path(photo: ClaimPhoto, name: str) -> str:
    return f"claims/{photo.id.hex[:2]}/{photo.id.hex}.jpg"


def _thumbnail_path(photo: ClaimPhoto, name: str) -> str:
    return f"claims/{photo.id.hex[:2]}/{photo.id.hex}-small.jpg"


class ClaimPhoto(models.Model):
    """A picture of a fulfilled wish, re-encoded without metadata; served to those who may see its claim."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="photos")
    image = models.FileField("照片", upload_to=_photo_path)
    thumbnail = models.FileField("缩略图", upload_to=_thumbnail_path)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "心愿照片"
        ordering = ["claim_id", "id"]

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


class CheckMark(models.Model):
    """打卡: one end of a presence, how it was shown and when it reached us. No place is kept, only the distance.

    `at` is when it happened; `received_at` is later where the phone had no network. `device` is a keyed hash of
    what the browser is known by, never the thing itself: it shows one phone that marks for many.
    """

    claim = models.ForeignKey(Claim, verbose_name="接单", on_delete=models.PROTECT, related_name="marks")
    way = models.CharField("签到签退", max_length=4, choices=CheckWay)
    by = models.CharField("方式", max_length=10, choices=CheckBy)
    at = models.DateTimeField("时间")
    received_at = models.DateTimeField("收到", default=clock.now)
    distance_m = models.PositiveIntegerField("距离（米）", null=True, blank=True)
    accuracy_m = models.PositiveIntegerField("定位误差（米）", null=True, blank=True)
    device = models.CharField("设备", max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "打卡记录"
        ordering = ["claim_id", "at", "id"]
        indexes = [models.Index(fields=["device", "at"], condition=~Q(device=""), name="check_mark_device")]
        constraints = [models.UniqueConstraint(fields=["claim", "way"], name="check_mark_once")]

    def __str__(self) -> str:
        return f"{self.get_way_display()} {self.get_by_display()}"

    @property
    def is_late(self) -> bool:
        """It was kept on the phone and sent afterwards."""
        return (self.received_at - self.at).total_seconds() > LATE_SECONDS


class ThanksQuerySet(models.QuerySet["Thanks"]):
    def liked(self) -> Self:
        return self.filter(is_like=True)

    def received_by(self, user: Any) -> Self:
        """What those whom he served say: he came to the whistle, and the community did not deny it."""
        came = Claim.objects.own(user).filter(state__in=SERVED).order_by()
        # By key: told by a subquery, PostgreSQL reads all thanks from the newest on.
        return self.filter(whistle__in=list(came.values_list("whistle", flat=True)))


class Thanks(models.Model):
    """谢意: what somebody who was served says of a whistle: a like, stars, words. One each (RULES 7).

    `stars` stay empty where the request itself is rated (RULES 1): the same service is not rated twice.
    """

    whistle = models.ForeignKey(Whistle, verbose_name="哨单", on_delete=models.PROTECT, related_name="thanks")
    by = models.ForeignKey(USER, verbose_name="谁", on_delete=models.PROTECT, related_name="+")
    is_like = models.BooleanField("点赞", default=True)
    stars = models.PositiveSmallIntegerField(
        "评价", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    words = models.CharField("说的话", max_length=100, blank=True)
    at = models.DateTimeField("时间", default=clock.now)

    objects = ThanksQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "谢意"
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["whistle", "by"], name="thanks_once", violation_error_message="你已经评价过了。"
            ),
            models.CheckConstraint(
                condition=Q(stars=None) | Q(stars__range=(1, 5)), name="thanks_stars_one_to_five"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.whistle} {self.stars or ''}"

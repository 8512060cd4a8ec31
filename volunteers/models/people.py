"""Volunteers and their registration (报到)."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from grids.models import Grid
from ground import clock
from ground.history import Event
from organizations.models import Member, Organization, Placed, Skill, Unit, community_column
from organizations.posts import Power
from volunteers.states import AWAITING, RegistrationState, VolunteerKind

USER = settings.AUTH_USER_MODEL


class VolunteerQuerySet(models.QuerySet["Volunteer"]):
    def visible_to(self, user: Any) -> Self:
        """Oneself; those who chose a community whose registrations one confirms; people of one's own unit."""
        from organizations.scope import scope_of

        if not user.is_authenticated:
            return self.none()
        chosen = Registration.objects.filter(scope_of(user).rows(Power.CONFIRM_REGISTRATION))
        own_unit = scope_of(user).own_units("member__unit")
        return self.filter(Q(user=user) | Q(pk__in=chosen.values("volunteer")) | own_unit)


class Volunteer(models.Model):
    """Whoever may claim a whistle (人人可参与)."""

    user = models.OneToOneField(USER, verbose_name="账号", on_delete=models.PROTECT, related_name="volunteer")
    kind = models.CharField("类别", max_length=10, choices=VolunteerKind)
    member = models.OneToOneField(
        Member, verbose_name="党员", on_delete=models.PROTECT, null=True, blank=True, related_name="volunteer"
    )
    district = models.ForeignKey(
        Organization, verbose_name="区县", on_delete=models.PROTECT, related_name="+"
    )
    skills = models.ManyToManyField(
        Skill, verbose_name="自报专长", blank=True, related_name="volunteers",
        help_text="党员登记里的专长之外，自己说的。",
    )  # fmt: skip
    free_times = models.JSONField("空闲时间", default=list, blank=True, help_text="FreeTime 的取值。")
    hides_from_boards = models.BooleanField(
        "不上榜", default=False, help_text="政策为“只显示前三分之一”时，本人可以选择不上榜。"
    )

    objects = VolunteerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "志愿者"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="volunteer") | Q(member__isnull=False),
                name="volunteer_member_kinds_have_member",
                violation_error_message="在职党员、社区党员要关联党员登记。",
            )
        ]

    def __str__(self) -> str:
        return str(self.member or self.user)

    @property
    def unit(self) -> Unit | None:
        return self.member.unit if self.member else None


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def confirmed(self) -> Self:
        return self.filter(state=RegistrationState.CONFIRMED)

    def visible_to(self, user: Any) -> Self:
        """One's own; those of the communities whose registrations one confirms."""
        from organizations.scope import scope_of

        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(volunteer__user=user) | scope_of(user).rows(Power.CONFIRM_REGISTRATION))

    def standing(self) -> Self:
        """Those that have not ended: confirmed, or waiting to be."""
        return self.exclude(state=RegistrationState.ENDED)

    def awaiting_confirmation_by(self, user: Any) -> Self:
        """Those of the communities whose registrations the user's posts confirm."""
        from organizations.scope import scope_of

        return self.filter(scope_of(user).rows(Power.CONFIRM_REGISTRATION), state__in=AWAITING)


class Registration(Placed):
    """报到: a volunteer registers with a community and is placed in exactly one grid (S2, L7)."""

    volunteer = models.ForeignKey(
        Volunteer, verbose_name="志愿者", on_delete=models.PROTECT, related_name="registrations"
    )
    community = community_column(indexed=False)
    choice = models.PositiveSmallIntegerField("志愿序", default=1, help_text="0 是区里调剂来的。")
    state = models.CharField(
        "状态", max_length=10, choices=RegistrationState, default=RegistrationState.REQUESTED
    )
    grid = models.ForeignKey(
        Grid,
        verbose_name="网格",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="registrations",
    )
    requested_at = models.DateTimeField("提出", default=clock.now)
    confirmed_at = models.DateTimeField("确认", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    ended_because = models.CharField("结束原因", max_length=100, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "报到"
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["community", "state", "-requested_at"]),
            models.Index(fields=["community", "id"], name="registration_paged"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer"],
                condition=Q(state="confirmed"),
                name="registration_one_confirmed",
                violation_error_message="这位同志已在别的社区报到。",
            ),
            models.UniqueConstraint(
                fields=["volunteer", "community"],
                condition=~Q(state="ended"),
                name="registration_community_once",
                violation_error_message="已经选过这个社区了。",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(grid__isnull=False),
                name="registration_confirmed_in_a_grid",
                violation_error_message="确认报到时要安排到一个网格。",
            ),
            models.CheckConstraint(
                condition=Q(choice__gte=0, choice__lte=3), name="registration_up_to_three"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at=None)),
                name="registration_ended_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} → {self.community}"


class RegistrationEvent(Event):
    subject = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "报到事件"
        indexes = [models.Index(fields=["subject", "at", "id"])]

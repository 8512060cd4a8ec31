"""党员 and their skills, and who holds which post."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.powers import administers
from ground import clock
from ground.fields import EncryptedCharField, masked_phone
from organizations.models.terms import in_term
from organizations.models.tree import Organization
from organizations.models.units import Unit
from organizations.posts import Post, Power, Seat, Tier, powers_of
from organizations.scope import scope_of

USER = settings.AUTH_USER_MODEL


class Skill(models.Model):
    """专长: what people are matched by (S8)."""

    name = models.CharField("名称", max_length=20, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "专长"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Member"]):
    def visible_to(self, user: Any) -> Self:
        """Members of one's own unit, and those of the district for its officers. Communities see their
        members through their registrations (floor above)."""
        scope = scope_of(user)
        return self.filter(scope.own_units("unit") | scope.rows(Power.TREE_CHANGE, columns=["district"]))


class Member(models.Model):
    """党员: 四清楚 (D2) are the basics and unit here, compound and building in `grids.Home`, and the phone."""

    user = models.OneToOneField(
        USER, verbose_name="账号", on_delete=models.PROTECT, null=True, blank=True, related_name="member"
    )
    name = models.CharField("姓名", max_length=40)
    phone = EncryptedCharField("手机号")
    phone_index = models.CharField("手机号索引", max_length=64, editable=False)
    unit = models.ForeignKey(
        Unit, verbose_name="单位", on_delete=models.PROTECT, null=True, blank=True, related_name="members"
    )
    district = models.ForeignKey(
        Organization, verbose_name="区县", on_delete=models.PROTECT, related_name="+"
    )
    skills = models.ManyToManyField(Skill, verbose_name="专长", blank=True, related_name="members")

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "phone_index"],
                name="member_phone_once",
                violation_error_message="本区已有党员登记了这个手机号。",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_phone(self) -> str:
        return masked_phone(self.phone)


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def in_force(self, on: date | None = None) -> Self:
        """Those that give powers on that day (default today)."""
        return self.filter(in_term(on))

    def visible_to(self, user: Any) -> Self:
        """Posts at the nodes in sight and in one's own unit; city posts for the administrator who gives them."""
        scope, nodes = scope_of(user), Organization.objects.visible_to(user).order_by()
        seen = Q(organization__in=nodes.values("pk")) | scope.own_units("unit")
        seen |= scope.rows(Power.TREE_CHANGE, prefix="unit__")
        return self.filter(seen | Q(at_city=True) if administers(user) else seen)


class Appointment(models.Model):
    """任职: a person holds a post at an organization, a unit or the city from one day to another.

    Powers follow from it (RULES 5) and end with it. Exactly one seat is set: never an empty field.
    """

    user = models.ForeignKey(USER, verbose_name="谁", on_delete=models.PROTECT, related_name="appointments")
    post = models.CharField("职务", max_length=20, choices=Post)
    organization = models.ForeignKey(
        Organization,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="appointments",
    )
    unit = models.ForeignKey(
        Unit,
        verbose_name="单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="appointments",
    )
    at_city = models.BooleanField("市级", default=False)
    work_phone = models.CharField("工作电话", max_length=20, blank=True, help_text="对本网格登录居民公开。")
    begins_on = models.DateField("起", default=clock.today)
    ends_on = models.DateField("止", null=True, blank=True, help_text="从这一天起不再任职。")
    appointed_by = models.ForeignKey(
        USER, verbose_name="经办", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    ended_by = models.ForeignKey(
        USER, verbose_name="免职经办", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        ordering = ["organization_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organization__isnull=False, unit=None, at_city=False)
                | Q(organization=None, unit__isnull=False, at_city=False)
                | Q(organization=None, unit=None, at_city=True),
                name="appointment_one_seat",
                violation_error_message="请在党组织、单位、市级中选且只选一个任职处。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")),
                name="appointment_ends_after_it_begins",
                violation_error_message="任职的止日不能早于起日。",
            ),
            models.UniqueConstraint(
                fields=["user", "post", "organization"],
                condition=Q(ends_on=None),
                name="appointment_held_once",
                violation_error_message="这个人已在此处担任该职务。",
            ),
            models.UniqueConstraint(
                fields=["user", "post", "unit"],
                condition=Q(ends_on=None),
                name="appointment_held_once_at_unit",
                violation_error_message="这个人已在此处担任该职务。",
            ),
            models.UniqueConstraint(
                fields=["user", "post"],
                condition=Q(ends_on=None, at_city=True),
                name="appointment_held_once_at_city",
                violation_error_message="这个人已在此处担任该职务。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_name} {self.get_post_display()}"

    @property
    def seat(self) -> Tier | Seat:
        if self.at_city:
            return Seat.CITY
        return Seat.UNIT if self.organization is None else Tier(self.organization.tier)

    @property
    def place_name(self) -> str:
        return "全市" if self.at_city else str(self.organization or self.unit)

    @property
    def powers(self) -> frozenset[Power]:
        return powers_of(self.post, self.seat)

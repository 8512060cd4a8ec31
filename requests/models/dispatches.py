"""派单: a request handed to a unit or an organization that must answer by a date (RULES 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock
from ground.history import Event
from organizations.models import Organization, Unit
from organizations.posts import Power
from organizations.scope import EVERYTHING, NOTHING, scope_of
from requests.models.matters import ServiceRequest
from requests.states import LIVE, SEEING, DispatchState, Grade

USER = settings.AUTH_USER_MODEL


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def sent_to(self, user: Any) -> Self:
        """Those that the user answers for: his unit's, or those of an organization where he handles requests."""
        scope = scope_of(user)
        mine = scope.own_units("unit", Power.ANSWER_DISPATCH)
        if seats := scope.seats(Power.HANDLE):
            mine |= Q(organization__in=seats)
        return self.filter(mine)

    def in_sight(self) -> Self:
        """Sight of the request ends when it is given back or taken back (RULES 3)."""
        return self.filter(state__in=SEEING)

    def live(self) -> Self:
        return self.filter(state__in=LIVE)

    def visible_to(self, user: Any) -> Self:
        """Of requests in sight of the user's posts by place; his own unit's even after it gave them back."""
        from grids.scope import reach

        if not user.is_authenticated:
            return self.none()
        placed = reach(user, Power.REQUESTS_SEE, Power.REQUESTS_MASKED, prefix="service_request__")
        scope = scope_of(user)
        own = scope.own_units("unit", Power.ANSWER_DISPATCH)
        if seats := scope.seats(Power.HANDLE):
            own |= Q(organization__in=seats)
        if placed == EVERYTHING or own == NOTHING:
            return self.filter(placed | own)
        # Each by its own index: an "or" over two tables reads all dispatches.
        every = type(self)(self.model).order_by()
        return self.filter(pk__in=every.filter(placed).values("pk").union(every.filter(own).values("pk")))

    def whole(self) -> Self:
        """With everything that a row or a page shows of them, in one query."""
        return self.select_related(
            "service_request__category",
            "service_request__grid",
            "service_request__building",
            "service_request__handler",
            "service_request__submitter",
            "unit",
            "organization",
            "sent_by",
        ).defer("service_request__grid__boundary", "service_request__submitter__phone", "sent_by__phone")


class Dispatch(models.Model):
    """派单. State changes go through `requests.dispatching` only; the request is locked before it."""

    service_request = models.ForeignKey(
        ServiceRequest, verbose_name="点单", on_delete=models.PROTECT, related_name="dispatches"
    )
    unit = models.ForeignKey(
        Unit, verbose_name="单位", on_delete=models.PROTECT, null=True, blank=True, related_name="dispatches"
    )
    organization = models.ForeignKey(
        Organization,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="dispatches",
    )
    is_lead = models.BooleanField("主办", default=True)
    grade = models.CharField("级别", max_length=8, choices=Grade, default=Grade.WORK)
    text = models.TextField("要办什么", max_length=1000)
    sent_by = models.ForeignKey(USER, verbose_name="派单人", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=12, choices=DispatchState, default=DispatchState.SENT)
    rejections = models.PositiveSmallIntegerField("退回重办次数", default=0)

    sent_at = models.DateTimeField("派出", default=clock.now)
    signed_at = models.DateTimeField("签收", null=True, blank=True)
    contacted_at = models.DateTimeField("首次联系", null=True, blank=True)
    arrived_at = models.DateTimeField("到场", null=True, blank=True)
    answered_at = models.DateTimeField("回复", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    sign_due = models.DateTimeField("签收期限")
    give_back_until = models.DateTimeField("可退回到")
    contact_due = models.DateTimeField("联系期限", null=True, blank=True)
    arrive_due = models.DateTimeField("到场期限", null=True, blank=True)
    answer_due = models.DateTimeField("回复期限")
    due = models.DateTimeField(
        "当前期限", null=True, blank=True, help_text="待签收时是签收期限，之后是联系、到场、回复中最早的。"
    )
    due_from = models.DateTimeField("期限从何时算", null=True, blank=True)
    reminded = models.PositiveSmallIntegerField("已提醒到", default=0)
    next_at = models.DateTimeField("系统下次要办", null=True, blank=True, editable=False)

    # 反向评价: the handler's judgement of the answer, 1 to 5; the latest one counts
    timely = models.PositiveSmallIntegerField("及时", null=True, blank=True)
    effective = models.PositiveSmallIntegerField("有效", null=True, blank=True)
    attitude = models.PositiveSmallIntegerField("态度", null=True, blank=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "派单"
        ordering = ["-sent_at", "-id"]
        indexes = [
            models.Index(fields=["unit", "due", "id"], condition=Q(state__in=LIVE), name="dispatch_unit_due"),
            models.Index(
                fields=["organization", "due", "id"], condition=Q(state__in=LIVE), name="dispatch_org_due"
            ),
            models.Index(
                fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="dispatch_next_at"
            ),
            models.Index(fields=["unit", "-sent_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, organization=None) | Q(unit=None, organization__isnull=False),
                name="dispatch_to_one",
                violation_error_message="请选一个单位或一个党组织。",
            ),
            models.UniqueConstraint(
                fields=["service_request"],
                condition=Q(is_lead=True, state__in=LIVE),
                name="dispatch_one_lead",
                violation_error_message="已有主办单位。",
            ),
            models.UniqueConstraint(
                fields=["service_request", "unit"],
                condition=Q(state__in=LIVE, unit__isnull=False),
                name="dispatch_unit_once",
                violation_error_message="已派给这个单位，还没有办完。",
            ),
            models.UniqueConstraint(
                fields=["service_request", "organization"],
                condition=Q(state__in=LIVE, organization__isnull=False),
                name="dispatch_organization_once",
                violation_error_message="已派给这个党组织，还没有办完。",
            ),
            models.CheckConstraint(
                condition=Q(due=None) | Q(state__in=LIVE), name="dispatch_due_only_while_live"
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__gte": 1, f"{name}__lte": 5}) | Q(**{name: None}),
                    name=f"dispatch_{name}_one_to_five",
                    violation_error_message="请选 1 到 5 分。",
                )
                for name in ("timely", "effective", "attitude")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_request_id} → {self.recipient}"

    @property
    def recipient(self) -> str:
        """Whom it was handed to, in words."""
        return str(self.unit) if self.unit else (self.organization.short_name if self.organization else "")

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def is_overdue_at(self, moment: datetime) -> bool:
        return self.due is not None and self.due < moment


class DispatchEvent(Event):
    """What happened to a dispatch, step by step."""

    subject = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(Event.Meta):
        verbose_name = verbose_name_plural = "派单事件"
        indexes = [models.Index(fields=["subject", "at", "id"]), models.Index(fields=["at"])]


class DispatchNote(models.Model):
    """Words that belong to an event of a dispatch. They can be redacted; the event stays."""

    event = models.OneToOneField(DispatchEvent, on_delete=models.PROTECT, related_name="note")
    text = models.TextField("内容", max_length=1000)
    redacted_at = models.DateTimeField("已隐去", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "派单记录"

    def __str__(self) -> str:
        return "（内容已隐去）" if self.redacted_at else self.text

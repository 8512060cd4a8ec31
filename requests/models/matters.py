"""点单: what people ask for, where it stands, and the moments by which somebody has to act."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from grids.models import Building, Grid
from ground import clock
from ground.fields import EncryptedCharField
from organizations.models import Organization, Placed
from organizations.posts import Power
from organizations.scope import NOTHING, scope_of
from requests.models.catalogue import Category
from requests.states import BAD_RATING, OPEN, ConsentKind, Outcome, State, Track

USER = settings.AUTH_USER_MODEL
#: By either of them a request at that place is in sight.
SEEING = (Power.REQUESTS_SEE, Power.REQUESTS_MASKED)
#: Where a user's `scope_cache` keeps what was dispatched to him, and up to how many keys.
DISPATCHED, MOST_KEYS = "dispatched", 500


def asked_by(user: Any, prefix: str = "") -> Q:
    """`ServiceRequest.asker_id` as a condition. `prefix`: the way to the request ("service_request__")."""
    filed_by_themselves = [ServiceRequest.Source.RESIDENT, ServiceRequest.Source.STAFF]
    return Q(
        **{
            f"{prefix}submitter": user,
            f"{prefix}has_no_phone": False,
            f"{prefix}source__in": filed_by_themselves,
        }
    )


class ServiceRequestQuerySet(models.QuerySet["ServiceRequest"]):
    def visible_to(self, user: Any) -> Self:
        """One's own, and those that one's posts have in sight (RULES 5). Out of sight is 404."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(asked_by(user) | self._of_staff(user))

    def in_sight_of_staff(self, user: Any) -> Self:
        """Those that the user's posts have in sight, own ones not counted."""
        return self.filter(self._of_staff(user))

    def _of_staff(self, user: Any) -> Q:
        from grids.scope import reach

        return reach(user, *SEEING) | self._dispatched_to(user)

    def _dispatched_to(self, user: Any) -> Q:
        """What was dispatched to the units and organizations for which the user answers, until given back.

        By number, as long as they are few: a list of keys leaves the lists their indexes, a subquery reads the
        whole table. One query, kept for the HTTP request until the user moves a dispatch (`requests.receivers`).
        """
        from requests.models.dispatches import Dispatch

        if not scope_of(user).has(Power.ANSWER_DISPATCH, Power.HANDLE):
            return NOTHING
        cache = getattr(user, "scope_cache", None)
        if cache is not None and DISPATCHED in cache:
            return cache[DISPATCHED]
        sent = Dispatch.objects.sent_to(user).in_sight().order_by().values_list("service_request", flat=True)
        keys = list(sent.distinct()[: MOST_KEYS + 1])
        few = Q(pk__in=keys) if keys else NOTHING
        found = few if len(keys) <= MOST_KEYS else Q(pk__in=sent)
        if cache is not None:
            cache[DISPATCHED] = found
        return found

    def whole(self) -> Self:
        """With everything that a card or a page shows of them, in one query."""
        return self.select_related("category", "grid", "building", "handler", "responsible", "submitter")

    def own(self, user: Any) -> Self:
        """What somebody asked for himself: neither parts of it, nor what he filed for one without a phone."""
        return self.filter(asked_by(user), whole=None)

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
        PROACTIVE = "proactive", "未诉先办"

    number = models.CharField("编号", max_length=24, unique=True, editable=False)
    key = models.UUIDField("客户端键", default=uuid.uuid4, editable=False)
    submitter = models.ForeignKey(
        USER, verbose_name="提出人", on_delete=models.PROTECT, related_name="service_requests"
    )
    source = models.CharField("来源", max_length=12, choices=Source, default=Source.RESIDENT)
    has_no_phone = models.BooleanField(
        "没有手机", default=False, help_text="代点：提出人没有手机，由经办人代为联系，评价靠回访。"
    )
    asker_name = EncryptedCharField("替谁提的", blank=True)
    query_code = models.CharField("查询码", max_length=8, blank=True, editable=False)
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

    # What it belongs to
    whole = models.ForeignKey(
        "self", verbose_name="总件", on_delete=models.PROTECT, null=True, blank=True, related_name="parts"
    )
    merged_into = models.ForeignKey(
        "self", verbose_name="并入", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )
    cause = models.ForeignKey(
        "self",
        verbose_name="社区立项",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="symptoms",
        help_text="未诉先办：针对反复出现的同类点单立的项。",
    )

    # What happened to it so far, as far as a rule or a list asks
    asked_from = models.CharField("请补充前的状态", max_length=12, choices=State, blank=True)
    has_asked = models.BooleanField("本轮已问过", default=False)
    objected_at = models.DateTimeField("申诉", null=True, blank=True)
    reopened = models.PositiveSmallIntegerField("重办次数", default=0)
    handed_down = models.PositiveSmallIntegerField("交办次数", default=0)
    is_extended = models.BooleanField("延过期", default=False)
    accepted_in_time = models.BooleanField(
        "按时受理", null=True, blank=True, help_text="首次受理或依法不予受理是否按时（受理率）。"
    )
    urged_at = models.DateTimeField("最近催办", null=True, blank=True)
    urges = models.PositiveSmallIntegerField("催办次数", default=0)
    supervised_at = models.DateTimeField("督办", null=True, blank=True)
    supervised_by = models.ForeignKey(
        Organization,
        verbose_name="督办党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    consent_kind = models.CharField("报请同意", max_length=12, choices=ConsentKind, blank=True)
    consent_at = models.ForeignKey(
        Organization,
        verbose_name="待谁同意",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    submitted_at = models.DateTimeField("提交", default=clock.now)
    accepted_at = models.DateTimeField("受理", null=True, blank=True)
    contacted_at = models.DateTimeField("首次联系", null=True, blank=True)
    resolved_at = models.DateTimeField("办结", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    accept_due = models.DateTimeField("受理期限", null=True, blank=True)
    contact_due = models.DateTimeField("联系期限", null=True, blank=True)
    resolve_due = models.DateTimeField("办结期限", null=True, blank=True)
    takeover_due = models.DateTimeField("接手期限", null=True, blank=True)
    asked_at = models.DateTimeField("请补充", null=True, blank=True)
    asked_until = models.DateTimeField("补充期限", null=True, blank=True)
    lapse_due = models.DateTimeField("评价期限", null=True, blank=True)
    object_until = models.DateTimeField("申诉期限", null=True, blank=True)
    reopen_until = models.DateTimeField("重办期限", null=True, blank=True)
    due = models.DateTimeField(
        "当前期限",
        null=True,
        blank=True,
        help_text="待受理时是受理期限，之后是接手期限和办结期限中早的；等提出人补充时和结束后为空。",
    )
    due_from = models.DateTimeField("期限从何时算", null=True, blank=True)
    reminded = models.PositiveSmallIntegerField("已提醒到", default=0)
    next_at = models.DateTimeField("系统下次要办", null=True, blank=True, editable=False)
    contact_reminded = models.PositiveSmallIntegerField("首次联系已提醒到", default=0, editable=False)
    contact_next_at = models.DateTimeField("首次联系下次提醒", null=True, blank=True, editable=False)
    promise = models.JSONField(
        "承诺时限", default=dict, help_text="提交和受理时适用的时限；以后改政策不改旧承诺。"
    )

    objects = ServiceRequestQuerySet.as_manager()

    #: Set by `intake.first_with_key`: a second attempt got the first one back.
    was_filed_before: bool = False
    #: Set by `workflow.submit`: the event of it; and all its events where somebody knows them (`timeline`).
    filing: Any = None
    all_events: list[Any] | None = None

    class Meta:
        verbose_name = verbose_name_plural = "点单"
        ordering = ["-submitted_at", "-id"]
        indexes = [
            models.Index(
                fields=["handler", "due", "id"], condition=Q(state__in=OPEN), name="request_open_due"
            ),
            models.Index(
                fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="request_next_at"
            ),
            models.Index(
                fields=["contact_next_at", "id"],
                condition=Q(contact_next_at__isnull=False),
                name="request_contact_next_at",
            ),
            models.Index(
                fields=["consent_at", "id"], condition=Q(consent_at__isnull=False), name="request_consent"
            ),
            # By the city nobody is told apart: without it every open request is looked at.
            models.Index(
                fields=["supervised_at"],
                condition=Q(state__in=OPEN, supervised_at__isnull=False),
                name="request_supervised",
            ),
            models.Index(
                fields=["supervised_by", "due", "id"], condition=Q(state__in=OPEN), name="request_watched"
            ),
            models.Index(
                fields=["handler", "reopen_until"],
                condition=Q(reopen_until__isnull=False),
                name="request_reopenable",
            ),
            models.Index(fields=["handler", "state", "-submitted_at"]),
            models.Index(fields=["-submitted_at", "-id"], name="request_newest"),
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
                condition=Q(state=State.MERGED, merged_into__isnull=False)
                | (~Q(state=State.MERGED) & Q(merged_into=None)),
                name="request_merged_into_something",
            ),
            models.CheckConstraint(
                condition=Q(consent_kind="", consent_at=None)
                | (~Q(consent_kind="") & Q(consent_at__isnull=False)),
                name="request_consent_of_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.ASKED) | (Q(asked_until__isnull=False) & ~Q(asked_from="")),
                name="request_asked_until",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("submitted_at")),
                name="request_resolved_after_submitted",
            ),
            models.CheckConstraint(
                condition=~Q(source="proactive") | Q(has_no_phone=False, query_code="", shares_phone=False),
                name="request_proactive_of_nobody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_part(self) -> bool:
        """拆分出来的一件: not rated, not in the rates, closed when it is done."""
        return self.whole_id is not None

    @property
    def is_proactive(self) -> bool:
        """未诉先办: filed by the community; nobody asked, is contacted, or rates. `submitter` filed it."""
        return self.source == self.Source.PROACTIVE

    @property
    def asker_id(self) -> int | None:
        """The account that asked and speaks for itself; None for one without a phone, and for 未诉先办."""
        return None if self.has_no_phone or self.is_proactive else self.submitter_id

    def is_visible_to(self, user: Any) -> bool:
        """`ServiceRequest.objects.visible_to` for one row at hand: mostly its place tells, without a query."""
        from grids.scope import covers
        from requests.models.dispatches import Dispatch

        if not user.is_authenticated:
            return False
        if self.asker_id == user.pk or any(covers(user, power, self) for power in SEEING):
            return True
        if not scope_of(user).has(Power.ANSWER_DISPATCH, Power.HANDLE):
            return False
        return Dispatch.objects.sent_to(user).in_sight().filter(service_request=self.pk).exists()

    @property
    def tier_above_id(self) -> int | None:
        """The organization to which it would be escalated; None at the district (and where no tier is above)."""
        if self.handler_id == self.district_id:
            return None
        if self.handler_id == self.community_id:
            return self.street_id or self.district_id
        return self.district_id

    @property
    def tiers_above_ids(self) -> list[int]:
        """All the tiers above the handler, the nearest first: they may supervise (RULES 1)."""
        first = self.tier_above_id
        return list(dict.fromkeys(each for each in (first, first and self.district_id) if each))

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

"""How large a grid, a branch, a community should be, and how often a household is looked after: per district."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from ground import clock
from ground.history import AppendOnly, AppendOnlyQuerySet
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of

USER = settings.AUTH_USER_MODEL


class TerritoryPolicyQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: Any) -> Self:
        """The policies of the districts in which `user` has anything in sight: policies are no secret."""
        scope = scope_of(user)
        nodes = scope.organizations(Organization.objects.order_by(), Power.TREE_SEE)
        return self.filter(district__tree_id__in=nodes.values("tree_id"))


def _number(label: str, default: int) -> Any:
    return models.PositiveIntegerField(label, default=default)


class TerritoryPolicy(AppendOnly):
    """范围标准: dated and signed (RULES 6). The newest one that has come into force holds; none is ever changed.

    Defaults: communities of 6,000–10,000 people (N2), grid branches of 500–1,000 households (H1), grids of 50–80
    households in blocks and 30–50 in self-built houses (N3), about ten households to a member (C5).
    """

    district = models.ForeignKey(
        Organization, verbose_name="区县", on_delete=models.PROTECT, related_name="territory_policies"
    )
    begins_on = models.DateField("施行日期", default=clock.today)
    signed_by = models.ForeignKey(
        USER, verbose_name="签发人", on_delete=models.PROTECT, editable=False, related_name="+"
    )
    signed_at = models.DateTimeField("签发时间", default=clock.now, editable=False)
    document = models.CharField("依据文件", max_length=60, blank=True, help_text="文号或会议名称。")

    people_min, people_max = _number("社区人数下限", 6_000), _number("社区人数上限", 10_000)
    branch_min, branch_max = _number("二级网格户数下限", 500), _number("二级网格户数上限", 1_000)
    blocks_min, blocks_max = _number("三级网格（楼宇）户数下限", 50), _number("三级网格（楼宇）户数上限", 80)
    self_built_min = _number("三级网格（自建房）户数下限", 30)
    self_built_max = _number("三级网格（自建房）户数上限", 50)
    contact_min, contact_max = _number("联户户数下限", 8), _number("联户户数上限", 12)
    yellow_days, red_days = _number("关心户走访间隔（天）", 30), _number("连心户走访间隔（天）", 7)
    review_days = _number("等级复核间隔（天）", 90)

    objects = TerritoryPolicyQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "范围标准"
        ordering = ["-begins_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(people_min__lte=F("people_max"))
                & Q(branch_min__lte=F("branch_max"))
                & Q(blocks_min__lte=F("blocks_max"))
                & Q(self_built_min__lte=F("self_built_max"))
                & Q(contact_min__lte=F("contact_max")),
                name="territory_policy_ranges_rise",
                violation_error_message="下限不能大于上限。",
            ),
            models.CheckConstraint(
                condition=Q(yellow_days__gte=1) & Q(red_days__gte=1) & Q(review_days__gte=1),
                name="territory_policy_days_positive",
                violation_error_message="间隔至少 1 天。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district} {self.begins_on} 起"

    @classmethod
    def of(cls, district_id: int, on: date | None = None) -> TerritoryPolicy:
        """What holds in a district on a day (default today); the defaults, unsaved, where nothing was signed."""
        return cls.in_force_in([district_id], on).get(district_id) or cls(district_id=district_id)

    @classmethod
    def in_force_in(cls, district_ids: Iterable[int], on: date | None = None) -> dict[int, TerritoryPolicy]:
        """District id → what holds there on a day (default today), of those that have signed one. One query."""
        begun = cls.objects.filter(district__in=list(district_ids), begins_on__lte=on or clock.today())
        return {policy.district_id: policy for policy in reversed(begun)}

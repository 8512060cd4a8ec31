"""单位: bodies outside the tree, and the Party organizations inside them."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from organizations.models.tree import Organization, Placed
from organizations.posts import Power
from organizations.scope import scope_of


class UnitQuerySet(models.QuerySet["Unit"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(scope_of(user).rows(Power.TREE_SEE) | scope_of(user).own_units()).distinct()


class Unit(Placed):
    """单位: any body that is not a node of the tree."""

    class Kind(models.TextChoices):
        AGENCY = "agency", "机关"
        ENTERPRISE = "enterprise", "国有企业"
        INSTITUTION = "institution", "事业单位"
        DEPARTMENT = "department", "职能部门"
        PROPERTY = "property", "物业公司"
        OWNERS = "owners", "业主委员会"
        SOCIAL = "social", "社会组织"
        NEW_ECONOMY = "new_economy", "两新组织"
        RESIDENT = "resident", "驻区单位"

    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类别", max_length=16, choices=Kind)
    code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    closed_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "name"],
                name="unit_name_once",
                violation_error_message="本区已有同名单位。",
            )
        ]

    def __str__(self) -> str:
        return self.name


class UnitBranchQuerySet(models.QuerySet["UnitBranch"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(unit__in=Unit.objects.visible_to(user).order_by().values("pk"))


class UnitBranch(models.Model):
    """单位党组织: a Party organization inside a unit, outside the six tiers, counted in coverage (H2, H10, L3)."""

    unit = models.ForeignKey(Unit, verbose_name="单位", on_delete=models.PROTECT, related_name="branches")
    name = models.CharField("名称", max_length=60)
    superior = models.ForeignKey(
        Organization,
        verbose_name="上级党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    founded_on = models.DateField("成立日期", null=True, blank=True)
    closed_on = models.DateField("撤销日期", null=True, blank=True)

    objects = UnitBranchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位党组织"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

"""党组织: the nodes of the tree, and the columns by which rows of the floors above are placed in it."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey
from mptt.querysets import TreeQuerySet

from ground.kept import A_KEY, Kept
from organizations.posts import Power, Tier
from organizations.scope import scope_of


class OrganizationQuerySet(TreeQuerySet):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def visible_to(self, user: Any) -> Self:
        """The nodes in which `user` may see the tree and its totals."""
        return scope_of(user).organizations(self, Power.TREE_SEE)


class Organization(MPTTModel):
    """党组织: a node of the tree. One root per district. Written only by `organizations.tree`."""

    parent = TreeForeignKey(
        "self", verbose_name="上级", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    tier = models.PositiveSmallIntegerField("层级", choices=Tier)
    name = models.CharField("名称", max_length=60)
    short_name = models.CharField("简称", max_length=40, help_text="如“花城社区”，用于页面标题。")
    code = models.CharField(
        "区划代码",
        max_length=12,
        blank=True,
        help_text="统计用区划代码：区县 6 位，街镇 9 位，社区村 12 位。",
    )
    official_name = models.CharField("区划名称", max_length=60, blank=True, editable=False)
    letters = models.CharField("编号字头", max_length=8, blank=True, help_text="点单编号的字头，如 WJ。")
    lng = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    closed_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects = TreeManager.from_queryset(OrganizationQuerySet)()

    class MPTTMeta:
        order_insertion_by: list[str] = []

    class Meta:
        verbose_name = verbose_name_plural = "党组织"
        ordering = ["tree_id", "lft"]
        indexes = [
            models.Index(fields=["tree_id", "lft"], name="organization_tree_lft"),
            models.Index(fields=["code"], condition=Q(tier=Tier.DISTRICT), name="organization_district"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=~Q(code=""),
                name="organization_code_once",
                violation_error_message="这个区划代码已经有党组织了。",
            ),
            models.CheckConstraint(
                condition=Q(tier=Tier.DISTRICT, parent=None)
                | (~Q(tier=Tier.DISTRICT) & Q(parent__isnull=False)),
                name="organization_root_is_district",
                violation_error_message="只有区（县）委没有上级。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def at_tier(self, tier: Tier) -> Organization | None:
        """This node or its ancestor of that tier; None if the place skips it. One query."""
        if self.tier == tier:
            return self
        return self.get_ancestors().filter(tier=tier).first()


#: A node with all that may be above it.
_LINE = Kept(
    lambda pk: (
        Organization.objects.filter(pk=pk).order_by().select_related("__".join(["parent"] * (len(Tier) - 1)))
    ),
    pk=A_KEY,
)


def community_column(*, indexed: bool = True) -> models.ForeignKey[Organization | None, Organization | None]:
    """The scope column of the community. indexed: False where an index of the table begins with it already."""
    return models.ForeignKey(
        Organization,
        verbose_name="社区",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=indexed,
    )


class Placed(models.Model):
    """Scope columns (HOUSE, the tree): sight is a few indexed equalities, never an interval join."""

    district = models.ForeignKey(
        Organization, verbose_name="区县", on_delete=models.PROTECT, related_name="+"
    )
    street = models.ForeignKey(
        Organization, verbose_name="街镇", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    community = community_column()

    class Meta:
        abstract = True

    def place_under(self, organization: Organization) -> None:
        """Fill the scope columns from a node of the tree as it stands now (one query)."""
        line, node = dict[int, Organization](), _LINE.first(pk=organization.pk)
        while node is not None:
            line[node.tier], node = node, node.parent
        self.district = line[Tier.DISTRICT]
        self.street = line.get(Tier.STREET)
        self.community = line.get(Tier.COMMUNITY)

    @classmethod
    def follow(cls, node: Organization) -> None:
        """Rewrite the scope columns of the rows below a node that moved (`organization_moved`)."""
        line = {each.tier: each for each in node.get_ancestors(include_self=True)}
        rows, district = cls._default_manager.all(), line[Tier.DISTRICT]
        if node.tier == Tier.STREET:
            rows.filter(street=node).update(district=district)
        elif node.tier == Tier.COMMUNITY:
            rows.filter(community=node).update(district=district, street=line.get(Tier.STREET))

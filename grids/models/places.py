"""What stands on the territory: compounds, buildings, dwellings, and where members live (N4, C10, D2)."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.db import models
from django.db.models import Q

from grids.models.territory import Grid, ScopedQuerySet
from ground.geo import Point
from organizations.models import Member, Organization, Placed, Unit, community_column
from organizations.posts import Power


class HousedQuerySet(ScopedQuerySet):
    """Dwellings, households, residents: seen by whoever has the registry in sight there (RULES 5)."""

    def visible_to(self, user: Any) -> Self:
        from grids.scope import reach

        return self.filter(reach(user, Power.REGISTRY_SEE))


class CompoundQuerySet(ScopedQuerySet):
    def three_lacking(self) -> Self:
        """三无小区: no Party branch, no owners' committee, no property company (D9)."""
        return self.filter(branch=None, owners_committee=None, property_company=None)


class Compound(Placed):
    """小区: a residential compound, and the three bodies that it has or lacks (D9, D10, C10)."""

    class Kind(models.TextChoices):
        COMMERCIAL = "commercial", "商品房小区"
        UNIT_HOUSING = "unit_housing", "单位宿舍"
        OLD = "old", "老旧小区"
        RESETTLEMENT = "resettlement", "安置保障房"
        SELF_BUILT = "self_built", "自建房片区"
        OTHER = "other", "其他"

    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=12, choices=Kind, default=Kind.COMMERCIAL)
    grid = models.ForeignKey(
        Grid, verbose_name="网格", on_delete=models.PROTECT, null=True, blank=True, related_name="compounds"
    )

    property_company = models.ForeignKey(
        Unit,
        verbose_name="物业公司",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        limit_choices_to={"kind": Unit.Kind.PROPERTY},
        related_name="managed_compounds",
        help_text="空着就是没有物业公司。",
    )
    owners_committee = models.ForeignKey(
        Unit,
        verbose_name="业主委员会",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        limit_choices_to={"kind": Unit.Kind.OWNERS},
        related_name="owned_compounds",
        help_text="空着就是没有业主委员会。",
    )
    branch = models.ForeignKey(
        Organization,
        verbose_name="小区党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="compounds",
        help_text="覆盖这个小区的党支部或党小组；空着就是没有。",
    )

    paired_unit = models.ForeignKey(
        Unit,
        verbose_name="结对单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="paired_compounds",
        help_text="帮三无小区把组织建起来的单位。",
    )

    objects = CompoundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "小区"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "name"],
                name="compound_name_once",
                violation_error_message="本社区已有同名小区。",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lacks(self) -> list[str]:
        """What is missing of the three, in words; all three make it a 三无小区."""
        parts = {
            "党组织": self.branch_id,
            "业主委员会": self.owners_committee_id,
            "物业公司": self.property_company_id,
        }
        return [name for name, key in parts.items() if key is None]


def new_qr_token() -> str:
    """A random token for a building's QR code; it can be replaced at any time and means nothing by itself."""
    return secrets.token_urlsafe(12)


class Building(Placed):
    """楼栋: where most requests happen. Its QR code opens the request form with the place filled in."""

    class Kind(models.TextChoices):
        RESIDENTIAL = "residential", "住宅"
        MIXED = "mixed", "商住"
        COMMERCIAL = "commercial", "商业办公"
        PUBLIC = "public", "公共设施"
        SELF_BUILT = "self_built", "自建房"

    code = models.CharField("楼栋编码", max_length=24, unique=True)
    name = models.CharField("名称", max_length=60)
    compound = models.ForeignKey(
        Compound,
        verbose_name="小区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="buildings",
    )
    grid = models.ForeignKey(Grid, verbose_name="网格", on_delete=models.PROTECT, related_name="buildings")
    group = models.ForeignKey(
        Organization,
        verbose_name="楼栋党小组",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="buildings",
    )
    kind = models.CharField("类型", max_length=12, choices=Kind, default=Kind.RESIDENTIAL)
    property_unit = models.ForeignKey(
        Unit,
        verbose_name="产权或管理单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="buildings",
        help_text="单独管这一栋的单位；和小区的物业公司相同时空着。",
    )
    floors = models.PositiveSmallIntegerField("层数", null=True, blank=True)
    staircases = models.PositiveSmallIntegerField("单元数", null=True, blank=True)
    has_lift = models.BooleanField("有电梯", null=True, blank=True)
    lng = models.FloatField("经度", null=True, blank=True, help_text="WGS-84")
    lat = models.FloatField("纬度", null=True, blank=True, help_text="WGS-84")
    qr_token = models.CharField(
        "二维码口令", max_length=24, unique=True, default=new_qr_token, editable=False
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "楼栋"
        ordering = ["code"]
        indexes = [models.Index(fields=["community", "name"]), models.Index(fields=["lat", "lng"])]

    def __str__(self) -> str:
        return self.name

    @property
    def point(self) -> Point | None:
        return Point(self.lng, self.lat) if self.lng is not None and self.lat is not None else None


class Dwelling(Placed):
    """房屋: every one has a code, building code + staircase-floor-door (N4). Grid and scope are its building's."""

    class Use(models.TextChoices):
        OWN = "own", "自住"
        LET = "let", "出租"
        EMPTY = "empty", "空置"

    # Millions of rows, imported by the sheet: where an index begins with a key, the key has none of its own.
    community = community_column(indexed=False)
    building = models.ForeignKey(
        Building, verbose_name="楼栋", on_delete=models.PROTECT, related_name="dwellings", db_index=False
    )
    grid = models.ForeignKey(Grid, verbose_name="网格", on_delete=models.PROTECT, related_name="+")
    staircase = models.CharField("单元", max_length=4, blank=True, help_text="没有单元的楼空着。")
    floor = models.SmallIntegerField("楼层", help_text="地下一层写 -1。")
    door = models.CharField("房号", max_length=8, help_text="如 302。")
    code = models.CharField("房屋编码", max_length=48, unique=True, editable=False)
    use = models.CharField("用途", max_length=6, choices=Use, default=Use.OWN)

    objects = HousedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "房屋"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["building", "staircase", "floor", "door"],
                name="dwelling_once_in_a_building",
                violation_error_message="这栋楼已有这个房号。",
            ),
            models.CheckConstraint(
                condition=~Q(floor=0),
                name="dwelling_floor_is_not_zero",
                violation_error_message="楼层没有 0 层，地下一层写 -1。",
            ),
        ]
        indexes = [
            models.Index(fields=["community", "code"]),
            models.Index(fields=["community", "id"], name="dwelling_paged"),
        ]

    def __str__(self) -> str:
        return f"{self.building.name} {self.short}"

    @property
    def short(self) -> str:
        """Within its building: 1单元 302."""
        return f"{self.staircase}单元 {self.door}" if self.staircase else self.door


class HomeQuerySet(models.QuerySet["Home"]):
    def visible_to(self, user: Any) -> Self:
        """The homes of the members in sight, and those in buildings whose registry is."""
        from grids.scope import reach

        members = Member.objects.visible_to(user).order_by().values("pk")
        return self.filter(Q(member__in=members) | reach(user, Power.REGISTRY_SEE, prefix="building__"))


class Home(models.Model):
    """Where a member lives: the compound and building of 四清楚 (D2)."""

    member = models.OneToOneField(Member, verbose_name="党员", on_delete=models.CASCADE, related_name="home")
    compound = models.ForeignKey(
        Compound, verbose_name="小区", on_delete=models.PROTECT, null=True, blank=True, related_name="homes"
    )
    building = models.ForeignKey(
        Building, verbose_name="楼栋", on_delete=models.PROTECT, null=True, blank=True, related_name="homes"
    )
    lng = models.FloatField("经度", null=True, blank=True, help_text="WGS-84")
    lat = models.FloatField("纬度", null=True, blank=True, help_text="WGS-84")

    objects = HomeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "党员住处"

    def __str__(self) -> str:
        return str(self.building or self.compound or "未登记")

    @property
    def point(self) -> Point | None:
        if self.lng is not None and self.lat is not None:
            return Point(self.lng, self.lat)
        return self.building.point if self.building else None

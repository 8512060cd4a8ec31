"""The Party organization tree, units, members and who holds which post."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey
from mptt.querysets import TreeQuerySet

from ground import clock
from ground.fields import EncryptedCharField, masked_phone
from ground.history import AppendOnly, AppendOnlyQuerySet
from organizations.posts import Post, Power, Seat, Tier, powers_of
from organizations.scope import administers, scope_of

USER = settings.AUTH_USER_MODEL


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
        indexes = [models.Index(fields=["tree_id", "lft"], name="organization_tree_lft")]
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


class Placed(models.Model):
    """Scope columns (HOUSE, the tree): sight is a few indexed equalities, never an interval join."""

    district = models.ForeignKey(
        Organization, verbose_name="区县", on_delete=models.PROTECT, related_name="+"
    )
    street = models.ForeignKey(
        Organization, verbose_name="街镇", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    community = models.ForeignKey(
        Organization, verbose_name="社区", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        abstract = True

    def place_under(self, organization: Organization) -> None:
        """Fill the scope columns from a node of the tree (one query)."""
        line = {node.tier: node for node in organization.get_ancestors(include_self=True)}
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
        day = on or clock.today()
        return self.filter(Q(begins_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gt=day)))

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


class WorkdayOverride(models.Model):
    """A day on which the city's calendar differs from the statutory one, or which that does not know yet."""

    day = models.DateField("日期", unique=True)
    is_workday = models.BooleanField("上班")
    reason = models.CharField("说明", max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "工作日调整"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {'上班' if self.is_workday else '放假'}"


class AccessLogQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: Any) -> Self:
        nodes = scope_of(user).organizations(Organization.objects.order_by(), Power.ACCESS_LOG)
        return self.filter(organization__in=nodes.values("pk"))


class AccessLogEntry(AppendOnly):
    """Who looked at whose personal data, and why (RULES 5). Holds ids, never the data."""

    by = models.ForeignKey(USER, verbose_name="谁", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=clock.now)
    action = models.CharField("动作", max_length=20)
    subject = models.CharField("对象", max_length=60, help_text="型号与主键，如 requests.servicerequest:42")
    field = models.CharField("字段", max_length=20)
    reason = models.CharField("理由", max_length=100)
    organization = models.ForeignKey(
        Organization, verbose_name="所在", on_delete=models.PROTECT, related_name="+"
    )

    objects = AccessLogQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "查看记录"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["by", "-at"]), models.Index(fields=["organization", "-at"])]

    def __str__(self) -> str:
        return f"{self.by_id} {self.action} {self.subject}"

"""户 and 居民: people are recorded on dwellings (人盯房、房管人; N4), and only what a stated purpose needs."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from grids.models.places import Building, Dwelling, HousedQuerySet
from grids.models.territory import Grid
from ground import clock
from ground.fields import UNREADABLE, EncryptedCharField, Unreadable, masked_phone, surname_only
from ground.identity import DocumentKind, Sex, masked_number
from organizations.models import Member, Placed, community_column
from organizations.posts import Power

USER = settings.AUTH_USER_MODEL


class SpecialGroup(models.Model):
    """重点人群 (L9): a managed list. No group without a purpose that is written down."""

    name = models.CharField("名称", max_length=20, unique=True)
    purpose = models.CharField("用途", max_length=80, help_text="登记它是为了做什么，如“上门探访、送餐”。")
    order = models.PositiveSmallIntegerField("顺序", default=100)
    is_open = models.BooleanField("可选用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "重点人群"
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name


class CareLevel(models.TextChoices):
    """三色管理 (N9): how often a household is looked after."""

    GREEN = "green", "放心户"
    YELLOW = "yellow", "关心户"
    RED = "red", "连心户"


class Household(Placed):
    """户: who lives together in a dwelling; the member who keeps in touch, and how often it is looked after.

    The care columns repeat the newest CareAssessment, so that lists sort and filter on them.
    """

    community = community_column(indexed=False)
    dwelling = models.ForeignKey(
        Dwelling, verbose_name="房屋", on_delete=models.PROTECT, related_name="households", db_index=False
    )
    grid = models.ForeignKey(Grid, verbose_name="网格", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField("户号", default=1, help_text="同一房屋住了几户时，从 1 编起。")
    contact_member = models.ForeignKey(
        Member,
        verbose_name="联户党员",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contact_households",
    )
    care_level = models.CharField(
        "关爱等级", max_length=6, choices=CareLevel, default=CareLevel.GREEN, editable=False
    )
    care_days = models.PositiveSmallIntegerField("走访间隔", null=True, editable=False, help_text="天")
    care_review_on = models.DateField("复核日期", null=True, editable=False)

    objects = HousedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "户"
        ordering = ["dwelling__code", "number"]
        indexes = [
            models.Index(fields=["community", "id"], name="household_paged"),
            models.Index(
                fields=["community", "care_review_on"],
                condition=Q(care_review_on__isnull=False),
                name="household_care_review",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dwelling", "number"],
                name="household_number_once",
                violation_error_message="这套房屋已有这个户号。",
            ),
            models.CheckConstraint(
                condition=Q(care_level=CareLevel.GREEN)
                | Q(care_days__isnull=False, care_review_on__isnull=False),
                name="household_cared_for_has_rhythm",
                violation_error_message="关心户、连心户要写明走访间隔和复核日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dwelling}" + (f" 第 {self.number} 户" if self.number > 1 else "")


class CareAssessmentQuerySet(models.QuerySet["CareAssessment"]):
    def visible_to(self, user: Any) -> Self:
        from grids.scope import reach

        return self.filter(reach(user, Power.REGISTRY_SEE, prefix="household__"))


class CareAssessment(models.Model):
    """Who gave a household which level, why, with which rhythm and until when. Rows are added; only the reason is
    ever blanked, when those whom it speaks of are erased."""

    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="assessments"
    )
    level = models.CharField("等级", max_length=6, choices=CareLevel)
    reason = models.CharField("理由", max_length=100)
    days = models.PositiveSmallIntegerField("走访间隔", null=True, help_text="天")
    review_on = models.DateField("复核日期", null=True)
    by = models.ForeignKey(USER, verbose_name="评定人", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("评定时间", default=clock.now)

    objects = CareAssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "等级评定"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.at:%Y-%m-%d}"


class ResidentQuerySet(HousedQuerySet):
    def present(self) -> Self:
        """Those who count: neither moved out, nor merged into another row, nor erased."""
        return self.filter(standing=Resident.Standing.PRESENT)

    def named_to(self, user: Any) -> Self:
        """Those whose name and door the user may know, but nothing else (building heads, branch secretaries)."""
        from grids.scope import names_reach

        return self.filter(names_reach(user))


class Resident(Placed):
    """居民. Purpose of each field: knowing whom to visit and help, and counting; nothing is kept that has none.

    Number and phone are encrypted and found by a keyed index. Birth date and sex come from the document where it
    tells them. Scope columns, grid and building follow the household; without one the person belongs to the
    community alone. Written only by `grids.residents` and the import.
    """

    class Relation(models.TextChoices):
        HEAD = "head", "户主"
        SPOUSE = "spouse", "配偶"
        CHILD = "child", "子女"
        CHILD_IN_LAW = "child_in_law", "儿媳女婿"
        PARENT = "parent", "父母"
        PARENT_IN_LAW = "parent_in_law", "公婆岳父母"
        GRANDCHILD = "grandchild", "孙辈"
        GRANDPARENT = "grandparent", "祖辈"
        SIBLING = "sibling", "兄弟姐妹"
        RELATIVE = "relative", "其他亲属"
        TENANT = "tenant", "租户"
        OTHER = "other", "其他"

    class Residence(models.TextChoices):
        REGISTERED = "registered", "户籍常住"
        PRESENT_ONLY = "present_only", "常住非户籍"
        FLOATING = "floating", "流动人口"
        AWAY = "away", "户在人不在"
        OVERSEAS = "overseas", "境外人员"

    class Standing(models.TextChoices):
        PRESENT = "present", "在册"
        LEFT = "left", "已迁出"
        MERGED = "merged", "已合并"
        ERASED = "erased", "已删除"

    community = community_column(indexed=False)
    household = models.ForeignKey(
        Household,
        verbose_name="户",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="residents",
    )
    building = models.ForeignKey(
        Building, verbose_name="楼栋", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    grid = models.ForeignKey(
        Grid, verbose_name="网格", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField("姓名", max_length=40)
    name_key = models.CharField(max_length=320, editable=False)
    initials = models.CharField("拼音首字母", max_length=20, editable=False, blank=True)
    document_kind = models.CharField(
        "证件类型", max_length=16, choices=DocumentKind, default=DocumentKind.RESIDENT_ID
    )
    document_number = EncryptedCharField("证件号码")
    document_index = models.CharField(max_length=64, editable=False, blank=True)
    phone = EncryptedCharField("手机号")
    phone_index = models.CharField(max_length=64, editable=False, blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    sex = models.CharField("性别", max_length=1, choices=Sex, blank=True)
    relation = models.CharField("与户主关系", max_length=16, choices=Relation, default=Relation.OTHER)
    residence = models.CharField("居住类型", max_length=16, choices=Residence, default=Residence.REGISTERED)
    groups = models.ManyToManyField(
        SpecialGroup, verbose_name="重点人群", blank=True, related_name="residents"
    )
    user = models.OneToOneField(
        USER,
        verbose_name="账号",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="resident",
        help_text="由工作人员核对后关联，本人才能看到自己的登记。",
    )
    standing = models.CharField(
        "状态", max_length=8, choices=Standing, default=Standing.PRESENT, editable=False
    )
    left_on = models.DateField("迁出日期", null=True, blank=True, editable=False)
    left_why = models.CharField("迁出原因", max_length=60, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        verbose_name="并入",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="merged",
    )
    last_import = models.ForeignKey(
        "grids.ImportJob",
        verbose_name="最近导入",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    entered_at = models.DateTimeField("登记时间", default=clock.now, editable=False)
    changed_at = models.DateTimeField("更新时间", default=clock.now, editable=False)

    objects = ResidentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "居民"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["community", "name_key"], name="resident_name"),
            models.Index(fields=["community", "initials"], name="resident_initials"),
            models.Index(
                fields=["document_index"], condition=~Q(document_index=""), name="resident_document"
            ),
            models.Index(fields=["phone_index"], condition=~Q(phone_index=""), name="resident_phone"),
            # Counts a street or community, and who lives where, without reading the rows of people.
            models.Index(
                fields=["district", "street", "community", "household"],
                condition=Q(standing="present"),
                name="resident_present",
            ),
            # Pages of a community's list, in the order of entry: else the primary key is walked past everybody else.
            models.Index(fields=["community", "id"], name="resident_in_order"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(relation="head", standing="present"),
                name="resident_one_head",
                violation_error_message="这一户已经有户主了，请先改原户主的关系。",
            ),
            models.CheckConstraint(
                condition=~Q(standing="left") | Q(left_on__isnull=False),
                name="resident_left_has_date",
                violation_error_message="请填迁出日期。",
            ),
            models.CheckConstraint(
                condition=~Q(standing="merged") | Q(merged_into__isnull=False),
                name="resident_merged_has_target",
                violation_error_message="合并要指明并入谁。",
            ),
            models.CheckConstraint(
                condition=~Q(standing="erased")
                | Q(
                    name="", document_number="", document_index="", phone="", phone_index="", birth_date=None
                ),
                name="resident_erased_is_empty",
                violation_error_message="已删除的居民不能再有个人资料。",
            ),
        ]

    def __str__(self) -> str:
        """Never the whole name: this is what ends up in logs and audits."""
        return f"{surname_only(self.name)} #{self.pk}"

    @property
    def masked_document(self) -> str:
        if isinstance(self.document_number, Unreadable):
            return UNREADABLE
        return masked_number(self.document_number) if self.document_number else ""

    @property
    def masked_phone(self) -> str:
        return masked_phone(self.phone) if self.phone or isinstance(self.phone, Unreadable) else ""

    def age(self, on: date | None = None) -> int | None:
        """Whole years on a day (default today); None where the birth date is not known."""
        if self.birth_date is None:
            return None
        day = on or clock.today()
        return (
            day.year
            - self.birth_date.year
            - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))
        )


class NotTheSame(models.Model):
    """Two rows that looked like one person, and somebody looked: they are not. Never offered for merging again."""

    first = models.ForeignKey(Resident, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Resident, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(USER, verbose_name="谁", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        verbose_name = verbose_name_plural = "不是同一人"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="not_the_same_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="not_the_same_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ≠ {self.second_id}"

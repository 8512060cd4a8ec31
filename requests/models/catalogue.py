"""事项类别, the words that staff use again and again, and the series of numbers."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of
from requests.states import DutyArea, Track


class Category(models.Model):
    """事项类别: sets the provisional track and says whether photos are needed."""

    code = models.SlugField("代码", max_length=24, unique=True)
    name = models.CharField("名称", max_length=20)
    hint = models.CharField("例子", max_length=60, blank=True)
    icon = models.CharField("图标", max_length=20, default="list")
    track = models.CharField("默认分级", max_length=10, choices=Track, default=Track.IMPORTANT)
    duty_area = models.CharField("职责领域", max_length=12, choices=DutyArea, default=DutyArea.CONVENIENCE)
    needs_photo_to_resolve = models.BooleanField("办结要照片", default=False)
    order = models.PositiveSmallIntegerField("排序", default=100)
    is_open = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "事项类别"
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name


class ReplyTemplateQuerySet(models.QuerySet["ReplyTemplate"]):
    def usable_by(self, user: Any) -> Self:
        """Those of the district and of the communities whose requests the user has in sight."""
        scope = scope_of(user)
        nodes = scope.organizations(
            Organization.objects.order_by(), Power.REQUESTS_SEE, Power.REQUESTS_MASKED
        )
        of_district = Q(organization__parent=None, organization__tree_id__in=nodes.values("tree_id"))
        return self.filter(of_district | Q(organization__in=nodes.values("pk")))


class ReplyTemplate(models.Model):
    """常用语: what staff say again and again, per step and category, of a district or of one community."""

    class Use(models.TextChoices):
        """The steps in whose forms it is offered."""

        ACCEPT = "accept", "受理"
        DECLINE = "decline", "不予受理"
        ASK = "ask", "请补充"
        CONTACT = "contact", "联系"
        RESOLVE = "resolve", "办结"
        EXPLAIN = "explain", "报请解释办结"
        NOTE = "note", "内部记录"

    organization = models.ForeignKey(
        Organization, verbose_name="适用范围", on_delete=models.PROTECT, related_name="reply_templates"
    )
    step = models.CharField("用于", max_length=12, choices=Use)
    category = models.ForeignKey(
        Category, verbose_name="类别", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="空着：各类都用。",
    )  # fmt: skip
    title = models.CharField("名称", max_length=20)
    text = models.TextField("内容", max_length=500)
    is_open = models.BooleanField("启用", default=True)

    objects = ReplyTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "常用语"
        ordering = ["step", "category__order", "title", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "step", "title"],
                name="reply_template_once",
                violation_error_message="这里已有同名的常用语。",
            )
        ]

    def __str__(self) -> str:
        return self.title


class NumberSeries(models.Model):
    """The last number given under a prefix (letters and day), locked while the next one is taken."""

    prefix = models.CharField(max_length=18, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "编号序列"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last:04d}"

"""What can be asked for, what staff say again and again, and the lists that somebody keeps at hand."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from ground.errors import RuleViolation
from requests.models import Category, ReplyTemplate, SavedFilter

#: So many lists one keeps per page.
MOST_SAVED = 20


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ["code", "name", "hint", "icon", "track", "duty_area", "needs_photo_to_resolve"]


class CategoryViewSet(ReadOnlyModelViewSet[Category]):
    """What can be asked for."""

    queryset = Category.objects.filter(is_open=True)
    serializer_class = CategorySerializer
    lookup_field = "code"
    pagination_class = None
    filterset_class = None


class ReplyTemplateSerializer(serializers.ModelSerializer[ReplyTemplate]):
    """常用语. `category` is null where it fits every one."""

    category = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="code", read_only=True, allow_null=True
    )
    organization = serializers.CharField(source="organization.short_name", read_only=True)
    step_label = serializers.CharField(source="get_step_display", read_only=True)

    class Meta:
        model = ReplyTemplate
        fields = ["id", "step", "step_label", "category", "organization", "title", "text"]


class ReplyTemplateFilter(django_filters.FilterSet):
    step = django_filters.ChoiceFilter(choices=ReplyTemplate.Use.choices)
    category = django_filters.CharFilter(method="by_category", label="类别代码；各类都用的也列出")

    class Meta:
        model = ReplyTemplate
        fields = ["step", "category"]

    def by_category(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(category=None) | Q(category__code=value))


class ReplyTemplateViewSet(ReadOnlyModelViewSet[ReplyTemplate]):
    """常用语 of one's district and communities; for staff."""

    queryset = ReplyTemplate.objects.none()
    serializer_class = ReplyTemplateSerializer
    filterset_class = ReplyTemplateFilter

    def get_queryset(self) -> QuerySet[ReplyTemplate]:
        rows = ReplyTemplate.objects.usable_by(self.request.user).filter(is_open=True)
        return rows.select_related("category", "organization")


class SavedFilterSerializer(serializers.ModelSerializer[SavedFilter]):
    """A list as one likes to open it; `query` is the part of its address after the question mark."""

    class Meta:
        model = SavedFilter
        fields = ["id", "page", "name", "query"]
        validators: list[Any] = []  # `user` is not sent: the rule is asked below

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        mine = SavedFilter.objects.filter(user=self.context["request"].user, page=given["page"])
        names = set(mine.values_list("name", flat=True))
        if given["name"] in names:
            raise serializers.ValidationError({"name": ["已有同名的常用筛选。"]})
        if len(names) >= MOST_SAVED:
            raise serializers.ValidationError({"name": [f"最多存 {MOST_SAVED} 个，请先删掉不用的。"]})
        return given


class SavedFilterViewSet(
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[SavedFilter],
):
    """存为常用: one's own."""

    queryset = SavedFilter.objects.none()
    serializer_class = SavedFilterSerializer
    filterset_fields = ["page"]

    def get_queryset(self) -> QuerySet[SavedFilter]:
        return SavedFilter.objects.filter(user=self.request.user.pk)

    def perform_create(self, serializer: Any) -> None:
        try:
            with transaction.atomic():
                serializer.save(user=self.request.user)
        except IntegrityError:  # the same name from another tab in the same moment
            raise RuleViolation("已有同名的常用筛选。", field="name") from None

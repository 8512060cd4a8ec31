"""What can be asked for, and what staff say again and again."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from requests.models import Category, ReplyTemplate


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

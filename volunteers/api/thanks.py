"""谢意: saying thanks for a whistle, and what one has been told oneself."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet

from ground.fields import surname_only
from organizations import policies
from volunteers.accounting.thanking import MOST_WORDS
from volunteers.models import Thanks


class ThankSerializer(serializers.Serializer[Any]):
    """At least one of the three. A like counts where the district shows likes, stars where no request is rated."""

    is_like = serializers.BooleanField(required=False, default=False)
    stars = serializers.IntegerField(required=False, min_value=1, max_value=5, allow_null=True)
    words = serializers.CharField(required=False, allow_blank=True, max_length=MOST_WORDS)


class ThanksSerializer(serializers.ModelSerializer[Thanks]):
    """Whoever said it has a surname only; `is_like` is null where the district shows no likes."""

    title = serializers.CharField(source="whistle.title", read_only=True)
    by = serializers.SerializerMethodField()
    is_like = serializers.SerializerMethodField()

    class Meta:
        model = Thanks
        fields = ["id", "whistle", "title", "by", "is_like", "stars", "words", "at"]
        read_only_fields = fields

    def get_by(self, row: Thanks) -> str:
        return surname_only(row.by.name)

    @extend_schema_field(serializers.BooleanField(allow_null=True))
    def get_is_like(self, row: Thanks) -> bool | None:
        user = self.context["request"].user
        return row.is_like if policies.at_hand(user, row.whistle.district_id).likes_shown else None


class ThanksViewSet(mixins.ListModelMixin, GenericViewSet[Thanks]):
    """What those whom one served have said, newest first."""

    queryset = Thanks.objects.none()
    serializer_class = ThanksSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Thanks]:
        rows = Thanks.objects.received_by(self.request.user)
        return rows.select_related("whistle", "by").defer("by__phone")

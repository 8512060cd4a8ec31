"""微心愿 of one's own communities, as residents read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from volunteers.claiming import wish_notices
from volunteers.models import Whistle
from volunteers.states import WhistleState

FULFILLED = "fulfilled"


class WishSerializer(serializers.ModelSerializer[Whistle]):
    """Title and days only: neither who wished it nor who takes it on."""

    community = serializers.CharField(source="community.short_name", read_only=True)
    is_taken = serializers.SerializerMethodField(help_text="有人认领了；已经实现的也算")
    is_fulfilled = serializers.SerializerMethodField(help_text="已经实现")

    class Meta:
        model = Whistle
        fields = ["title", "community", "ends_at", "is_taken", "is_fulfilled"]
        read_only_fields = fields
        extra_kwargs = {"ends_at": {"help_text": "最晚什么时候实现"}}  # noqa: RUF012 - as DRF has it

    def get_is_taken(self, row: Whistle) -> bool:
        return getattr(row, "is_taken", True)

    def get_is_fulfilled(self, row: Whistle) -> bool:
        return row.state == WhistleState.DONE


class WishViewSet(mixins.ListModelMixin, GenericViewSet[Whistle]):
    """微心愿 where one is registered and where one's latest requests were; members take one on in /whistles/."""

    queryset = Whistle.objects.none()
    serializer_class = WishSerializer
    filter_backends: list[Any] = []

    @extend_schema(
        parameters=[OpenApiParameter("which", str, enum=["waiting", FULFILLED], default="waiting")]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those that wait to come true, the next one first; `fulfilled`: those of the past year."""
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Whistle]:
        communities = wish_notices.communities_of(self.request.user)
        if self.request.query_params.get("which") == FULFILLED:
            return wish_notices.fulfilled_in(communities)
        return wish_notices.waiting_in(communities)

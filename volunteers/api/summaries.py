"""Summaries of activities: asked for, written by a worker, fetched as a workbook by whoever asked."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids.api.answers import Offered, valid
from ground.answers import REFUSALS
from ground.paging import KeysetPages
from ground.sheets.writing import CONTENT_TYPE
from organizations.models import Organization, Unit
from volunteers.models import SummaryJob
from volunteers.summaries import asking, fetching


class SummarySerializer(serializers.ModelSerializer[SummaryJob]):
    """`rows` of `total` are written; `sentence` says why there is no file."""

    state_label = serializers.CharField(source="get_state_display", read_only=True)
    title = serializers.CharField(read_only=True)

    class Meta:
        model = SummaryJob
        fields = [
            *["id", "organization", "unit", "title", "first_day", "last_day", "with_names"],
            *["state", "state_label", "sentence", "rows", "total", "made_at", "ended_at"],
        ]
        read_only_fields = fields


class SummaryInput(serializers.Serializer[Any]):
    """One of `organization` and `unit`. `key` is made by the client: sent twice, it gives the first summary."""

    organization = Offered(
        choices=asking.organizations_of, queryset=Organization.objects.all(), required=False
    )
    unit = Offered(choices=asking.units_of, queryset=Unit.objects.all(), required=False)
    first_day = serializers.DateField()
    last_day = serializers.DateField(help_text="到这一天为止，最多 366 天")
    with_names = serializers.BooleanField(
        default=False, help_text="只有看得到台账的社区和单位能要姓名，要写理由，算一次导出"
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=100)
    key = serializers.UUIDField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """What `asking.ask` takes, but for who asks."""
        places = [given.pop(name, None) for name in ("organization", "unit")]
        if places.count(None) != 1:
            raise serializers.ValidationError("请给 organization 或 unit 中的一个。")
        return {"key": uuid.uuid4(), **given, "place": places[0] or places[1]}


class SummaryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[SummaryJob]):
    """One's own summaries."""

    queryset = SummaryJob.objects.none()
    serializer_class = SummarySerializer
    lookup_value_regex = "[0-9]+"
    pagination_class = KeysetPages
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[SummaryJob]:
        rows = SummaryJob.objects.visible_to(self.request.user)
        return rows.select_related("organization", "unit").order_by("id")

    @extend_schema(request=SummaryInput, responses={201: SummarySerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Have a summary written by a worker. The same question while it is on its way gives the first one."""
        job = asking.ask(by=request.user, **valid(SummaryInput, request))
        return Response(SummarySerializer(job).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY, **REFUSALS})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        """The workbook. 403 where the post that it was made under has ended."""
        return fetching.answer(self.get_object(), by=request.user)

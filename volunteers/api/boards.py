"""Leaderboards."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from volunteers import leaderboards
from volunteers.models import BoardRow
from volunteers.states import Period
from volunteers.views.boards import period_of


class RankSerializer(serializers.ModelSerializer[BoardRow]):
    name = serializers.CharField(source="volunteer.__str__", read_only=True)
    unit = serializers.SerializerMethodField()
    move = serializers.SerializerMethodField(help_text="上升几名；第一次上榜为空")

    class Meta:
        model = BoardRow
        fields = ["rank", "move", "volunteer", "name", "unit", "score", "minutes", "times", "mean_rating"]
        read_only_fields = fields

    def get_unit(self, row: BoardRow) -> str:
        return str(row.volunteer.unit or "")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_move(self, row: BoardRow) -> int | None:
        return leaderboards.movement(row)


_ID = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH)


class LeaderboardViewSet(GenericViewSet[BoardRow]):
    """The members' board of a district, as last computed."""

    queryset = BoardRow.objects.none()
    serializer_class = RankSerializer
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    @extend_schema(
        parameters=[_ID, OpenApiParameter("period", str, enum=Period.values, default=Period.MONTH.value)],
        responses=RankSerializer(many=True),
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """Rows in order, of the first third only where the policy says so; `pk` is the district."""
        district: Any = get_object_or_404(leaderboards.visible_to(request.user), pk=pk)
        board = leaderboards.board_of(district, period_of(request.query_params.get("period", "")))
        rows = leaderboards.rows_of(board, district.boards_shown) if board else BoardRow.objects.none()
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(RankSerializer(page, many=True).data)

"""Registrations, one's own hours and ledger, boards."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from ground.answers import REFUSALS
from organizations import policies
from organizations.models import Organization
from volunteers import leaderboards, ledger, registry
from volunteers.api.answers import valid
from volunteers.models import BoardRow, LedgerEntry, Registration
from volunteers.states import Period
from volunteers.views.answering import volunteer_or_404
from volunteers.views.service import period_of

# Shapes


class RegistrationSerializer(serializers.ModelSerializer[Registration]):
    community = serializers.IntegerField(source="community_id", read_only=True)
    community_name = serializers.CharField(source="community.short_name", read_only=True)
    grid_name = serializers.SerializerMethodField()
    state = serializers.CharField(read_only=True)
    state_label = serializers.CharField(source="get_state_display", read_only=True)

    class Meta:
        model = Registration
        fields = [
            *["id", "community", "community_name", "grid_name", "choice", "state", "state_label"],
            *["requested_at", "confirmed_at"],
        ]
        read_only_fields = fields

    def get_grid_name(self, row: Registration) -> str:
        return row.grid.name if row.grid else ""


class ChoiceSerializer(serializers.Serializer[Any]):
    community = serializers.IntegerField()


class CommunitySerializer(serializers.Serializer[Organization]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="short_name")
    street = serializers.CharField(source="parent.short_name")


class LedgerEntrySerializer(serializers.ModelSerializer[LedgerEntry]):
    title = serializers.CharField(source="whistle.title", read_only=True)
    community = serializers.CharField(source="community.short_name", read_only=True)

    class Meta:
        model = LedgerEntry
        fields = [
            *["id", "claim", "title", "community", "minutes", "off_hours_minutes", "duty_area"],
            *["attested", "reason", "served_at", "at"],
        ]
        read_only_fields = fields


class BalanceSerializer(serializers.Serializer[ledger.Balance]):
    minutes = serializers.IntegerField()
    off_hours_minutes = serializers.IntegerField()
    times = serializers.IntegerField()
    off_hours_times = serializers.IntegerField()


class QuotaSerializer(serializers.Serializer[ledger.Quota]):
    times = serializers.IntegerField(help_text="本季度八小时外服务次数")
    times_wanted = serializers.IntegerField()
    minutes = serializers.IntegerField(help_text="今年八小时外分钟数")
    minutes_wanted = serializers.IntegerField()
    is_met = serializers.BooleanField()


class ServiceSerializer(serializers.Serializer[Any]):
    """What one has served; `quota` is null for those whom none binds."""

    year = BalanceSerializer()
    ever = BalanceSerializer()
    quota = QuotaSerializer(allow_null=True)


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


# Views

_ID = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH)


class RegistrationViewSet(mixins.ListModelMixin, GenericViewSet[Registration]):
    """One's own registrations, and what can be chosen."""

    queryset = Registration.objects.none()
    serializer_class = RegistrationSerializer
    pagination_class = None
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Registration]:
        rows = Registration.objects.filter(volunteer__user=self.request.user.pk)
        return rows.select_related("community", "grid").order_by("choice", "id")

    @extend_schema(request=ChoiceSerializer, responses={201: RegistrationSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """自选: the account becomes a volunteer if need be. The same community again gives the first one."""
        given = valid(ChoiceSerializer, request)
        community = get_object_or_404(registry.open_communities(), pk=given["community"])
        made = registry.register(user=request.user, community=community)
        return Response(RegistrationSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OpenApiParameter("q", str, description="社区名称；空着给自己住的社区")],
        responses=CommunitySerializer(many=True),
    )
    @action(detail=False, methods=["get"])
    def communities(self, request: Request) -> Response:
        """Communities to choose from."""
        member = registry.member_of(request.user)
        found = registry.communities(request.query_params.get("q", "").strip(), member, [])
        return Response(CommunitySerializer(found, many=True).data)  # type: ignore[arg-type]


class ServiceViewSet(ViewSet):
    """One's own hours."""

    @extend_schema(responses=ServiceSerializer)
    def list(self, request: Request) -> Response:
        """Balance of the year and of all time, and the quota. 404 for those who are no volunteers."""
        volunteer = volunteer_or_404(request.user)
        figures = {
            "year": ledger.balance(volunteer, *ledger.bounds(Period.YEAR)),
            "ever": ledger.balance(volunteer),
            "quota": ledger.quota(volunteer, policy=policies.at_hand(request.user, volunteer.district_id)),
        }
        return Response(ServiceSerializer(figures).data)


class LedgerViewSet(mixins.ListModelMixin, GenericViewSet[LedgerEntry]):
    """One's own ledger entries, newest first."""

    queryset = LedgerEntry.objects.none()
    serializer_class = LedgerEntrySerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        rows = LedgerEntry.objects.filter(volunteer__user=self.request.user.pk)
        return rows.select_related("whistle", "community")


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

"""服务指标 over the API: the same sight and figures as the desk's pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from desk import quota_lists as lists
from desk.quota_lists import CHOICES, GROUPS, Asked
from organizations.posts import Power
from organizations.scope import scope_of
from volunteers.accounting import quotas
from volunteers.models import Volunteer

WHICH = OpenApiParameter("which", str, enum=[key for key, _ in CHOICES], default="any")
WORDS = OpenApiParameter("q", str, description="姓名、单位或社区")


class MemberQuotaSerializer(serializers.ModelSerializer[Volunteer]):
    """One employed member, outside working hours: services of the quarter, minutes of the year."""

    name = serializers.CharField(source="__str__", read_only=True)
    unit = serializers.CharField(source="unit.name", read_only=True, default="")
    times = serializers.IntegerField(read_only=True)
    times_left = serializers.IntegerField(read_only=True)
    minutes = serializers.IntegerField(read_only=True)
    minutes_left = serializers.IntegerField(read_only=True)

    class Meta:
        model = Volunteer
        fields = ["id", "name", "unit", "times", "times_left", "minutes", "minutes_left"]
        read_only_fields = fields


class QuotaTotalSerializer(serializers.Serializer[quotas.Total]):
    """A unit or a community; `id` is empty for those who are not registered anywhere."""

    id = serializers.IntegerField(source="key", allow_null=True)
    name = serializers.CharField()
    people = serializers.IntegerField()
    met = serializers.IntegerField()
    behind_quarter = serializers.IntegerField()
    behind_year = serializers.IntegerField()
    minutes = serializers.IntegerField(help_text="今年八小时外分钟数")


class QuotaViewSet(mixins.ListModelMixin, GenericViewSet[Volunteer]):
    """Who is behind: by name for communities and units, in totals above them."""

    queryset = Volunteer.objects.none()
    serializer_class = MemberQuotaSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Volunteer]:
        user = self.request.user
        rows = lists.of_communities(user) | Volunteer.objects.filter(scope_of(user).own_units("member__unit"))
        first = rows.order_by("district_id").values_list("district_id", flat=True).first()
        if first is None:
            return Volunteer.objects.none()
        policy = lists.policy_of(user, first)
        return lists.narrowed(rows.filter(district=first), policy, Asked.of(self.request.query_params))

    @extend_schema(parameters=[WHICH, WORDS])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Members whose names one sees, those who lack most first."""
        if not scope_of(request.user).has(Power.CONFIRM_REGISTRATION, Power.UNIT_SEE):
            raise Http404
        return super().list(request, *args, **kwargs)

    @extend_schema(
        parameters=[
            OpenApiParameter("by", str, enum=[*GROUPS], default="community"),
            OpenApiParameter("node", int, description="看得到的党组织"),
        ],
        responses=QuotaTotalSerializer(many=True),
    )
    @action(detail=False, pagination_class=None)
    def totals(self, request: Request) -> Response:
        """Totals of what lies below a node, by community or unit; no names."""
        if not lists.shows_totals(request.user):
            raise Http404
        node = lists.node_of(request)
        if node is None:
            raise Http404
        asked = Asked.of(request.query_params)
        policy = lists.policy_of(request.user, node.tree_id)
        found = quotas.totals(lists.rows_below(node), policy, asked.by)
        return Response(QuotaTotalSerializer(found, many=True).data)  # type: ignore[arg-type]

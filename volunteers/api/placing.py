"""调剂: members of the district without a community, for those who place them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from ground.paging import KeysetPages
from organizations.models import Member
from volunteers.api.answers import valid
from volunteers.api.registrations import ChoiceSerializer, RegistrationSerializer
from volunteers.joining import placing, registry


class LeftOverSerializer(serializers.Serializer[Member]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.SerializerMethodField()
    waits_since = serializers.DateTimeField(allow_null=True, help_text="最早一个还没确认的自选")
    was_declined = serializers.BooleanField()
    home_community = serializers.SerializerMethodField()

    def get_unit(self, member: Member) -> str:
        return str(member.unit or "")

    def get_home_community(self, member: Member) -> int | None:
        return placing.home_of(member)


class ProposalSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="short_name")
    people = serializers.IntegerField(help_text="已报到多少人")
    is_home = serializers.BooleanField(help_text="是不是住在这里")


class PlacingViewSet(mixins.ListModelMixin, GenericViewSet[Member]):
    """Who is left over in the districts where one places people; nobody for everybody else."""

    queryset = Member.objects.none()
    serializer_class = LeftOverSerializer
    pagination_class = KeysetPages
    filter_backends: list[Any] = []
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Member]:
        rows = placing.left_over(self.request.user)
        rows = rows.select_related("unit", "user", "district", "home__building", "home__compound")
        return rows.defer("phone", "user__phone")

    def filter_queryset(self, queryset: Any) -> Any:
        return placing.because(queryset, self.request.query_params.get("why", ""))

    @extend_schema(
        parameters=[OpenApiParameter("why", enum=[key for key, _ in placing.Why.CHOICES], description="原因")]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Members without a community, by id."""
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=ProposalSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def proposals(self, request: Request, pk: str) -> Response:
        """Communities: where he lives first, then those with the fewest people."""
        member = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(ProposalSerializer(placing.proposals(member), many=True).data)

    @extend_schema(request=ChoiceSerializer, responses={201: RegistrationSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def place(self, request: Request, pk: str) -> Response:
        """调剂 into a community of the district, for it to confirm."""
        member = get_object_or_404(self.get_queryset(), pk=pk)
        given = valid(ChoiceSerializer, request)
        community = get_object_or_404(registry.open_communities(), pk=given["community"])
        made = placing.place(member, by=request.user, community=community)
        return Response(RegistrationSerializer(made).data, status=status.HTTP_201_CREATED)

"""One's own registrations, and the communities to choose from."""

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
from organizations.models import Organization
from volunteers.api.answers import valid
from volunteers.joining import registry
from volunteers.models import Registration


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
            *["requested_at", "confirmed_at", "ended_at", "ended_because"],
        ]
        read_only_fields = fields

    def get_grid_name(self, row: Registration) -> str:
        return row.grid.name if row.grid else ""


class ChoiceSerializer(serializers.Serializer[Any]):
    community = serializers.IntegerField()


class LeaveSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, max_length=100, allow_blank=True)


class CommunitySerializer(serializers.Serializer[Organization]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="short_name")
    street = serializers.CharField(source="parent.short_name")


class RegistrationViewSet(mixins.ListModelMixin, GenericViewSet[Registration]):
    """One's own registrations with those that ended, and what can be chosen."""

    queryset = Registration.objects.none()
    serializer_class = RegistrationSerializer
    pagination_class = None
    filter_backends: list[Any] = []
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Registration]:
        rows = Registration.objects.filter(volunteer__user=self.request.user.pk)
        return rows.select_related("community", "grid", "volunteer__user").order_by("choice", "id")

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

    @extend_schema(request=None, responses={200: RegistrationSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        """撤回自选: take a choice back while it waits."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(RegistrationSerializer(registry.drop(row, by=request.user)).data)

    @extend_schema(request=LeaveSerializer, responses={200: RegistrationSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """离开: end one's own registration. To move, choose another community instead: the old one ends by itself."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        reason = valid(LeaveSerializer, request).get("reason", "")
        return Response(RegistrationSerializer(registry.end(row, by=request.user, reason=reason)).data)

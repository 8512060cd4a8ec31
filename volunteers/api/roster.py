"""The registrations of the communities whose registrations one confirms."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids.models import Grid
from ground.answers import REFUSALS
from ground.paging import KeysetPages
from organizations.posts import Power
from organizations.scope import scope_of
from volunteers.api.answers import valid
from volunteers.api.registrations import RegistrationSerializer
from volunteers.joining import registry
from volunteers.models import Registration
from volunteers.states import RegistrationState, VolunteerKind


class RosterSerializer(RegistrationSerializer):
    """A registration with who it is: name, kind, unit; no numbers."""

    name = serializers.CharField(source="volunteer.__str__", read_only=True)
    kind = serializers.CharField(source="volunteer.kind", read_only=True)
    kind_label = serializers.CharField(source="volunteer.get_kind_display", read_only=True)
    unit = serializers.SerializerMethodField()

    class Meta(RegistrationSerializer.Meta):
        fields = [*RegistrationSerializer.Meta.fields, "grid", "name", "kind", "kind_label", "unit"]
        read_only_fields = fields

    def get_unit(self, row: Registration) -> str:
        return str(row.volunteer.unit or "")


class GridSerializer(serializers.Serializer[Any]):
    grid = serializers.PrimaryKeyRelatedField(queryset=Grid.objects.all())


class BecauseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=100, help_text="他会收到消息，看到这句话")


class CommunityRegistrationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Registration]
):
    """For the community: who waits, who is registered, who left. Other communities' are 404."""

    queryset = Registration.objects.none()
    serializer_class = RosterSerializer
    pagination_class = KeysetPages
    filter_backends: list[Any] = []
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Registration]:
        rows = Registration.objects.filter(scope_of(self.request.user).rows(Power.CONFIRM_REGISTRATION))
        rows = rows.select_related("community", "grid", "volunteer__user", "volunteer__member__unit")
        return rows.defer("volunteer__member__phone", "grid__boundary")

    def filter_queryset(self, queryset: Any) -> Any:
        asked = self.request.query_params
        if asked.get("state") in RegistrationState.values:
            queryset = queryset.filter(state=asked["state"])
        if asked.get("kind") in VolunteerKind.values:
            queryset = queryset.filter(volunteer__kind=asked["kind"])
        grid = asked.get("grid", "")
        if grid.isdecimal() and len(grid) < 16:
            queryset = queryset.filter(grid=int(grid))
        if words := asked.get("q", "").replace("\0", " ").strip()[:40]:
            named = Q(volunteer__member__name__icontains=words)
            queryset = queryset.filter(
                named | Q(volunteer__member=None, volunteer__user__name__icontains=words)
            )
        return queryset

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=RegistrationState.values, description="状态"),
            OpenApiParameter("kind", enum=VolunteerKind.values, description="类别"),
            OpenApiParameter("grid", int, description="网格"),
            OpenApiParameter("q", str, description="姓名"),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """By id, narrowed by state, kind, grid and name."""
        return super().list(request, *args, **kwargs)

    def _answer(self, row: Registration) -> Response:
        return Response(RosterSerializer(row).data)

    @extend_schema(request=GridSerializer, responses={200: RosterSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """确认报到 into a grid; where he was registered ends, what else waits lapses."""
        row, given = self.get_object(), valid(GridSerializer, request)
        return self._answer(registry.confirm(row, by=request.user, grid=given["grid"]))

    @extend_schema(request=BecauseSerializer, responses={200: RosterSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """不予接收, with a reason that he reads."""
        row, given = self.get_object(), valid(BecauseSerializer, request)
        return self._answer(registry.decline(row, by=request.user, reason=given["reason"]))

    @extend_schema(request=GridSerializer, responses={200: RosterSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def regrid(self, request: Request, pk: str) -> Response:
        """调整网格 inside the community."""
        row, given = self.get_object(), valid(GridSerializer, request)
        return self._answer(registry.regrid(row, by=request.user, grid=given["grid"]))

    @extend_schema(request=BecauseSerializer, responses={200: RosterSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """结束报到, with a reason that he reads."""
        row, given = self.get_object(), valid(BecauseSerializer, request)
        return self._answer(registry.end(row, by=request.user, reason=given["reason"]))

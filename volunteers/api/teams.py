"""Teams: one's own, those to join, and for those who keep them everything that the desk does."""

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
from ground.errors import NoPower
from organizations.models import Organization
from volunteers import powers
from volunteers.api.answers import valid
from volunteers.joining import rosters, teams
from volunteers.models import Team, Volunteer
from volunteers.states import TeamKind, TeamRole, TeamTheme


class CaptainSerializer(serializers.Serializer[rosters.Captain]):
    role = serializers.CharField()
    title = serializers.CharField()
    name = serializers.CharField()
    work_phone = serializers.CharField()


class TeamSerializer(serializers.ModelSerializer[Team]):
    """A team with its figures. Captains of service teams are named to members and to those who keep the team."""

    kind_label = serializers.CharField(source="get_kind_display", read_only=True)
    theme_label = serializers.CharField(source="get_theme_display", read_only=True)
    organization_name = serializers.CharField(source="organization.short_name", read_only=True)
    people = serializers.SerializerMethodField()
    minutes_this_quarter = serializers.SerializerMethodField()
    is_mine = serializers.SerializerMethodField()
    captains = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = [
            *["id", "kind", "kind_label", "name", "theme", "theme_label", "project", "project_text"],
            *["organization", "organization_name", "community", "founded_on", "closed_at"],
            *["people", "minutes_this_quarter", "is_mine", "captains"],
        ]
        read_only_fields = fields

    def get_people(self, team: Team) -> int:
        return self.context["figures"][team.pk].people

    def get_minutes_this_quarter(self, team: Team) -> int:
        return self.context["figures"][team.pk].minutes

    def get_is_mine(self, team: Team) -> bool:
        return team.pk in self.context["mine"]

    def get_captains(self, team: Team) -> list[dict[str, Any]]:
        is_near = team.pk in self.context["mine"]
        sees = is_near or powers.sees_people_of(self.context["request"].user, team)
        found = [each for each in self.context["captains"][team.pk] if sees or each.post]
        return list(CaptainSerializer(found, many=True).data)  # type: ignore[arg-type]


class FoundSerializer(serializers.Serializer[Any]):
    organization = serializers.PrimaryKeyRelatedField(queryset=Organization.objects.all())
    kind = serializers.ChoiceField(choices=TeamKind.choices)
    name = serializers.CharField(max_length=40)
    theme = serializers.ChoiceField(choices=TeamTheme.choices, required=False, allow_blank=True)
    project = serializers.CharField(max_length=30, required=False, allow_blank=True)
    project_text = serializers.CharField(max_length=300, required=False, allow_blank=True)


class EditSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=40, required=False)
    theme = serializers.ChoiceField(choices=TeamTheme.choices, required=False)
    project = serializers.CharField(max_length=30, required=False, allow_blank=True)
    project_text = serializers.CharField(max_length=300, required=False, allow_blank=True)


class PersonSerializer(serializers.Serializer[Any]):
    volunteer = serializers.IntegerField(source="volunteer_id")
    name = serializers.CharField(source="volunteer.__str__")
    role = serializers.SerializerMethodField()
    minutes = serializers.IntegerField(help_text="本季认定分钟")

    def get_role(self, row: Any) -> str:
        return getattr(row, "role", TeamRole.MEMBER)


class WhoSerializer(serializers.Serializer[Any]):
    volunteer = serializers.IntegerField()


class RoleSerializer(WhoSerializer):
    role = serializers.ChoiceField(choices=TeamRole.choices)


class TeamViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Team]):
    """Teams in sight: one's own, those one may join, those of the tree one sees. Others are 404."""

    queryset = Team.objects.none()
    serializer_class = TeamSerializer
    filter_backends: list[Any] = []
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Team]:
        rows = Team.objects.visible_to(self.request.user)
        return rows.select_related("organization", "community").order_by("kind", "id")

    def filter_queryset(self, queryset: Any) -> Any:
        asked = self.request.query_params
        if asked.get("kind") in TeamKind.values:
            queryset = queryset.filter(kind=asked["kind"])
        return queryset.open() if self.action == "list" else queryset

    def _shown(self, rows: list[Team]) -> list[dict[str, Any]]:
        context = {
            "request": self.request,
            "figures": rosters.figures(rows),
            "captains": rosters.captains(rows),
            "mine": set(Team.objects.of(self.request.user).order_by().values_list("pk", flat=True)),
        }
        return TeamSerializer(rows, many=True, context=context).data  # type: ignore[return-value]

    @extend_schema(parameters=[OpenApiParameter("kind", enum=TeamKind.values, description="类别")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open teams."""
        rows: Any = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self._shown(rows))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    def _answer(self, team: Team, code: int = status.HTTP_200_OK) -> Response:
        return Response(self._shown([team])[0], status=code)

    @extend_schema(request=FoundSerializer, responses={201: TeamSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Found a team."""
        made = teams.found(by=request.user, **valid(FoundSerializer, request))
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=EditSerializer, responses={200: TeamSerializer, **REFUSALS})
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Rename it, or say anew what it does."""
        team = self.get_object()
        return self._answer(teams.edit(team, by=request.user, **valid(EditSerializer, request)))

    @extend_schema(request=None, responses={200: TeamSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """撤销; the history stays."""
        return self._answer(teams.close(self.get_object(), by=request.user))

    @extend_schema(request=None, responses={200: TeamSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def join(self, request: Request, pk: str) -> Response:
        """Join a service team of the place where one is registered."""
        team = self.get_object()
        teams.join(team, by=request.user)
        return self._answer(team)

    @extend_schema(request=None, responses={200: TeamSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Leave a service team."""
        team = self.get_object()
        teams.leave(team, by=request.user)
        return self._answer(team)

    @extend_schema(responses=PersonSerializer(many=True))
    @action(detail=True, methods=["get"])
    def people(self, request: Request, pk: str) -> Response:
        """By name, for those who keep the team and the secretaries of its branch."""
        team = self.get_object()
        if not powers.sees_people_of(request.user, team):
            raise NoPower()
        rows: Any = self.paginate_queryset(rosters.people(team))
        return self.get_paginated_response(PersonSerializer(rows, many=True).data)

    @extend_schema(request=WhoSerializer, responses={200: TeamSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def add(self, request: Request, pk: str) -> Response:
        """Take somebody in who is registered there."""
        team = self.get_object()
        teams.add(team, self._person(request, team), by=request.user)
        return self._answer(team)

    @extend_schema(request=WhoSerializer, responses={200: TeamSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take somebody out."""
        team = self.get_object()
        teams.remove(team, self._person(request, team), by=request.user)
        return self._answer(team)

    @extend_schema(request=RoleSerializer, responses={200: TeamSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="name")
    def name_captain(self, request: Request, pk: str) -> Response:
        """Name captain or vice-captain, or make a plain member again."""
        team = self.get_object()
        given = valid(RoleSerializer, request)
        teams.name(team, self._person(request, team), given["role"], by=request.user)
        return self._answer(team)

    def _person(self, request: Request, team: Team) -> Volunteer:
        """Somebody in the team, or one may take into it; only those who keep it learn who that is."""
        if not powers.can_keep_team(request.user, team):
            raise NoPower()
        given = valid(WhoSerializer, request)
        return get_object_or_404(teams.within_reach(team), pk=given["volunteer"])

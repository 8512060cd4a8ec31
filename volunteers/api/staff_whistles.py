"""Whistles as the staff keep them: drafting, changing, publishing, ending; series; templates (RULES 2)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from grids.models import Grid
from ground.answers import REFUSALS
from ground.geo import Point
from organizations.models import Organization, Skill, Unit
from organizations.posts import Power
from organizations.scope import scope_of
from requests.models import ServiceRequest
from requests.states import DutyArea
from volunteers.api.answers import MomentField, valid
from volunteers.models import Team, Whistle, WhistleSeries, WhistleTemplate
from volunteers.states import Audience, Task, WhistleKind
from volunteers.tables import WHISTLES
from volunteers.whistling import audiences, series, usual, whistles

#: Steps that a person takes here.
STEPS = ("publish", "edit", "abort", "cancel", "lead", "repeat")

# Shapes


class WhistleStepSerializer(serializers.Serializer[Any]):
    """A step that the caller may take, and the sentence that says why not yet."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    why_not = serializers.CharField()


class SeriesSerializer(serializers.ModelSerializer[WhistleSeries]):
    class Meta:
        model = WhistleSeries
        fields = ["id", "first", "every_weeks", "until", "next_on", "stopped_at"]
        read_only_fields = fields


class StaffWhistleSerializer(serializers.ModelSerializer[Whistle]):
    state = serializers.CharField(read_only=True)
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    community_name = serializers.CharField(source="community.short_name", read_only=True)
    request = serializers.CharField(source="service_request.number", allow_null=True, default=None)
    taken = serializers.IntegerField(read_only=True, help_text="几人接单")

    class Meta:
        model = Whistle
        fields = [
            *[
                "id",
                "number",
                "kind",
                "title",
                "state",
                "state_label",
                "community",
                "community_name",
                "request",
            ],
            *["duty_area", "task", "audience", "team", "starts_at", "ends_at", "claim_by", "place"],
            *["places_min", "places_max", "taken", "series"],
        ]
        read_only_fields = fields


class StaffWhistleDetailSerializer(StaffWhistleSerializer):
    steps = serializers.SerializerMethodField()
    repeats = SeriesSerializer(source="series", allow_null=True, read_only=True)

    class Meta(StaffWhistleSerializer.Meta):
        fields = [
            *StaffWhistleSerializer.Meta.fields,
            *["text", "grid", "lng", "lat", "radius_m", "skills", "units", "leader", "created_at"],
            *["cancelled_because", "aborted_at", "aborted_because", "remind_at", "steps", "repeats"],
        ]
        read_only_fields = fields

    @extend_schema_field(WhistleStepSerializer(many=True))
    def get_steps(self, row: Whistle) -> Any:
        user, series_of = self.context["request"].user, row.series
        offers = WHISTLES.offers(user, row, STEPS)
        if series_of is not None and series_of.next_on is not None:  # from any whistle of it
            offers += WHISTLES.offers(user, series_of.first, ("stop",))
        named = [
            {"name": each.step.name, "label": each.step.label, "why_not": each.why_not} for each in offers
        ]
        return WhistleStepSerializer(named, many=True).data


class ChangesSerializer(serializers.Serializer[Any]):
    """What the community writes. Whether it can be is the verb's to say: 409 with the field."""

    kind = serializers.ChoiceField(choices=WhistleKind.choices, required=False)
    title = serializers.CharField(max_length=40)
    text = serializers.CharField(max_length=1000)
    starts_at = MomentField()
    ends_at = MomentField()
    claim_by = MomentField(required=False, allow_null=True, help_text="空着就按种类定")
    place = serializers.CharField(max_length=80)
    lng = serializers.FloatField(help_text="WGS-84")
    lat = serializers.FloatField(help_text="WGS-84")
    grid = serializers.PrimaryKeyRelatedField(queryset=Grid.objects.all(), required=False, allow_null=True)
    radius_m = serializers.IntegerField(required=False, help_text="签到范围，米")
    places_min = serializers.IntegerField(required=False, max_value=32000)
    places_max = serializers.IntegerField(required=False, max_value=32000)
    duty_area = serializers.ChoiceField(choices=DutyArea.choices, required=False)
    task = serializers.ChoiceField(choices=Task.choices, required=False)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)
    units = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all(), many=True, required=False)
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all(), required=False, allow_null=True)
    skills = serializers.PrimaryKeyRelatedField(queryset=Skill.objects.all(), many=True, required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Two numbers become one place."""
        if ("lng" in data) != ("lat" in data):
            raise serializers.ValidationError("经度和纬度要一起给。")
        if "lng" in data:
            data["point"] = Point(data.pop("lng"), data.pop("lat"))
        return data


class DraftSerializer(ChangesSerializer):
    community = serializers.IntegerField(help_text="社区的编号；为点单吹哨时是点单所在的社区")
    request = serializers.CharField(required=False, allow_blank=True, help_text="为哪件点单，它的编号")
    key = serializers.UUIDField(required=False, help_text="客户端键：同一个键重复提交只起草一张")


class WhistleReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=100)


class RepeatSerializer(serializers.Serializer[Any]):
    every_weeks = serializers.IntegerField(help_text="每 1 到 4 周")
    until = serializers.DateField(help_text="到哪天为止")


class CopySerializer(serializers.Serializer[Any]):
    starts_at = MomentField(required=False, help_text="空着就是下一个同样的星期几")
    key = serializers.UUIDField(required=False)


class LeadSerializer(serializers.Serializer[Any]):
    leader = serializers.IntegerField(allow_null=True, help_text="账号编号；空着就是社区工作人员都可以")


class NameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=20)


class TemplateSerializer(serializers.ModelSerializer[WhistleTemplate]):
    organization_name = serializers.CharField(source="organization.short_name", default="全市通用")

    class Meta:
        model = WhistleTemplate
        fields = [
            *[
                "id",
                "name",
                "organization",
                "organization_name",
                "kind",
                "duty_area",
                "task",
                "title",
                "text",
            ],
            *["begins_at", "minutes", "places_min", "places_max", "radius_m", "skills"],
        ]
        read_only_fields = fields


# Views

_DETAIL = {200: StaffWhistleDetailSerializer, **REFUSALS}
_MADE = {201: StaffWhistleDetailSerializer, **REFUSALS}


class StaffWhistleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Whistle]):
    """Whistles in sight of the caller's posts. Out of sight is 404, without power 403, a rule broken 409."""

    queryset = Whistle.objects.none()
    lookup_value_regex = "[0-9]+"
    filterset_fields = ["state", "kind", "audience", "series", "community"]

    def get_queryset(self) -> QuerySet[Whistle]:
        rows = Whistle.objects.in_sight_of_staff(self.request.user).with_places_taken()
        beside = ("community", "series__first__service_request", "team", "grid", "leader")
        rows = rows.select_related(*beside, "service_request__handler", "service_request__category")
        if words := self.request.query_params.get("q", "").strip()[:60]:
            rows = rows.filter(
                Q(title__icontains=words) | Q(number__icontains=words) | Q(place__icontains=words)
            )
        return rows.prefetch_related("skills", "units").order_by("-starts_at", "-id")

    def get_serializer_class(self) -> Any:
        return StaffWhistleSerializer if self.action == "list" else StaffWhistleDetailSerializer

    @extend_schema(parameters=[OpenApiParameter("q", str, description="标题、编号、地点里的字")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those in sight, the latest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=DraftSerializer, responses=_MADE)
    def create(self, request: Request) -> Response:
        """起草. The same `key` gives the first draft again."""
        given = dict(valid(DraftSerializer, request))
        number, pk = given.pop("request", ""), given.pop("community")
        wanted = None
        if number:
            asked = ServiceRequest.objects.in_sight_of_staff(request.user)
            wanted = get_object_or_404(
                asked.select_related("category", "handler", "community"), number=number
            )
        here = wanted.community if wanted else None
        community = here if here is not None and here.pk == pk else _community(request, pk)
        made = whistles.draft(by=request.user, community=community, service_request=wanted, **given)
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=ChangesSerializer(partial=True), responses=_DETAIL)
    def partial_update(self, request: Request, pk: str) -> Response:
        """修改草稿: only what is given and differs."""
        row = self.get_object()
        given = ChangesSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        return self._answer(whistles.edit(row, by=request.user, **given.validated_data))

    @extend_schema(request=None, responses=_DETAIL)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """吹哨."""
        return self._answer(whistles.publish(self.get_object(), by=request.user))

    @extend_schema(request=WhistleReasonSerializer, responses=_DETAIL)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """取消, before it begins."""
        row = self.get_object()
        return self._answer(whistles.cancel(row, by=request.user, **valid(WhistleReasonSerializer, request)))

    @extend_schema(request=WhistleReasonSerializer, responses=_DETAIL)
    @action(detail=True, methods=["post"])
    def abort(self, request: Request, pk: str) -> Response:
        """提前结束, while it runs."""
        row = self.get_object()
        return self._answer(whistles.abort(row, by=request.user, **valid(WhistleReasonSerializer, request)))

    @extend_schema(request=CopySerializer, responses=_MADE)
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        """复制 as a draft. The same `key` gives the first copy again."""
        made = whistles.copy(self.get_object(), by=request.user, **valid(CopySerializer, request))
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=LeadSerializer, responses=_DETAIL)
    @action(detail=True, methods=["post"])
    def lead(self, request: Request, pk: str) -> Response:
        """指定现场负责人."""
        row, wanted = self.get_object(), valid(LeadSerializer, request)["leader"]
        leader: User | None = None
        if wanted is not None:
            leader = get_object_or_404(audiences.leaders_of(row), pk=wanted)
        return self._answer(whistles.lead(row, by=request.user, leader=leader))

    @extend_schema(request=RepeatSerializer, responses=_DETAIL)
    @action(detail=True, methods=["post"])
    def repeat(self, request: Request, pk: str) -> Response:
        """定期重复: this one is the first of a series."""
        row = self.get_object()
        series.begin(row, by=request.user, **valid(RepeatSerializer, request))
        return self._answer(row)

    @extend_schema(request=None, responses=_DETAIL)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """停止系列, from any whistle of it."""
        row = self.get_object()
        begun = get_object_or_404(
            WhistleSeries.objects.select_related("first__service_request"), pk=row.series_id
        )
        series.stop(begun, by=request.user)
        return self._answer(row)

    @extend_schema(request=NameSerializer, responses={201: TemplateSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: str) -> Response:
        """存为常用."""
        made = usual.save(self.get_object(), by=request.user, **valid(NameSerializer, request))
        return Response(TemplateSerializer(made).data, status=status.HTTP_201_CREATED)

    def _answer(self, row: Whistle, code: int = status.HTTP_200_OK) -> Response:
        fresh = get_object_or_404(self.get_queryset(), pk=row.pk)
        return Response(self.get_serializer(fresh).data, status=code)


def _community(request: Request, pk: int) -> Organization:
    """A community at which the caller whistles; another one in the tree is 404."""
    seats = scope_of(request.user).seats(Power.WHISTLE)
    return get_object_or_404(Organization.objects.open().filter(pk__in=seats), pk=pk)


class WhistleTemplateViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[WhistleTemplate]
):
    """常用哨单 that the caller may begin from."""

    queryset = WhistleTemplate.objects.none()
    serializer_class = TemplateSerializer
    lookup_value_regex = "[0-9]+"
    filterset_fields = ["kind", "duty_area", "organization"]

    def get_queryset(self) -> QuerySet[WhistleTemplate]:
        if not scope_of(self.request.user).has(Power.WHISTLE):
            return WhistleTemplate.objects.none()
        rows = WhistleTemplate.objects.usable_by(self.request.user)
        return rows.select_related("organization").prefetch_related("skills").order_by("name", "pk")

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """停用: offered no more."""
        usual.retire(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

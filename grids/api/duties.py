"""Who looks after which grid, who is away, how large grids should be: the verbs of the desk (N6, RULES 6)."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids import absences, duties, policies
from grids.api.answers import KeyFilter, Offered, Seen, valid
from grids.models import Absence, Grid, GridDuty, TerritoryPolicy
from ground.answers import REFUSALS
from ground.paging import KeysetPages
from organizations.models import Appointment, Organization

# Shapes


class GridDutySerializer(serializers.ModelSerializer[GridDuty]):
    """`ends_on` is the first day without it. A duty whose appointment has ended holds nothing any more."""

    part_label = serializers.CharField(source="get_part_display", read_only=True)
    grid_name = serializers.CharField(source="grid.name", read_only=True)
    community = serializers.IntegerField(source="grid.community_id", read_only=True)
    person = serializers.CharField(source="appointment.user.name", read_only=True)

    class Meta:
        model = GridDuty
        fields = [
            *["id", "grid", "grid_name", "community", "part", "part_label"],
            *["appointment", "person", "begins_on", "ends_on"],
        ]
        read_only_fields = fields


class AssignInput(serializers.Serializer[Any]):
    appointment = Seen(queryset=Appointment.objects.all())
    grid = Seen(queryset=Grid.objects.all())
    part = serializers.ChoiceField(choices=GridDuty.Part.choices)
    begins_on = serializers.DateField(required=False, help_text="不填就是今天")


class EndInput(serializers.Serializer[Any]):
    on = serializers.DateField(required=False, help_text="从这一天起不再负责；不填就是今天")


class AbsenceSerializer(serializers.ModelSerializer[Absence]):
    """Everybody may know who is away and until when; why, is for whoever may note it, and empty for the rest."""

    person = serializers.CharField(source="appointment.user.name", read_only=True)
    post = serializers.CharField(source="appointment.__str__", read_only=True)
    reason = serializers.SerializerMethodField()
    noted_by = serializers.SerializerMethodField()

    class Meta:
        model = Absence
        fields = ["id", "appointment", "person", "post", "begins_on", "ends_on", "reason", "noted_by"]
        read_only_fields = fields

    def get_reason(self, row: Absence) -> str:
        return row.reason if absences.can_note(self.context["request"].user, row.appointment) else ""

    def get_noted_by(self, row: Absence) -> str:
        return row.noted_by.name if row.noted_by else "系统"


class NoteInput(serializers.Serializer[Any]):
    appointment = Offered(choices=absences.notable_by, queryset=Appointment.objects.all())
    begins_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, help_text="从这一天起回到岗位")
    reason = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="如：年假、培训、外出。不要写病情。"
    )


class BackInput(serializers.Serializer[Any]):
    on = serializers.DateField(required=False, help_text="从这一天起回岗；不填就是今天")


class PolicySerializer(serializers.ModelSerializer[TerritoryPolicy]):
    """Without `id` nothing was signed: the numbers are those of the platform."""

    signed_by = serializers.SerializerMethodField()

    class Meta:
        model = TerritoryPolicy
        fields = ["id", "district", "begins_on", "document", "signed_by", "signed_at", *policies.NUMBERS]
        read_only_fields = fields

    def get_signed_by(self, row: TerritoryPolicy) -> str:
        return row.signed_by.name if row.pk else ""


class HoldingSerializer(PolicySerializer):
    """What holds today: where nothing was signed, neither row nor day nor hand."""

    id = serializers.IntegerField(read_only=True, allow_null=True)
    begins_on = serializers.SerializerMethodField()
    signed_at = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_begins_on(self, row: TerritoryPolicy) -> Any:
        return row.begins_on if row.pk else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_signed_at(self, row: TerritoryPolicy) -> Any:
        return row.signed_at if row.pk else None


class SignInput(serializers.ModelSerializer[TerritoryPolicy]):
    """All of the numbers, also those that stay."""

    district = Offered(choices=policies.districts_in_sight, queryset=Organization.objects.all())
    document = serializers.CharField(max_length=60, help_text="文号或会议名称")

    class Meta:
        model = TerritoryPolicy
        fields = ["district", "begins_on", "document", *policies.NUMBERS]
        extra_kwargs = {
            "begins_on": {"required": True},
            **{
                name: {"required": True, "min_value": 0, "max_value": policies.MOST}
                for name in policies.NUMBERS
            },
        }


# Filters


class GridDutyFilter(django_filters.FilterSet):
    grid = KeyFilter(field_name="grid_id")
    community = KeyFilter(field_name="grid__community_id")
    in_force = django_filters.BooleanFilter(method="by_day", label="只要今天有效的")

    class Meta:
        model = GridDuty
        fields = ["part"]

    def by_day(self, rows: Any, name: str, value: bool) -> Any:
        return rows.in_force() if value else rows


class AbsenceFilter(django_filters.FilterSet):
    community = KeyFilter(field_name="appointment__organization_id")
    in_force = django_filters.BooleanFilter(method="by_day", label="只要今天离岗的")

    def by_day(self, rows: Any, name: str, value: bool) -> Any:
        return rows.in_force() if value else rows


class PolicyFilter(django_filters.FilterSet):
    district = KeyFilter(field_name="district_id")


# Views


class GridDutyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[GridDuty]):
    """Duties for the grids in sight, those that have ended among them."""

    queryset = GridDuty.objects.none()
    serializer_class = GridDutySerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = GridDutyFilter
    pagination_class = KeysetPages

    def get_queryset(self) -> QuerySet[GridDuty]:
        rows = GridDuty.objects.visible_to(self.request.user).select_related("grid", "appointment__user")
        return rows.defer("grid__boundary", "appointment__user__phone")

    @extend_schema(request=AssignInput, responses={201: GridDutySerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Give a grid to a grid worker or leader of its community: one person per grid and part."""
        made = duties.assign(by=request.user, **valid(AssignInput, request))
        return self._answer(made.pk, status.HTTP_201_CREATED)

    @extend_schema(request=EndInput, responses={200: GridDutySerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """It is somebody's no more, from that day on."""
        row = self.get_object()
        duties.end(row, by=request.user, **valid(EndInput, request))
        return self._answer(row.pk)

    def _answer(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        return Response(GridDutySerializer(self.get_queryset().get(pk=pk)).data, status=code)


class AbsenceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Absence]):
    """Who of those in sight is, was or will be away; the newest first."""

    queryset = Absence.objects.none()
    serializer_class = AbsenceSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = AbsenceFilter

    def get_queryset(self) -> QuerySet[Absence]:
        rows = Absence.objects.visible_to(self.request.user)
        rows = rows.select_related(
            "appointment__user", "appointment__organization", "appointment__unit", "noted_by"
        )
        return rows.defer("appointment__user__phone", "noted_by__phone")

    @extend_schema(request=NoteInput, responses={201: AbsenceSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Note that the holder of a grid post is away: of one's own community, or oneself."""
        made = absences.note(by=request.user, **valid(NoteInput, request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=BackInput, responses={200: AbsenceSerializer, 204: None, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="come-back")
    def come_back(self, request: Request, pk: str) -> Response:
        """Back from that day on; 204 where nobody ever was away, and the absence is struck off."""
        row = self.get_object()
        absences.come_back(row, by=request.user, **valid(BackInput, request))
        if row.pk is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(self.get_serializer(row).data)


class PolicyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[TerritoryPolicy]):
    """范围标准 of the districts in sight: all that were ever signed, the newest first; none is ever changed."""

    queryset = TerritoryPolicy.objects.none()
    serializer_class = PolicySerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = PolicyFilter

    def get_queryset(self) -> QuerySet[TerritoryPolicy]:
        rows = TerritoryPolicy.objects.visible_to(self.request.user)
        return rows.select_related("signed_by").defer("signed_by__phone")

    @extend_schema(request=SignInput, responses={201: PolicySerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Sign what holds in a district from a day on, today or later."""
        made = policies.sign(by=request.user, **valid(SignInput, request))
        return Response(PolicySerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=HoldingSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], url_path="in-force", pagination_class=None, filterset_class=None)
    def in_force(self, request: Request) -> Response:
        """What holds today, one for each district in sight."""
        found = policies.in_force_for(request.user)
        return Response(HoldingSerializer(found, many=True).data)

"""Grids, compounds and buildings: no person is in them, and whoever has the tree in sight sees them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids import buildings, compounds, layout
from grids.api.answers import KeyFilter, Offered, Seen, put, valid
from grids.choices import nodes_below, units_to_choose
from grids.models import Building, Compound, Grid
from ground.answers import REFUSALS
from organizations.models import Organization, Unit

# Shapes

_WRITTEN: dict[str, Any] = {"validators": []}


class GridSerializer(serializers.ModelSerializer[Grid]):
    tier_label = serializers.CharField(source="get_tier_display", read_only=True)
    branch_name = serializers.SerializerMethodField(help_text="空着就是还没有党组织覆盖")

    class Meta:
        model = Grid
        fields = [
            *["id", "code", "name", "tier", "tier_label", "housing", "parent"],
            *["district", "street", "community", "branch", "branch_name"],
        ]
        read_only_fields = fields

    def get_branch_name(self, row: Grid) -> str:
        return row.branch.name if row.branch else ""


class GridDetailSerializer(GridSerializer):
    class Meta(GridSerializer.Meta):
        fields = [*GridSerializer.Meta.fields, "boundary"]
        read_only_fields = fields


class GridInput(serializers.ModelSerializer[Grid]):
    """A new grid names its `parent`, one of the first tier its `community`; afterwards both stay."""

    parent = Seen(  # type: ignore[assignment]
        queryset=Grid.objects.all(), required=False, allow_null=True
    )
    community = Seen(queryset=Organization.objects.open(), required=False, allow_null=True)
    branch = Seen(queryset=Organization.objects.open(), required=False, allow_null=True)

    class Meta:
        model = Grid
        fields = ["tier", "parent", "community", "code", "name", "housing", "branch", "boundary"]
        extra_kwargs = {"code": _WRITTEN}


class GridChange(GridInput):
    class Meta(GridInput.Meta):
        fields = ["code", "name", "housing", "branch", "boundary"]

    parent = community = None  # type: ignore[assignment]


class CompoundSerializer(serializers.ModelSerializer[Compound]):
    kind_label = serializers.CharField(source="get_kind_display", read_only=True)
    lacks = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="缺哪几样；三样都缺就是三无小区"
    )

    class Meta:
        model = Compound
        fields = [
            *["id", "name", "kind", "kind_label", "grid", "district", "street", "community"],
            *["branch", "owners_committee", "property_company", "paired_unit", "lacks"],
        ]
        read_only_fields = fields


class CompoundInput(serializers.ModelSerializer[Compound]):
    grid = Seen(queryset=Grid.objects.all())
    branch = Offered(
        choices=nodes_below, queryset=Organization.objects.all(), required=False, allow_null=True
    )
    owners_committee = Offered(
        choices=units_to_choose, queryset=Unit.objects.all(), required=False, allow_null=True
    )
    property_company = Offered(
        choices=units_to_choose, queryset=Unit.objects.all(), required=False, allow_null=True
    )
    paired_unit = Offered(
        choices=units_to_choose, queryset=Unit.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Compound
        fields = ["name", "kind", "grid", "branch", "owners_committee", "property_company", "paired_unit"]


class BuildingSerializer(serializers.ModelSerializer[Building]):
    kind_label = serializers.CharField(source="get_kind_display", read_only=True)
    compound_name = serializers.SerializerMethodField()

    class Meta:
        model = Building
        fields = [
            *["id", "code", "name", "kind", "kind_label", "compound", "compound_name", "grid"],
            *["district", "street", "community", "group", "property_unit"],
            *["floors", "staircases", "has_lift", "lng", "lat"],
        ]
        read_only_fields = fields

    def get_compound_name(self, row: Building) -> str:
        return row.compound.name if row.compound else ""


class BuildingInput(serializers.ModelSerializer[Building]):
    grid = Seen(queryset=Grid.objects.all())
    compound = Seen(queryset=Compound.objects.all(), required=False, allow_null=True)
    group = Offered(choices=nodes_below, queryset=Organization.objects.all(), required=False, allow_null=True)
    property_unit = Offered(
        choices=units_to_choose, queryset=Unit.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Building
        fields = [
            *["code", "name", "kind", "grid", "compound", "group", "property_unit"],
            *["floors", "staircases", "has_lift", "lng", "lat"],
        ]
        extra_kwargs = {"code": _WRITTEN}


# Filters


class GridFilter(django_filters.FilterSet):
    community = KeyFilter(field_name="community_id")
    parent = KeyFilter(field_name="parent_id")
    is_covered = django_filters.BooleanFilter(
        field_name="branch", lookup_expr="isnull", exclude=True, label="有党组织覆盖"
    )

    class Meta:
        model = Grid
        fields = ["tier", "housing"]


class CompoundFilter(django_filters.FilterSet):
    community = KeyFilter(field_name="community_id")
    grid = KeyFilter(field_name="grid_id")
    three_lacking = django_filters.BooleanFilter(method="by_lack", label="只要三无小区")

    class Meta:
        model = Compound
        fields = ["kind"]

    def by_lack(self, rows: Any, name: str, value: bool) -> Any:
        return rows.three_lacking() if value else rows


class BuildingFilter(django_filters.FilterSet):
    community = KeyFilter(field_name="community_id")
    grid = KeyFilter(field_name="grid_id")
    compound = KeyFilter(field_name="compound_id")

    class Meta:
        model = Building
        fields = ["kind", "has_lift"]


# Views


class GridViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Grid]):
    """Grids in sight."""

    queryset = Grid.objects.none()
    lookup_value_regex = "[0-9]+"
    filterset_class = GridFilter

    def get_queryset(self) -> QuerySet[Grid]:
        rows = Grid.objects.visible_to(self.request.user).select_related("branch")
        return rows.defer("boundary") if self.action == "list" else rows

    def get_serializer_class(self) -> Any:
        return GridSerializer if self.action == "list" else GridDetailSerializer

    @extend_schema(request=GridInput, responses={201: GridDetailSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Lay out a grid."""
        row = Grid()
        put(row, valid(GridInput, request), derived=())
        layout.save(row, by=request.user)
        return Response(GridDetailSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=GridChange, responses={200: GridDetailSerializer, **REFUSALS})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what a grid is called, its Party organization or its boundary."""
        row = self.get_object()
        put(row, valid(GridChange, request, partial=True), derived=())
        layout.save(row, by=request.user)
        return Response(GridDetailSerializer(row).data)


class CompoundViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Compound]):
    """Compounds in sight, and what each of them lacks."""

    queryset = Compound.objects.none()
    serializer_class = CompoundSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = CompoundFilter

    def get_queryset(self) -> QuerySet[Compound]:
        return Compound.objects.visible_to(self.request.user)

    @extend_schema(request=CompoundInput, responses={201: CompoundSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Record a compound."""
        row = Compound()
        put(row, valid(CompoundInput, request), derived=())
        compounds.save(row, by=request.user)
        return Response(CompoundSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CompoundInput(partial=True), responses={200: CompoundSerializer, **REFUSALS})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is known about a compound."""
        row = self.get_object()
        put(row, valid(CompoundInput, request, partial=True), derived=())
        compounds.save(row, by=request.user)
        return Response(CompoundSerializer(row).data)


class BuildingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Building]):
    """Buildings in sight. Their QR tokens are on the desk only."""

    queryset = Building.objects.none()
    serializer_class = BuildingSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = BuildingFilter

    def get_queryset(self) -> QuerySet[Building]:
        return Building.objects.visible_to(self.request.user).select_related("compound")

    @extend_schema(request=BuildingInput, responses={201: BuildingSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Record a building."""
        row = Building()
        put(row, valid(BuildingInput, request), derived=())
        buildings.save(row, by=request.user)
        return Response(BuildingSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=BuildingInput(partial=True), responses={200: BuildingSerializer, **REFUSALS})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is known about a building; with another grid or code everybody in it follows."""
        row = self.get_object()
        put(row, valid(BuildingInput, request, partial=True), derived=())
        buildings.save(row, by=request.user)
        return Response(BuildingSerializer(row).data)

"""Dwellings, households, care levels and the managed list of special groups."""

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

from grids import dwellings, households
from grids.api.answers import KeyFilter, Seen, valid
from grids.api.shapes import ResidentSerializer
from grids.choices import chosen_contact, contact_members, named_members
from grids.models import Building, CareAssessment, Dwelling, Household, Resident, SpecialGroup
from grids.models.people import CareLevel
from ground.answers import REFUSALS
from ground.paging import KeysetPages
from organizations.models import Member
from organizations.posts import Power
from organizations.scope import scope_of

# Shapes


class DwellingSerializer(serializers.ModelSerializer[Dwelling]):
    use_label = serializers.CharField(source="get_use_display", read_only=True)
    place = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = Dwelling
        fields = [
            *["id", "code", "place", "building", "staircase", "floor", "door", "use", "use_label"],
            *["grid", "district", "street", "community"],
        ]
        read_only_fields = fields


class DwellingInput(serializers.Serializer[Any]):
    building = Seen(queryset=Building.objects.all())
    floor = serializers.IntegerField(min_value=-9, max_value=200, help_text="地下一层写 -1")
    door = serializers.CharField(max_length=12)
    staircase = serializers.CharField(max_length=10, required=False, allow_blank=True)
    use = serializers.ChoiceField(choices=Dwelling.Use.choices, required=False)


class UseInput(serializers.Serializer[Any]):
    use = serializers.ChoiceField(choices=Dwelling.Use.choices)


class HouseholdSerializer(serializers.ModelSerializer[Household]):
    place = serializers.CharField(source="__str__", read_only=True)
    building = serializers.IntegerField(source="dwelling.building_id", read_only=True)
    code = serializers.CharField(source="dwelling.code", read_only=True, help_text="房屋编码")
    care_level_label = serializers.CharField(source="get_care_level_display", read_only=True)
    contact_name = serializers.SerializerMethodField()

    class Meta:
        model = Household
        fields = [
            *["id", "dwelling", "code", "place", "number", "building", "grid"],
            *["district", "street", "community", "contact_member", "contact_name"],
            *["care_level", "care_level_label", "care_days", "care_review_on"],
        ]
        read_only_fields = fields

    def get_contact_name(self, row: Household) -> str:
        return row.contact_member.name if row.contact_member else ""


class HouseholdDetailSerializer(HouseholdSerializer):
    residents = serializers.SerializerMethodField(help_text="在册的人，号码遮盖")

    class Meta(HouseholdSerializer.Meta):
        fields = [*HouseholdSerializer.Meta.fields, "residents"]
        read_only_fields = fields

    @extend_schema_field(ResidentSerializer(many=True))
    def get_residents(self, row: Household) -> Any:
        people = Resident.objects.present().filter(household=row).prefetch_related("groups").order_by("id")
        people = people.select_related("household__dwelling__building")
        return ResidentSerializer(people, many=True).data


class OpenInput(serializers.Serializer[Any]):
    dwelling = Seen(queryset=Dwelling.objects.all())


class ContactMember(Seen):
    """One of those who may keep in touch with the household: living there, or found by the name sent along."""

    def get_queryset(self) -> QuerySet[Any]:
        name = str(self.parent.initial_data.get("name") or "")[:40]
        return contact_members(self.context["request"].user, self.context["about"], name)


class ContactInput(serializers.Serializer[Any]):
    """An id of `contact-choices`, a name, or both where several bear it."""

    member = ContactMember(queryset=Member.objects.all(), required=False, allow_null=True)
    name = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "member" not in attrs and not attrs["name"]:
            raise serializers.ValidationError({"member": "必填。"})
        return {"member": None, **attrs}


class ContactSearchInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=40, required=False, allow_blank=True, help_text="至少两个字")


class ContactChoiceSerializer(serializers.ModelSerializer[Member]):
    """Name and unit: a community learns no more of a member who does not live there."""

    unit = serializers.SerializerMethodField()

    class Meta:
        model = Member
        fields = ["id", "name", "unit"]
        read_only_fields = fields

    def get_unit(self, row: Member) -> str:
        return row.unit.name if row.unit else ""


class AssessInput(serializers.Serializer[Any]):
    """Without `days` and `review_on` the district's policy fills them in."""

    level = serializers.ChoiceField(choices=CareLevel.choices)
    reason = serializers.CharField(max_length=100)
    days = serializers.IntegerField(
        min_value=1, max_value=households.LONGEST_RHYTHM, required=False, allow_null=True
    )
    review_on = serializers.DateField(required=False, allow_null=True)


class CareSerializer(serializers.ModelSerializer[CareAssessment]):
    level_label = serializers.CharField(source="get_level_display", read_only=True)
    by = serializers.SerializerMethodField()

    class Meta:
        model = CareAssessment
        fields = ["id", "household", "level", "level_label", "reason", "days", "review_on", "by", "at"]
        read_only_fields = fields

    def get_by(self, row: CareAssessment) -> str:
        return str(row.by) if row.by else "系统"


class SpecialGroupSerializer(serializers.ModelSerializer[SpecialGroup]):
    class Meta:
        model = SpecialGroup
        fields = ["id", "name", "purpose"]
        read_only_fields = fields


# Filters


class DwellingFilter(django_filters.FilterSet):
    grid = KeyFilter(field_name="grid_id")
    building = KeyFilter(field_name="building_id")

    class Meta:
        model = Dwelling
        fields = ["use"]


class HouseholdFilter(django_filters.FilterSet):
    grid = KeyFilter(field_name="grid_id")
    building = KeyFilter(field_name="dwelling__building_id")
    dwelling = KeyFilter(field_name="dwelling_id")
    contact = KeyFilter(field_name="contact_member_id")
    level = django_filters.ChoiceFilter(field_name="care_level", choices=CareLevel.choices)

    class Meta:
        model = Household
        fields: list[str] = []


class CareFilter(django_filters.FilterSet):
    household = KeyFilter(field_name="household_id")
    level = django_filters.ChoiceFilter(choices=CareLevel.choices)

    class Meta:
        model = CareAssessment
        fields: list[str] = []


# Views


class DwellingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Dwelling]):
    """Dwellings in sight. Those who see counts only find none."""

    queryset = Dwelling.objects.none()
    serializer_class = DwellingSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = DwellingFilter
    pagination_class = KeysetPages

    def get_queryset(self) -> QuerySet[Dwelling]:
        return Dwelling.objects.visible_to(self.request.user).select_related("building")

    @extend_schema(request=DwellingInput, responses={201: DwellingSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Record a dwelling of a building; its code follows."""
        made = dwellings.add(by=request.user, **valid(DwellingInput, request))
        return Response(DwellingSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=UseInput, responses={200: DwellingSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: str) -> Response:
        """Own, let or empty."""
        row = self.get_object()
        dwellings.change_use(row, by=request.user, **valid(UseInput, request))
        return Response(DwellingSerializer(row).data)


class HouseholdViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Household]):
    """Households in sight."""

    queryset = Household.objects.none()
    lookup_value_regex = "[0-9]+"
    filterset_class = HouseholdFilter
    pagination_class = KeysetPages

    def get_queryset(self) -> QuerySet[Household]:
        rows = Household.objects.visible_to(self.request.user)
        return rows.select_related("dwelling__building", "contact_member")

    def get_serializer_class(self) -> Any:
        return HouseholdSerializer if self.action == "list" else HouseholdDetailSerializer

    @extend_schema(request=OpenInput, responses={201: HouseholdDetailSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """One more household in a dwelling."""
        made = households.open_household(valid(OpenInput, request)["dwelling"], by=request.user)
        return Response(HouseholdDetailSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ContactInput, responses={200: HouseholdDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def contact(self, request: Request, pk: str) -> Response:
        """Who keeps in touch with it ("1+10"); null takes it off."""
        row = self.get_object()
        member = chosen_contact(request.user, row, **valid(ContactInput, request, about=row))
        households.assign_contact(row, by=request.user, member=member)
        return Response(HouseholdDetailSerializer(self.get_object()).data)

    @extend_schema(
        request=ContactSearchInput, responses={200: ContactChoiceSerializer(many=True), **REFUSALS}
    )
    @action(detail=True, methods=["post"], url_path="contact-choices")
    def contact_choices(self, request: Request, pk: str) -> Response:
        """Who may keep in touch with it: members living there, or those of the district of a name."""
        row, name = self.get_object(), valid(ContactSearchInput, request).get("name", "")
        found = named_members(request.user, row, name) if name else contact_members(request.user, row)
        shown = ContactChoiceSerializer(found, many=True).data
        return Response(shown, headers={"Cache-Control": "no-store"})

    @extend_schema(request=AssessInput, responses={201: CareSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def assess(self, request: Request, pk: str) -> Response:
        """Give it a care level: why, how often, until when."""
        row = self.get_object()
        made = households.assess(row, by=request.user, **valid(AssessInput, request))
        return Response(CareSerializer(made).data, status=status.HTTP_201_CREATED)


class CareViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[CareAssessment]):
    """Who gave which household which level, and why."""

    queryset = CareAssessment.objects.none()
    serializer_class = CareSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = CareFilter
    pagination_class = KeysetPages

    def get_queryset(self) -> QuerySet[CareAssessment]:
        # Distinct, so that those in sight are found first: sorted by id and cut off, PostgreSQL would walk all ids.
        keys = CareAssessment.objects.visible_to(self.request.user).order_by().values("pk").distinct()
        return CareAssessment.objects.filter(pk__in=keys).select_related("by")


class SpecialGroupViewSet(mixins.ListModelMixin, GenericViewSet[SpecialGroup]):
    """The managed list, for whoever has people or counts in sight."""

    queryset = SpecialGroup.objects.none()
    serializer_class = SpecialGroupSerializer
    pagination_class = None
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[SpecialGroup]:
        if not scope_of(self.request.user).has(Power.TREE_SEE):
            return SpecialGroup.objects.none()
        return SpecialGroup.objects.filter(is_open=True)

"""Residents: looked up, searched and written through the same verbs as on the desk, masked unless revealed."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids import erasing, merging, residents, searching
from grids.api.answers import ChangedAfter, KeyFilter, Offered, Seen, valid
from grids.api.shapes import ResidentSerializer
from grids.choices import whole_communities
from grids.models import Household, Resident, SpecialGroup
from grids.models.people import CareLevel
from grids.particulars import Particulars
from grids.powers import can_reveal
from ground.answers import REFUSALS
from ground.errors import RuleViolation
from ground.identity import DocumentKind, Sex
from ground.paging import KeysetPages
from organizations import access
from organizations.models import Organization

LONGEST_NUMBER = 40

# Shapes


class ParticularsInput(serializers.Serializer[Any]):
    """Birth date and sex are read from the document where it tells them, and may be left out."""

    name = serializers.CharField(max_length=60)
    document_kind = serializers.ChoiceField(choices=DocumentKind.choices)
    document_number = serializers.CharField(max_length=LONGEST_NUMBER, allow_blank=True)
    phone = serializers.CharField(max_length=LONGEST_NUMBER, required=False, allow_blank=True)
    birth_date = serializers.DateField(required=False, allow_null=True)
    sex = serializers.ChoiceField(choices=[("", "不清楚"), *Sex.choices], required=False)
    relation = serializers.ChoiceField(choices=Resident.Relation.choices, required=False)
    residence = serializers.ChoiceField(choices=Resident.Residence.choices, required=False)
    groups = serializers.PrimaryKeyRelatedField(
        queryset=SpecialGroup.objects.filter(is_open=True), many=True, required=False
    )


class EnterInput(ParticularsInput):
    """In a `household`, or (whoever changes the whole community) in a `community` without a dwelling."""

    household = Seen(queryset=Household.objects.all(), required=False, allow_null=True)
    community = Offered(
        choices=whole_communities, queryset=Organization.objects.all(), required=False, allow_null=True
    )


class PlaceInput(serializers.Serializer[Any]):
    household = Seen(queryset=Household.objects.all())
    relation = serializers.ChoiceField(choices=Resident.Relation.choices, required=False)


class LeaveInput(serializers.Serializer[Any]):
    on = serializers.DateField(required=False, allow_null=True, help_text="空着就是今天")
    why = serializers.CharField(max_length=60, required=False, allow_blank=True)


class ReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=100)


class RevealInput(ReasonInput):
    field = serializers.ChoiceField(choices=[("document_number", "证件号码"), ("phone", "手机号")])


class RevealedSerializer(serializers.Serializer[Any]):
    """The plain value. It is in the access log that it was shown."""

    value = serializers.CharField()


class OtherInput(serializers.Serializer[Any]):
    other = Seen(queryset=Resident.objects.all())


class TwinSerializer(serializers.Serializer[Any]):
    """Another row that looks like the same person, and what they have in common."""

    resident = ResidentSerializer()
    why = serializers.CharField()


class SearchInput(serializers.Serializer[Any]):
    """A name by its beginning, initials, a whole document number or a whole phone number."""

    words = serializers.CharField(max_length=searching.LONGEST_WORDS)
    with_left = serializers.BooleanField(required=False, default=False)


class FoundSerializer(serializers.Serializer[Any]):
    """At most 50; `more` says that there are others."""

    results = ResidentSerializer(many=True)
    more = serializers.BooleanField()


class ResidentFilter(django_filters.FilterSet):
    grid = KeyFilter(field_name="grid_id")
    building = KeyFilter(field_name="building_id")
    household = KeyFilter(field_name="household_id")
    group = KeyFilter(field_name="groups__id")
    level = django_filters.ChoiceFilter(field_name="household__care_level", choices=CareLevel.choices)
    changed_after = ChangedAfter(field_name="changed_at")

    class Meta:
        model = Resident
        fields = ["standing", "residence"]


# Views


class ResidentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Resident]):
    """People in sight; elsewhere nobody is found. Names and numbers never stand in an address: search by POST."""

    queryset = Resident.objects.none()
    serializer_class = ResidentSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = ResidentFilter
    pagination_class = KeysetPages

    def get_queryset(self) -> QuerySet[Resident]:
        """A list holds those who are present, unless it is narrowed to another `standing` or to what is new."""
        rows = Resident.objects.visible_to(self.request.user)
        if self.action == "list" and not {"standing", "changed_after"} & set(self.request.query_params):
            rows = rows.present()
        return rows.select_related("household__dwelling__building").prefetch_related("groups")

    @extend_schema(request=EnterInput, responses={201: ResidentSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Register a person."""
        given = valid(EnterInput, request)
        where = {name: given.pop(name, None) for name in ("household", "community")}
        groups = given.pop("groups", [])
        made = residents.enter(Particulars(**given), by=request.user, groups=groups, **where)
        return self._answer(made.pk, status.HTTP_201_CREATED)

    @extend_schema(request=ParticularsInput(partial=True), responses={200: ResidentSerializer, **REFUSALS})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct what is known. What is not sent stays; an empty phone takes it off."""
        row = self.get_object()
        given = valid(ParticularsInput, request, partial=True)
        groups = given.pop("groups", None)
        residents.change(row, _changed(row, given), by=request.user, groups=groups)
        return self._answer(row.pk)

    @extend_schema(request=PlaceInput, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Into another household; the power is needed at both ends."""
        row, given = self.get_object(), valid(PlaceInput, request)
        residents.move(row, by=request.user, to=given.pop("household"), **given)
        return self._answer(row.pk)

    @extend_schema(request=LeaveInput, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Moved out, or died: kept, and counted no more."""
        row = self.get_object()
        residents.leave(row, by=request.user, **valid(LeaveInput, request))
        return self._answer(row.pk)

    @extend_schema(request=PlaceInput, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="come-back")
    def come_back(self, request: Request, pk: str) -> Response:
        """Lives here again."""
        row, given = self.get_object(), valid(PlaceInput, request)
        residents.come_back(row, by=request.user, to=given.pop("household"), **given)
        return self._answer(row.pk)

    @extend_schema(request=None, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """Let the account with the same phone see this registration, after its document was seen."""
        row = self.get_object()
        residents.link_account(row, by=request.user)
        return self._answer(row.pk)

    @extend_schema(request=None, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def unlink(self, request: Request, pk: str) -> Response:
        """The account sees it no more."""
        row = self.get_object()
        residents.unlink_account(row, by=request.user)
        return self._answer(row.pk)

    @extend_schema(request=ReasonInput, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: str) -> Response:
        """Take away for good what is known; a tombstone stays."""
        row = self.get_object()
        erasing.erase(row, by=request.user, **valid(ReasonInput, request))
        return self._answer(row.pk)

    @extend_schema(request=RevealInput, responses={200: RevealedSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """A number in plain: needs a reason, is counted and logged."""
        row, given = self.get_object(), valid(RevealInput, request)
        if row.community is None:
            raise Http404
        if can_reveal(request.user, row) and not getattr(row, given["field"]):
            raise RuleViolation("没有登记这个号码，不用查看。", field="field")
        value = access.reveal(
            by=request.user,
            subject=row,
            field=given["field"],
            value_of=lambda: getattr(row, given["field"]),
            reason=given["reason"],
            organization=row.community,
            may=can_reveal,
        )
        return Response({"value": value}, headers={"Cache-Control": "no-store"})

    @extend_schema(responses=TwinSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def twins(self, request: Request, pk: str) -> Response:
        """Who looks like the same person, among those whom one may change."""
        row = self.get_object()
        pairs = merging.twins_of(row, request.user)
        prefetch_related_objects([pair.right for pair in pairs], "groups")
        found = [{"resident": pair.right, "why": pair.why} for pair in pairs]
        return Response(TwinSerializer(found, many=True).data)

    @extend_schema(request=OtherInput, responses={200: ResidentSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make one row of two: this one stays and gains, `other` is emptied and leads here."""
        row = self.get_object()
        merging.merge(row, valid(OtherInput, request)["other"], by=request.user)
        return self._answer(row.pk)

    @extend_schema(request=OtherInput, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="not-the-same")
    def not_the_same(self, request: Request, pk: str) -> Response:
        """Somebody looked: two people. They are not offered again."""
        row = self.get_object()
        merging.say_not_the_same(row, valid(OtherInput, request)["other"], by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SearchInput, responses={200: FoundSerializer, **REFUSALS})
    @action(detail=False, methods=["post"], filterset_class=None)
    def search(self, request: Request) -> Response:
        """Find people among those in sight."""
        given = valid(SearchInput, request)
        found = searching.find(request.user, searching.Words(given["words"], given["with_left"]))
        if found.sentence:
            raise RuleViolation(found.sentence, field="words")
        shown = ResidentSerializer(found.people, many=True).data
        return Response({"results": shown, "more": found.more}, headers={"Cache-Control": "no-store"})

    def _answer(self, pk: Any, code: int = status.HTTP_200_OK) -> Response:
        """As it stands now."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(ResidentSerializer(row).data, status=code)


def _changed(row: Resident, given: dict[str, Any]) -> Particulars:
    """What was sent over what is known. With a new number birth date and sex are read from it anew."""
    kept = ["name", "document_kind", "relation", "residence"]
    if "document_number" not in given:
        kept += ["birth_date", "sex"]
    known = {name: getattr(row, name) for name in kept}
    return Particulars(**{"document_number": None, "phone": None, **known, **given})

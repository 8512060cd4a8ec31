"""Whistles open to the volunteer, and one's own claims."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from ground.geo import Point
from requests.states import ContactBy, Track
from volunteers import attendance, claims, presenting
from volunteers.api.answers import valid
from volunteers.models import Claim, Whistle
from volunteers.tables import CLAIMS
from volunteers.views.whistles import open_whistles, whistle_in_sight

# Shapes


class RequesterSerializer(serializers.Serializer[presenting.Requester]):
    """Whom a claimant helps; `phone` is empty unless the requester agreed."""

    name = serializers.CharField()
    place = serializers.CharField()
    phone = serializers.CharField()


class HappeningSerializer(serializers.Serializer[dict[str, Any]]):
    title = serializers.CharField()
    at = serializers.DateTimeField()
    note = serializers.CharField()


class WhistleSerializer(serializers.Serializer[presenting.Card]):
    """A whistle as the volunteer sees it. `why_not` is empty when it can be claimed now."""

    id = serializers.IntegerField(source="whistle.pk")
    number = serializers.CharField(source="whistle.number")
    title = serializers.CharField(source="whistle.title")
    text = serializers.CharField(source="whistle.text")
    community = serializers.CharField(source="whistle.community.short_name")
    state = serializers.CharField(source="whistle.state")
    state_label = serializers.CharField(source="whistle.get_state_display")
    track = serializers.ChoiceField(choices=[("", "无"), *Track.choices])
    duty_area = serializers.CharField(source="whistle.duty_area")
    duty_area_label = serializers.CharField(source="whistle.get_duty_area_display")
    task = serializers.CharField(source="whistle.task")
    starts_at = serializers.DateTimeField(source="whistle.starts_at")
    ends_at = serializers.DateTimeField(source="whistle.ends_at")
    claim_by = serializers.DateTimeField(source="whistle.claim_by")
    place = serializers.CharField(source="whistle.place")
    lng = serializers.FloatField(source="whistle.lng", help_text="WGS-84")
    lat = serializers.FloatField(source="whistle.lat", help_text="WGS-84")
    radius_m = serializers.IntegerField(source="whistle.radius_m", help_text="签到范围，米")
    places = serializers.IntegerField(source="whistle.places_max")
    left = serializers.IntegerField(help_text="还缺几人")
    metres = serializers.FloatField(allow_null=True, help_text="离自己家多远，米")
    skills_matched = serializers.ListField(child=serializers.CharField(), source="matched")
    skills_wanted = serializers.ListField(child=serializers.CharField(), source="wanted")
    claim = serializers.IntegerField(source="claim.pk", allow_null=True, default=None)
    why_not = serializers.CharField(help_text="为什么现在不能接单；空着就是可以")


class WhistleDetailSerializer(WhistleSerializer):
    requester = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()

    @extend_schema_field(RequesterSerializer(allow_null=True))
    def get_requester(self, card: presenting.Card) -> Any:
        found = presenting.requester_of(self.context["request"].user, card.whistle)
        return RequesterSerializer(found).data if found else None

    @extend_schema_field(HappeningSerializer(many=True))
    def get_timeline(self, card: presenting.Card) -> Any:
        return HappeningSerializer(presenting.timeline_of(card.whistle, leave_out=("draft",)), many=True).data  # type: ignore[arg-type]


class ClaimStepSerializer(serializers.Serializer[dict[str, str]]):
    """A step of one's own claim, and the sentence that says why not yet."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    why_not = serializers.CharField()


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    state = serializers.CharField(read_only=True)
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    whistle = serializers.IntegerField(source="whistle_id", read_only=True)
    title = serializers.CharField(source="whistle.title", read_only=True)
    place = serializers.CharField(source="whistle.place", read_only=True)
    starts_at = serializers.DateTimeField(source="whistle.starts_at", read_only=True)
    ends_at = serializers.DateTimeField(source="whistle.ends_at", read_only=True)

    class Meta:
        model = Claim
        fields = [
            *["id", "whistle", "title", "place", "starts_at", "ends_at", "state", "state_label"],
            *["claimed_at", "checked_in_at", "checked_out_at"],
            *["check_in_distance_m", "check_out_distance_m"],
        ]
        read_only_fields = fields


class ClaimDetailSerializer(ClaimSerializer):
    steps = serializers.SerializerMethodField()
    minutes = serializers.SerializerMethodField(help_text="认定的分钟数；认定以前为空")
    requester = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()

    class Meta(ClaimSerializer.Meta):
        fields = [*ClaimSerializer.Meta.fields, "steps", "minutes", "requester", "timeline"]
        read_only_fields = fields

    @extend_schema_field(ClaimStepSerializer(many=True))
    def get_steps(self, row: Claim) -> Any:
        offers = CLAIMS.offers(self.context["request"].user, row)
        named = [
            {"name": offer.step.name.replace("_", "-"), "label": offer.step.label, "why_not": offer.why_not}
            for offer in offers
        ]
        return ClaimStepSerializer(named, many=True).data  # type: ignore[arg-type]

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_minutes(self, row: Claim) -> int | None:
        found = list(row.entries.values_list("minutes", flat=True))
        return sum(found) if found else None

    @extend_schema_field(RequesterSerializer(allow_null=True))
    def get_requester(self, row: Claim) -> Any:
        found = presenting.requester_of(self.context["request"].user, row.whistle)
        return RequesterSerializer(found).data if found else None

    @extend_schema_field(HappeningSerializer(many=True))
    def get_timeline(self, row: Claim) -> Any:
        return HappeningSerializer(presenting.timeline_of(row), many=True).data  # type: ignore[arg-type]


class KeySerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField(required=False, help_text="客户端键：同一个键重复提交只接一次")


class PositionSerializer(serializers.Serializer[Any]):
    """Where the phone is; without a position the answer says what to do."""

    lng = serializers.FloatField(required=False)
    lat = serializers.FloatField(required=False)
    datum = serializers.ChoiceField(choices=["wgs84", "gcj02"], required=False, default="wgs84")
    accuracy_m = serializers.FloatField(required=False, min_value=0)


class ContactSerializer(serializers.Serializer[Any]):
    how = serializers.ChoiceField(choices=ContactBy.choices)


# Views


class WhistleViewSet(GenericViewSet[Any]):
    """Whistles open to the volunteer. What is meant for others is 404."""

    queryset = Whistle.objects.none()
    serializer_class = WhistleSerializer
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Whistle]:
        return open_whistles(self.request.user)

    def list(self, request: Request) -> Response:
        """Those that recruit, the next one first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        standing = claims.standing_of(request.user)
        person = presenting.person_of(standing.volunteer)
        cards = [presenting.card_of(row, row.taken, standing, person) for row in page]  # type: ignore[attr-defined]
        return self.get_paginated_response(WhistleSerializer(cards, many=True).data)  # type: ignore[arg-type]

    @extend_schema(responses=WhistleDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One that is meant for the volunteer, or was claimed."""
        row = whistle_in_sight(request.user, int(pk))
        standing = claims.standing_of(request.user)
        person = presenting.person_of(standing.volunteer)
        card = presenting.card_of(row, claims.taken(row), standing, person)
        return Response(WhistleDetailSerializer(card, context={"request": request}).data)

    @extend_schema(
        request=KeySerializer, responses={201: ClaimDetailSerializer, 200: ClaimDetailSerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def claim(self, request: Request, pk: str) -> Response:
        """接单. A second tap, or the same `key`, gives the first claim (200)."""
        row = get_object_or_404(Whistle.objects.open_to(request.user), pk=pk)
        given = valid(KeySerializer, request)
        newest = Claim.objects.own(request.user).order_by("-pk").values_list("pk", flat=True).first() or 0
        made = claims.claim(row, by=request.user, key=given.get("key"))
        code = status.HTTP_201_CREATED if made.pk > newest else status.HTTP_200_OK
        return Response(_claim_detail(request, made.pk), status=code)


class ClaimViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Claim]):
    """One's own claims."""

    queryset = Claim.objects.none()
    lookup_value_regex = "[0-9]+"
    filterset_fields = ["state"]

    def get_queryset(self) -> QuerySet[Claim]:
        return Claim.objects.own(self.request.user).whole()

    def get_serializer_class(self) -> Any:
        return ClaimSerializer if self.action == "list" else ClaimDetailSerializer

    @extend_schema(request=PositionSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="check-in")
    def check_in(self, request: Request, pk: str) -> Response:
        """签到 on the spot."""
        attendance.check_in(self.get_object(), by=request.user, **_position(request))
        return Response(_claim_detail(request, int(pk)))

    @extend_schema(request=PositionSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="check-out")
    def check_out(self, request: Request, pk: str) -> Response:
        """签退 on the spot."""
        attendance.check_out(self.get_object(), by=request.user, **_position(request))
        return Response(_claim_detail(request, int(pk)))

    @extend_schema(request=None, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """退单 before the start."""
        claims.withdraw(self.get_object(), by=request.user)
        return Response(_claim_detail(request, int(pk)))

    @extend_schema(request=ContactSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def contact(self, request: Request, pk: str) -> Response:
        """登记联系: the resident was contacted."""
        claims.contact(self.get_object(), by=request.user, **valid(ContactSerializer, request))
        return Response(_claim_detail(request, int(pk)))


def _position(request: Request) -> dict[str, Any]:
    given = valid(PositionSerializer, request)
    lng, lat = given.get("lng"), given.get("lat")
    return {
        "point": Point(lng, lat) if lng is not None and lat is not None else None,
        "datum": given["datum"],
        "accuracy_m": given.get("accuracy_m"),
    }


def _claim_detail(request: Request, pk: int) -> dict[str, Any]:
    row = Claim.objects.own(request.user).whole().get(pk=pk)
    return ClaimDetailSerializer(row, context={"request": request}).data

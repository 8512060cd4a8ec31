"""One's own claims and their steps."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from ground.geo import Point
from requests.states import ContactBy
from volunteers import attendance, claims, presenting
from volunteers.api.answers import valid
from volunteers.models import Claim
from volunteers.tables import CLAIMS


class RequesterSerializer(serializers.Serializer[presenting.Requester]):
    """Whom a claimant helps; `phone` is empty unless the requester agreed."""

    name = serializers.CharField()
    place = serializers.CharField()
    phone = serializers.CharField()


class HappeningSerializer(serializers.Serializer[dict[str, Any]]):
    title = serializers.CharField()
    at = serializers.DateTimeField()
    note = serializers.CharField()


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


class PositionSerializer(serializers.Serializer[Any]):
    """Where the phone is; without a position the answer says what to do."""

    lng = serializers.FloatField(required=False)
    lat = serializers.FloatField(required=False)
    datum = serializers.ChoiceField(choices=["wgs84", "gcj02"], required=False, default="wgs84")
    accuracy_m = serializers.FloatField(required=False, min_value=0)


class ContactSerializer(serializers.Serializer[Any]):
    how = serializers.ChoiceField(choices=ContactBy.choices)


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
        return Response(claim_detail(request, int(pk)))

    @extend_schema(request=PositionSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="check-out")
    def check_out(self, request: Request, pk: str) -> Response:
        """签退 on the spot."""
        attendance.check_out(self.get_object(), by=request.user, **_position(request))
        return Response(claim_detail(request, int(pk)))

    @extend_schema(request=None, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """退单 before the start."""
        claims.withdraw(self.get_object(), by=request.user)
        return Response(claim_detail(request, int(pk)))

    @extend_schema(request=ContactSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def contact(self, request: Request, pk: str) -> Response:
        """登记联系: the resident was contacted."""
        claims.contact(self.get_object(), by=request.user, **valid(ContactSerializer, request))
        return Response(claim_detail(request, int(pk)))


def _position(request: Request) -> dict[str, Any]:
    given = valid(PositionSerializer, request)
    lng, lat = given.get("lng"), given.get("lat")
    return {
        "point": Point(lng, lat) if lng is not None and lat is not None else None,
        "datum": given["datum"],
        "accuracy_m": given.get("accuracy_m"),
    }


def claim_detail(request: Request, pk: int) -> dict[str, Any]:
    row = Claim.objects.own(request.user).whole().get(pk=pk)
    return ClaimDetailSerializer(row, context={"request": request}).data

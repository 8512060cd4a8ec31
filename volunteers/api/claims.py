"""One's own claims and their steps."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from ground.geo import Point
from organizations import policies
from requests.states import ContactBy
from volunteers import presenting
from volunteers.api.answers import MomentField, valid
from volunteers.claiming import claims, waiting, wishes
from volunteers.models import Claim
from volunteers.presence import attendance, devices


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


class PhotoLinksSerializer(serializers.Serializer[dict[str, str]]):
    """Addresses of a picture and of its small copy."""

    url = serializers.CharField()
    thumb = serializers.CharField()


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    state = serializers.CharField(read_only=True)
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    whistle = serializers.IntegerField(source="whistle_id", read_only=True)
    title = serializers.CharField(source="whistle.title", read_only=True)
    place = serializers.CharField(source="whistle.place", read_only=True)
    starts_at = serializers.DateTimeField(source="whistle.starts_at", read_only=True)
    ends_at = serializers.DateTimeField(source="whistle.ends_at", read_only=True)
    queue_place = serializers.SerializerMethodField(help_text="候补第几位；不在候补的为 0")

    @extend_schema_field(serializers.IntegerField())
    def get_queue_place(self, row: Claim) -> int:
        before = getattr(row, "before", None)
        return waiting.place_of(row) if before is None else before + 1

    class Meta:
        model = Claim
        fields = [
            *["id", "whistle", "title", "place", "starts_at", "ends_at", "state", "state_label"],
            *["claimed_at", "checked_in_at", "checked_out_at"],
            *["check_in_distance_m", "check_out_distance_m", "queue_place"],
        ]
        read_only_fields = fields


class ClaimDetailSerializer(ClaimSerializer):
    steps = serializers.SerializerMethodField()
    minutes = serializers.SerializerMethodField(help_text="认定的分钟数；认定以前为空")
    requester = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    photos = serializers.SerializerMethodField()

    class Meta(ClaimSerializer.Meta):
        fields = [*ClaimSerializer.Meta.fields, "steps", "minutes", "requester", "timeline", "photos"]
        read_only_fields = fields

    @extend_schema_field(ClaimStepSerializer(many=True))
    def get_steps(self, row: Claim) -> Any:
        user = self.context["request"].user
        attendance_by = policies.at_hand(user, row.whistle.district_id).attendance
        offers = presenting.offers_of(user, row, attendance_by)
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

    @extend_schema_field(PhotoLinksSerializer(many=True))
    def get_photos(self, row: Claim) -> Any:
        return PhotoLinksSerializer(presenting.photos_of(row), many=True).data  # type: ignore[arg-type]


class PositionSerializer(serializers.Serializer[Any]):
    """What shows that one is there: where the phone is, or the code on the spot. Without either the answer says
    what to do."""

    lng = serializers.FloatField(required=False)
    lat = serializers.FloatField(required=False)
    datum = serializers.ChoiceField(choices=["wgs84", "gcj02"], required=False, default="wgs84")
    accuracy_m = serializers.FloatField(required=False, min_value=0)
    code = serializers.CharField(required=False, max_length=20, allow_blank=True, help_text="现场码")
    happened_at = MomentField(
        required=False, help_text="没有网时记下的打卡时间，48 小时内补传；重复发送只算一次"
    )


class FulfilSerializer(serializers.Serializer[Any]):
    photos = serializers.ListField(child=serializers.FileField(), min_length=1, max_length=wishes.MOST_PHOTOS)


class ContactSerializer(serializers.Serializer[Any]):
    how = serializers.ChoiceField(choices=ContactBy.choices)


class ClaimViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Claim]):
    """One's own claims."""

    queryset = Claim.objects.none()
    lookup_value_regex = "[0-9]+"
    filterset_fields = ["state"]

    def get_queryset(self) -> QuerySet[Claim]:
        return waiting.with_places(Claim.objects.own(self.request.user).whole())

    def get_serializer_class(self) -> Any:
        return ClaimSerializer if self.action == "list" else ClaimDetailSerializer

    @extend_schema(request=PositionSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="check-in")
    def check_in(self, request: Request, pk: str) -> Response:
        """签到 on the spot, or sent afterwards with the time at which it happened."""
        attendance.check_in(self.get_object(), by=request.user, **_shown(request))
        return Response(claim_detail(request, int(pk)))

    @extend_schema(request=PositionSerializer, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="check-out")
    def check_out(self, request: Request, pk: str) -> Response:
        """签退 on the spot, or sent afterwards with the time at which it happened."""
        attendance.check_out(self.get_object(), by=request.user, **_shown(request))
        return Response(claim_detail(request, int(pk)))

    @extend_schema(
        request={"multipart/form-data": FulfilSerializer}, responses={200: ClaimDetailSerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser, FormParser, JSONParser])
    def fulfil(self, request: Request, pk: str) -> Response:
        """完成心愿 with photos; only wishes are fulfilled."""
        uploads = request.FILES.getlist("photos")
        wishes.fulfil(self.get_object(), by=request.user, photos=uploads)
        return Response(claim_detail(request, int(pk)))

    @extend_schema(request=None, responses={200: ClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """退出候补."""
        waiting.leave(self.get_object(), by=request.user)
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


def _shown(request: Request) -> dict[str, Any]:
    given = valid(PositionSerializer, request)
    lng, lat = given.get("lng"), given.get("lat")
    return {
        "point": Point(lng, lat) if lng is not None and lat is not None else None,
        "datum": given["datum"],
        "accuracy_m": given.get("accuracy_m"),
        "code": given.get("code", ""),
        "happened_at": given.get("happened_at"),
        "device": devices.device_of(request),
    }


def claim_detail(request: Request, pk: int) -> dict[str, Any]:
    row = Claim.objects.own(request.user).whole().get(pk=pk)
    return ClaimDetailSerializer(row, context={"request": request}).data

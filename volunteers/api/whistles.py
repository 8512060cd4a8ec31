"""Whistles open to the volunteer."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground import clock
from ground.answers import REFUSALS
from ground.errors import RuleViolation
from requests.states import Track
from volunteers import presenting
from volunteers.accounting import thanking
from volunteers.api.answers import valid
from volunteers.api.claims import (
    ClaimDetailSerializer,
    HappeningSerializer,
    RequesterSerializer,
    claim_detail,
)
from volunteers.api.thanks import ThankSerializer, ThanksSerializer
from volunteers.claiming import claims, waiting
from volunteers.claiming.standing import room_of
from volunteers.models import Claim, Whistle
from volunteers.presence import onsite
from volunteers.views.whistles import cards_of, whistle_in_sight

#: What the list may be narrowed to.
SHOWS = ("near", "week", "emergency", "wish")

# Shapes


class WhistleSerializer(serializers.Serializer[presenting.Card]):
    """A whistle as the volunteer sees it. `why_not` is empty when it can be claimed now."""

    id = serializers.IntegerField(source="whistle.pk")
    number = serializers.CharField(source="whistle.number")
    title = serializers.CharField(source="whistle.title")
    text = serializers.CharField(source="whistle.text")
    community = serializers.CharField(source="whistle.community.short_name")
    state = serializers.CharField(source="whistle.state")
    state_label = serializers.CharField(source="whistle.get_state_display")
    kind = serializers.CharField(source="whistle.kind")
    kind_label = serializers.CharField(source="whistle.get_kind_display")
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
    reasons = serializers.ListField(child=serializers.CharField(), help_text="为什么适合，最要紧的在前")
    claim = serializers.IntegerField(source="claim.pk", allow_null=True, default=None)
    waits = serializers.IntegerField(
        source="waits.pk", allow_null=True, default=None, help_text="自己在候补的那一单"
    )
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


class KeySerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField(required=False, help_text="客户端键：同一个键重复提交只接一次")


class OnsiteCodeSerializer(serializers.Serializer[Any]):
    """现场码 of this moment; ask again when its seconds are over."""

    code = serializers.CharField(help_text="8 位字母数字，签到签退时填的现场码")
    path = serializers.CharField(help_text="扫码打开的地址，从网站根开始；做成二维码出示")
    seconds = serializers.IntegerField(help_text="再过几秒换新码")


# Views


class WhistleViewSet(GenericViewSet[Any]):
    """Whistles open to the volunteer. What is meant for others is 404."""

    queryset = Whistle.objects.none()
    serializer_class = WhistleSerializer
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "order", enum=presenting.Order.values, description="适合的在前（默认），或按时间"
            ),
            OpenApiParameter(
                "show", enum=SHOWS, description="离家近、本周、应急、微心愿；微心愿只在这里列出"
            ),
            OpenApiParameter("q", description="标题里的字"),
        ]
    )
    def list(self, request: Request) -> Response:
        """Those that recruit, what fits first, with the reasons; or the next one first. As the page."""
        cards: Any = self.paginate_queryset(cards_of(request.user, request.query_params))  # type: ignore[arg-type]
        return self.get_paginated_response(WhistleSerializer(cards, many=True).data)

    @extend_schema(responses=WhistleDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One that is meant for the volunteer, or was claimed."""
        row = whistle_in_sight(request.user, int(pk))
        standing = claims.standing_of(request.user)
        person = presenting.person_of(standing.volunteer)
        room = room_of(row)
        card = presenting.card_of(row, room.taken, standing, person, room.waiting)
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
        return Response(claim_detail(request, made.pk), status=code)

    @extend_schema(
        request=ThankSerializer, responses={201: ThanksSerializer, 200: ThanksSerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def thank(self, request: Request, pk: str) -> Response:
        """说声谢谢, of whoever asked for it, once it is done; said again, the first one stands (200)."""
        row = get_object_or_404(thanking.served(request.user), pk=pk)
        had = thanking.said_by(request.user, row)
        said = thanking.thank(row, by=request.user, **valid(ThankSerializer, request))
        shown = ThanksSerializer(said, context={"request": request}).data
        return Response(shown, status=status.HTTP_200_OK if had else status.HTTP_201_CREATED)

    @extend_schema(
        request=KeySerializer, responses={201: ClaimDetailSerializer, 200: ClaimDetailSerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def wait(self, request: Request, pk: str) -> Response:
        """候补 for a place that comes free. A second tap gives the first place in the queue (200)."""
        row = get_object_or_404(Whistle.objects.open_to(request.user), pk=pk)
        given = valid(KeySerializer, request)
        newest = Claim.objects.own(request.user).order_by("-pk").values_list("pk", flat=True).first() or 0
        made = waiting.wait(row, by=request.user, key=given.get("key"))
        code = status.HTTP_201_CREATED if made.pk > newest else status.HTTP_200_OK
        return Response(claim_detail(request, made.pk), status=code)

    @extend_schema(responses={200: OnsiteCodeSerializer, **REFUSALS})
    @action(detail=True, methods=["get"])
    def code(self, request: Request, pk: str) -> Response:
        """The code to show on the spot, for the leader and the staff there; 409 while it is not shown."""
        row = get_object_or_404(Whistle.objects.with_code_for(request.user), pk=pk)
        if not onsite.is_shown(row):
            raise RuleViolation("现在不出示签到码，开始前 30 分钟起，到结束后 2 小时可以出示。")
        now = clock.now()
        letters = onsite.code_of(row.pk, now)
        shown = {
            "code": letters,
            "path": reverse("volunteers:check_in_by_code", args=[row.pk, letters]),
            "seconds": onsite.seconds_left(now),
        }
        return Response(OnsiteCodeSerializer(shown).data, headers={"Cache-Control": "no-store"})

"""政策 over the API: what holds in the districts in sight, and the signature by the verb of the page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from organizations import policies
from organizations.models import Organization, Policy
from organizations.models.policies import Preset

# Shapes


class SignedPolicySerializer(serializers.ModelSerializer[Policy]):
    """`spans`: 分级或派单等级 → 环节 → {"minutes": 30}（日夜连续）或 {"working_days": 5}。"""

    district = serializers.IntegerField(source="district_id", read_only=True)
    signed_by = serializers.SerializerMethodField(help_text="签发人姓名")

    class Meta:
        model = Policy
        fields = ["id", "district", "begins_on", "signed_by", "signed_at", "document", "preset"]
        fields += policies.FIELDS
        read_only_fields = fields

    def get_signed_by(self, row: Policy) -> str:
        return row.signed_by.name if row.signed_by_id else ""


class HoldingPolicySerializer(SignedPolicySerializer):
    """What holds today; `id` and the signature are empty where the platform's defaults do."""

    id = serializers.IntegerField(read_only=True, allow_null=True, source="pk")
    begins_on = serializers.SerializerMethodField()
    signed_at = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_begins_on(self, row: Policy) -> Any:
        return row.begins_on if row.pk else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_signed_at(self, row: Policy) -> Any:
        return row.signed_at if row.pk else None


class _District(serializers.PrimaryKeyRelatedField[Organization]):
    """A district in sight: one elsewhere and none at all are answered alike."""

    default_error_messages = {"does_not_exist": "没有这一条，或者不在你的范围内。"}

    def get_queryset(self) -> QuerySet[Organization]:
        return policies.districts_in_sight(self.context["request"].user)


class PolicyInput(serializers.ModelSerializer[Policy]):
    """What is not sent stays as the preset says, and besides as it is on that day."""

    district = _District()
    preset = serializers.ChoiceField(choices=Preset.choices)

    class Meta:
        model = Policy
        fields = ["district", "begins_on", "document", "preset", *policies.FIELDS]
        extra_kwargs = {
            "begins_on": {"required": True},
            "document": {"required": True, "max_length": 60},
            **{name: {"required": False} for name in policies.FIELDS},
        }


# Views


class PolicyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Policy]):
    """政策 of the districts in sight: all that were ever signed, the newest first; none is ever changed."""

    queryset = Policy.objects.none()
    serializer_class = SignedPolicySerializer
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Policy]:
        rows = Policy.objects.visible_to(self.request.user)
        return rows.select_related("signed_by").defer("signed_by__phone")

    @extend_schema(request=PolicyInput, responses={201: SignedPolicySerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Sign what holds in a district from a day on, today or later."""
        given = PolicyInput(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        made = policies.sign(by=request.user, **given.validated_data)
        return Response(SignedPolicySerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=HoldingPolicySerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], url_path="in-force", pagination_class=None)
    def in_force(self, request: Request) -> Response:
        """What holds today, one for each district in sight."""
        found = policies.in_force_for(request.user)
        return Response(HoldingPolicySerializer(found, many=True).data)


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("policies", PolicyViewSet, "policy")

"""Registrations, one's own hours and ledger, boards."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from organizations import policies
from volunteers.accounting import ledger, quotas
from volunteers.models import LedgerEntry
from volunteers.states import Period
from volunteers.views.answering import volunteer_or_404

# Shapes


class LedgerEntrySerializer(serializers.ModelSerializer[LedgerEntry]):
    title = serializers.CharField(source="whistle.title", read_only=True)
    community = serializers.CharField(source="community.short_name", read_only=True)
    kind_label = serializers.CharField(source="get_kind_display", read_only=True)

    class Meta:
        model = LedgerEntry
        fields = [
            *[
                "id",
                "claim",
                "title",
                "community",
                "kind",
                "kind_label",
                "minutes",
                "off_hours_minutes",
                "duty_area",
            ],
            *["attested", "reason", "served_at", "at"],
        ]
        read_only_fields = fields


class BalanceSerializer(serializers.Serializer[ledger.Balance]):
    minutes = serializers.IntegerField()
    off_hours_minutes = serializers.IntegerField()
    times = serializers.IntegerField()
    off_hours_times = serializers.IntegerField()


class QuotaSerializer(serializers.Serializer[quotas.Quota]):
    times = serializers.IntegerField(help_text="本季度八小时外服务次数")
    times_wanted = serializers.IntegerField()
    minutes = serializers.IntegerField(help_text="今年八小时外分钟数")
    minutes_wanted = serializers.IntegerField()
    is_met = serializers.BooleanField()


class ServiceSerializer(serializers.Serializer[Any]):
    """What one has served; `quota` is null for those whom none binds."""

    quarter = BalanceSerializer()
    year = BalanceSerializer()
    ever = BalanceSerializer()
    quota = QuotaSerializer(allow_null=True)


# Views


class ServiceViewSet(ViewSet):
    """One's own hours."""

    @extend_schema(responses=ServiceSerializer)
    def list(self, request: Request) -> Response:
        """Balance of the year and of all time, and the quota. 404 for those who are no volunteers."""
        volunteer = volunteer_or_404(request.user)
        figures = {
            "quarter": ledger.balance(volunteer, *ledger.bounds(Period.QUARTER)),
            "year": ledger.balance(volunteer, *ledger.bounds(Period.YEAR)),
            "ever": ledger.balance(volunteer),
            "quota": quotas.quota(volunteer, policy=policies.at_hand(request.user, volunteer.district_id)),
        }
        return Response(ServiceSerializer(figures).data)


class LedgerViewSet(mixins.ListModelMixin, GenericViewSet[LedgerEntry]):
    """One's own ledger entries, newest first."""

    queryset = LedgerEntry.objects.none()
    serializer_class = LedgerEntrySerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        rows = LedgerEntry.objects.filter(volunteer__user=self.request.user.pk)
        return rows.select_related("whistle", "community")

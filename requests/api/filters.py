"""The filters of the list of requests; the conditions are the querysets' own."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Q

from ground import clock
from organizations.posts import Power
from organizations.scope import NOTHING, scope_of
from requests.models import Hold, ServiceRequest, asked_by
from requests.states import OPEN, State, Track


class RequestFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=State.choices)
    track = django_filters.MultipleChoiceFilter(choices=Track.choices)
    category = django_filters.CharFilter(field_name="category__code")
    handler = django_filters.NumberFilter(field_name="handler_id", max_value=2**31, label="承办党组织")
    whole = django_filters.CharFilter(field_name="whole__number", label="总件的编号：列出它的分件")
    is_part = django_filters.BooleanFilter(method="by_whole", label="拆分出来的分件")
    own = django_filters.BooleanFilter(method="by_owner", label="只看自己提出的")
    is_open = django_filters.BooleanFilter(method="by_openness", label="还在办的")
    is_overdue = django_filters.BooleanFilter(method="by_due", label="已超时的")
    is_waiting = django_filters.BooleanFilter(
        method="by_waiting", label="等别人的：等补充、等答复、有未了结的事"
    )
    supervised = django_filters.BooleanFilter(method="by_supervision", label="在督办的")
    reopened = django_filters.BooleanFilter(method="by_reopening", label="重办过的")
    consent = django_filters.BooleanFilter(method="by_consent", label="待我同意")

    class Meta:
        model = ServiceRequest
        fields = ["state", "track", "category", "handler", "whole"]

    def by_whole(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(whole__isnull=not value)

    def by_owner(self, rows: Any, name: str, value: bool) -> Any:
        return rows.own(self.request.user) if value else rows

    def by_openness(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(state__in=OPEN) if value else rows.exclude(state__in=OPEN)

    def by_due(self, rows: Any, name: str, value: bool) -> Any:
        late = Q(state__in=OPEN, due__isnull=False, due__lt=clock.now())
        return rows.filter(late) if value else rows.exclude(late)

    def by_waiting(self, rows: Any, name: str, value: bool) -> Any:
        held = Exists(Hold.objects.filter(service_request=OuterRef("pk")))
        waits = Q(state__in=OPEN) & (Q(state=State.ASKED) | ~Q(consent_kind="") | Q(held))
        return rows.filter(waits if value else ~waits)

    def by_supervision(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(supervised_at__isnull=not value)

    def by_reopening(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(reopened__gt=0) if value else rows.filter(reopened=0)

    def by_consent(self, rows: Any, name: str, value: bool) -> Any:
        mine = awaiting_consent_of(self.request.user)
        return rows.filter(mine) if value else rows.exclude(mine)


def awaiting_consent_of(user: Any) -> Q:
    """What the user may answer (`powers.can_consent`, as a condition): never what is his own."""
    scope = scope_of(user)
    mine = NOTHING
    if leads := scope.seats(Power.CONSENT):
        mine |= Q(consent_at__isnull=False, consent_at__in=leads)
    if verifies := scope.seats(Power.VERIFY):
        mine |= Q(consent_at__isnull=False, consent_at__in=verifies) & ~Q(consent_at=F("handler"))
    own = asked_by(user.pk)
    return mine & Q(state__in=[State.ACCEPTED, State.IN_PROGRESS]) & ~own

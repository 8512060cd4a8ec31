"""未诉先办 over the API: the same sight, the same two verbs as the pages."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.viewsets import GenericViewSet

from dashboards.models import Pattern
from dashboards.patterns import deciding, reading
from dashboards.patterns.counting import counted_by
from dashboards.patterns.forms import DismissForm, FileForm
from ground.answers import REFUSALS
from requests.api import answers
from requests.models import ServiceRequest


class PatternFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=Pattern.State.choices)
    category = django_filters.CharFilter(field_name="category__code")


class PatternSerializer(serializers.ModelSerializer[Pattern]):
    """A place and a category; `number` of the request that was filed, once there is one."""

    place = serializers.CharField(source="place_name", read_only=True)
    kind = serializers.SerializerMethodField(help_text="building 楼栋 / compound 小区")
    category = serializers.CharField(source="category.code", read_only=True)
    community = serializers.CharField(source="community.short_name", read_only=True, default="")
    number = serializers.CharField(source="service_request.number", read_only=True, default="")

    class Meta:
        model = Pattern
        fields = [
            *["id", "place", "kind", "category", "community", "count", "people", "weeks"],
            *["first_at", "last_at", "state", "found_at", "decided_at", "reason", "number"],
        ]
        read_only_fields = fields

    def get_kind(self, row: Pattern) -> str:
        return "building" if row.building_id is not None else "compound"


class PatternDetailSerializer(PatternSerializer):
    """With the numbers of the counted requests that are in sight, and what filing would say."""

    requests = serializers.SerializerMethodField()
    proposed_title = serializers.SerializerMethodField()
    proposed_text = serializers.SerializerMethodField()
    may_decide = serializers.SerializerMethodField()

    class Meta(PatternSerializer.Meta):
        fields = [
            *PatternSerializer.Meta.fields,
            "requests",
            "proposed_title",
            "proposed_text",
            "may_decide",
        ]
        read_only_fields = fields

    def get_requests(self, row: Pattern) -> list[str]:
        seen = counted_by(row) & ServiceRequest.objects.in_sight_of_staff(self._user)
        return list(
            seen.order_by("-submitted_at", "-pk").values_list("number", flat=True)[: reading.MOST_ROWS]
        )

    def get_proposed_title(self, row: Pattern) -> str:
        return deciding.title_for(row) if self.get_may_decide(row) else ""

    def get_proposed_text(self, row: Pattern) -> str:
        return deciding.text_for(row) if self.get_may_decide(row) else ""

    def get_may_decide(self, row: Pattern) -> bool:
        return row.state == Pattern.State.PROPOSED and deciding.can_decide(self._user, row)

    @property
    def _user(self) -> Any:
        return self.context["request"].user


class FileInput(serializers.Serializer[Any]):
    """What is left out is as the pattern proposes."""

    title = serializers.CharField(required=False)
    text = serializers.CharField(required=False)


class DismissInput(serializers.Serializer[Any]):
    reason = serializers.CharField()


class PatternViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Pattern]):
    """未诉先办: what was asked for again and again, in sight. Others are 404."""

    queryset = Pattern.objects.none()
    lookup_value_regex = "[0-9]{1,18}"
    filterset_class = PatternFilter

    def get_queryset(self) -> QuerySet[Pattern]:
        rows = reading.shown(reading.in_sight(self.request.user))
        return rows.select_related("district") if self.action in ("file", "dismiss") else rows

    def get_serializer_class(self) -> Any:
        return PatternSerializer if self.action == "list" else PatternDetailSerializer

    @extend_schema(request=FileInput, responses={200: PatternDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], filterset_class=None)
    def file(self, request: Request, pk: str) -> Response:
        """立项. The same person again gets the same request."""
        row = self.get_object()
        given = answers.plain(answers.mapping(request))
        said = {"title": deciding.title_for(row), "text": deciding.text_for(row), **given}
        form = FileForm(said)
        answers.checked(form)
        deciding.file(row, by=self._user, **form.cleaned_data)
        return self._shown(pk)

    @extend_schema(request=DismissInput, responses={200: PatternDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], filterset_class=None)
    def dismiss(self, request: Request, pk: str) -> Response:
        """不立项, with the reason."""
        row = self.get_object()
        form = DismissForm(answers.plain(answers.mapping(request)))
        answers.checked(form)
        deciding.dismiss(row, by=self._user, **form.cleaned_data)
        return self._shown(pk)

    @property
    def _user(self) -> Any:
        """The account behind the call; visitors are refused before."""
        return self.request.user

    def _shown(self, pk: str) -> Response:
        row = self.get_queryset().get(pk=pk)
        return Response(PatternDetailSerializer(row, context=self.get_serializer_context()).data)


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("patterns", PatternViewSet, "pattern")

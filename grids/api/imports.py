"""Imports: a sheet is sent, looked at by a worker, and written only after somebody has agreed to what was found."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids.api.answers import KeyFilter, Offered, valid
from grids.choices import whole_communities
from grids.importing import jobs
from grids.models import ImportFinding, ImportJob
from grids.views.import_forms import TOO_LARGE, SheetUploadHandler
from ground.answers import REFUSALS
from ground.errors import RuleViolation
from ground.paging import KeysetPages
from ground.parsing import WholeTextParser
from organizations.models import Organization

# Shapes


class ProgressSerializer(serializers.Serializer[jobs.Progress]):
    """`total` is 0 while nobody can know it."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()
    phase = serializers.CharField()


class ImportSerializer(serializers.ModelSerializer[ImportJob]):
    """`counts`: rows, bad, new, changed, moved, vanished …, as far as the job has come."""

    community_name = serializers.CharField(source="community.short_name", read_only=True)
    by = serializers.SerializerMethodField()
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    progress = serializers.SerializerMethodField()

    class Meta:
        model = ImportJob
        fields = [
            *["id", "name", "community", "community_name", "by", "state", "state_label", "sentence"],
            *["counts", "progress", "good_rows_only", "retire_vanished", "made_at", "began_at", "ended_at"],
        ]
        read_only_fields = fields

    def get_by(self, row: ImportJob) -> str:
        return str(row.by) if row.by else "系统"

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, row: ImportJob) -> Any:
        return jobs.progress(row)._asdict()


class UploadInput(serializers.Serializer[Any]):
    """`.xlsx` or `.csv`, up to 30 MB."""

    community = Offered(choices=whole_communities, queryset=Organization.objects.all())
    file = serializers.FileField()


class ConfirmInput(serializers.Serializer[Any]):
    good_rows_only = serializers.BooleanField(required=False, default=False, help_text="只导入没有问题的行")
    retire_vanished = serializers.BooleanField(
        required=False, default=False, help_text="表里没有的人记为迁出"
    )


class FindingSerializer(serializers.ModelSerializer[ImportFinding]):
    """What must be put right, or would change. `value` is masked."""

    kind_label = serializers.CharField(source="get_kind_display", read_only=True)

    class Meta:
        model = ImportFinding
        fields = [
            "id",
            "kind",
            "kind_label",
            "sheet",
            "row",
            "column",
            "code",
            "value",
            "sentence",
            "resident",
        ]
        read_only_fields = fields


class ImportFilter(django_filters.FilterSet):
    community = KeyFilter(field_name="community_id")

    class Meta:
        model = ImportJob
        fields = ["state"]


class FindingFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=ImportFinding.Kind.choices)


# Views


class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ImportJob]):
    """Imports of the communities whose whole registry one changes: grid workers have none."""

    queryset = ImportJob.objects.none()
    serializer_class = ImportSerializer
    lookup_value_regex = "[0-9]+"
    filterset_class = ImportFilter
    parser_classes = [WholeTextParser, parsers.MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """A sheet stays in memory: what it says of people never lies open on a disk."""
        if request.method == "POST":
            request.upload_handlers = [SheetUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ImportJob]:
        rows = ImportJob.objects.visible_to(self.request.user)
        return rows.select_related("community", "by").defer("by__phone")

    @extend_schema(
        request={"multipart/form-data": UploadInput}, responses={201: ImportSerializer, **REFUSALS}
    )
    def create(self, request: Request) -> Response:
        """Send a sheet; a worker looks at it, and nothing is written. The same sheet again gives the first job."""
        handler: Any = request._request.upload_handlers[0]
        if request.data is not None and getattr(handler, "is_too_large", False):
            raise RuleViolation(TOO_LARGE, field="file")
        given = valid(UploadInput, request)
        file = given["file"]
        job = jobs.begin(
            by=request.user, community=given["community"], content=file.read(), name=file.name or ""
        )
        return self._answer(job, status.HTTP_201_CREATED)

    @extend_schema(request=ConfirmInput, responses={200: ImportSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Have it written by a worker: all of it or nothing, unless only good rows are asked for."""
        job = self.get_object()
        jobs.confirm(job, by=request.user, **valid(ConfirmInput, request))
        return self._answer(job)

    @extend_schema(request=None, responses={200: ImportSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give it up; its file is deleted."""
        job = self.get_object()
        jobs.cancel(job, by=request.user)
        return self._answer(job)

    @extend_schema(responses=FindingSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=KeysetPages, filterset_class=FindingFilter)
    def findings(self, request: Request, pk: str) -> Response:
        """What was found, row by row."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        rows: Any = self.filter_queryset(job.findings.all())  # type: ignore[arg-type]
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(FindingSerializer(page, many=True).data)

    def _answer(self, job: ImportJob, code: int = status.HTTP_200_OK) -> Response:
        return Response(ImportSerializer(self.get_queryset().get(pk=job.pk)).data, status=code)

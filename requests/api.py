"""Requests over the API: the same sight, forms and verbs as the pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from ground import clock
from ground.answers import REFUSALS
from requests import photos, placing, timeline, views, workflow
from requests.asking import AskForm
from requests.forms import FORMS, StepForm
from requests.intake import first_with_key
from requests.models import Category, ServiceRequest
from requests.presenting import asker_of
from requests.states import OPEN, ContactBy, Outcome, State, Track
from requests.tables import REQUESTS

# Shapes


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ["code", "name", "hint", "icon", "track", "duty_area", "needs_photo_to_resolve"]


class RequestSerializer(serializers.ModelSerializer[ServiceRequest]):
    """One request in a list. `asker` is 你 for one's own, else 居民 with the surname only."""

    category = serializers.SlugRelatedField(slug_field="code", read_only=True)  # type: ignore[var-annotated]
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    track_label = serializers.CharField(source="get_track_display", read_only=True)
    handler = serializers.CharField(source="handler.short_name", read_only=True)
    place = serializers.CharField(read_only=True)
    is_overdue = serializers.BooleanField(read_only=True)
    responsible = serializers.SerializerMethodField()
    asker = serializers.SerializerMethodField()

    class Meta:
        model = ServiceRequest
        fields = [
            *["number", "title", "text", "category", "track", "track_label", "state", "state_label"],
            *["source", "asker", "place", "handler", "responsible", "outcome", "is_overdue"],
            *["submitted_at", "accepted_at", "contacted_at", "resolved_at", "ended_at"],
            *["accept_due", "contact_due", "resolve_due", "due"],
        ]
        read_only_fields = fields

    def get_responsible(self, row: ServiceRequest) -> str:
        return str(row.responsible) if row.responsible_id else ""

    def get_asker(self, row: ServiceRequest) -> str:
        return asker_of(row, self.context["request"].user)


class PhotoLinkSerializer(serializers.Serializer[dict[str, str]]):
    url = serializers.CharField()
    thumb = serializers.CharField()


class EntrySerializer(serializers.Serializer[timeline.Entry]):
    """One line of the history, worded for whoever asks."""

    step = serializers.CharField()
    title = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    note = serializers.CharField()
    text = serializers.CharField()
    photos = PhotoLinkSerializer(many=True)


class StepFieldSerializer(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    required = serializers.BooleanField()  # type: ignore[assignment]
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class OpenStepSerializer(serializers.Serializer[dict[str, Any]]):
    """A step open to whoever asks, and what it needs. Steps without `fields` begin elsewhere (whistle)."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    takes_photos = serializers.BooleanField()
    fields = StepFieldSerializer(many=True)  # type: ignore[assignment]


class RequestDetailSerializer(RequestSerializer):
    timeline = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()

    class Meta(RequestSerializer.Meta):
        fields = [*RequestSerializer.Meta.fields, "timeline", "steps"]
        read_only_fields = fields

    @extend_schema_field(EntrySerializer(many=True))
    def get_timeline(self, row: ServiceRequest) -> Any:
        entries = timeline.entries_of(row, self.context["request"].user)
        for entry in entries:
            entry.photos = [_api_links(photo) for photo in entry.photos]
        return EntrySerializer(entries, many=True).data  # type: ignore[arg-type]

    @extend_schema_field(OpenStepSerializer(many=True))
    def get_steps(self, row: ServiceRequest) -> Any:
        user = self.context["request"].user
        return [_open_step(step, row, user) for step in REQUESTS.steps_open_to(user, row)]


class FiledSerializer(RequestDetailSerializer):
    """`troubles` names every photo that could not be read; the request is filed all the same."""

    troubles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(RequestDetailSerializer.Meta):
        fields = [*RequestDetailSerializer.Meta.fields, "troubles"]
        read_only_fields = fields


class AskSerializer(serializers.Serializer[Any]):
    """A place is needed: `place` (from /requests/places/), `building_token`, or `lng` and `lat`."""

    category = serializers.SlugField()
    text = serializers.CharField(max_length=workflow.TEXT_LENGTH)
    title = serializers.CharField(required=False, max_length=40)
    place = serializers.CharField(required=False, help_text="b:<楼栋> 或 c:<社区>")
    building_token = serializers.CharField(required=False, help_text="楼栋二维码里的口令")
    lng = serializers.FloatField(required=False)
    lat = serializers.FloatField(required=False)
    datum = serializers.ChoiceField(choices=["wgs84", "gcj02"], required=False)
    address = serializers.CharField(required=False, max_length=80)
    shares_phone = serializers.BooleanField(required=False, default=False)
    key = serializers.UUIDField(required=False, help_text="客户端键：同一个键重复提交只登记一次")
    other_phone = serializers.CharField(required=False, help_text="代点：他的手机号")
    other_name = serializers.CharField(required=False)
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=photos.MOST)


class StepInputSerializer(serializers.Serializer[Any]):
    """What the steps take; which ones a step needs is listed in `steps` of the request."""

    text = serializers.CharField(required=False, help_text="add, contact, resolve, rate")
    reason = serializers.CharField(required=False, help_text="decline, withdraw")
    track = serializers.ChoiceField(choices=Track.choices, required=False, help_text="accept")
    how = serializers.ChoiceField(choices=ContactBy.choices, required=False, help_text="contact")
    responsible = serializers.IntegerField(required=False, help_text="handle")
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False, help_text="resolve")
    satisfied = serializers.IntegerField(required=False, min_value=1, max_value=5, help_text="rate")
    contacted = serializers.BooleanField(required=False, help_text="rate")
    solved = serializers.BooleanField(required=False, help_text="rate")
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=photos.MOST)


class PlaceSerializer(serializers.Serializer[placing.Choice]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    where = serializers.CharField()


# Filters


class RequestFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=State.choices)
    track = django_filters.MultipleChoiceFilter(choices=Track.choices)
    category = django_filters.CharFilter(field_name="category__code")
    own = django_filters.BooleanFilter(method="by_owner", label="只看自己提出的")
    is_open = django_filters.BooleanFilter(method="by_openness", label="还在办的")
    is_overdue = django_filters.BooleanFilter(method="by_due", label="已超时的")

    class Meta:
        model = ServiceRequest
        fields = ["state", "track", "category"]

    def by_owner(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(submitter=self.request.user) if value else rows

    def by_openness(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(state__in=OPEN) if value else rows.exclude(state__in=OPEN)

    def by_due(self, rows: Any, name: str, value: bool) -> Any:
        return rows.overdue() if value else rows.exclude(state__in=OPEN, due__lt=clock.now())


# Views


class RequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ServiceRequest]):
    """Requests in sight: one's own, and those that one's posts have in sight. Others are 404."""

    lookup_field = "number"
    lookup_value_regex = "[A-Za-z0-9-]+"
    filterset_class = RequestFilter
    queryset = ServiceRequest.objects.none()

    def get_queryset(self) -> QuerySet[ServiceRequest]:
        return ServiceRequest.objects.whole().visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return RequestSerializer if self.action == "list" else RequestDetailSerializer

    @extend_schema(request=AskSerializer, responses={201: FiledSerializer, 200: FiledSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """点单. The same `key` again gives the first request back (200)."""
        given = _mapping(request)
        form = AskForm(_ask_data(given), viewer=request.user)
        _checked(form)
        prepared = photos.prepare(request.FILES.getlist("photos"))
        arguments = form.submission()
        known = arguments["key"] and first_with_key(self._user, arguments["key"])
        filed = workflow.submit(by=self._user, photos=prepared.pictures, **arguments)
        code = status.HTTP_200_OK if known else status.HTTP_201_CREATED
        return Response(self._detail(filed, prepared.troubles), status=code)

    @extend_schema(request=StepInputSerializer, responses={200: FiledSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="steps/(?P<step>[a-z_]+)")
    def take(self, request: Request, number: str, step: str) -> Response:
        """Take a step. 400 what is filled in wrongly, 403 no power, 409 the rule's sentence."""
        service_request = self.get_object()
        if step not in FORMS:
            raise Http404
        form = FORMS[step](_plain(_mapping(request)), service_request=service_request, viewer=request.user)
        _checked(form)
        taken = workflow.take_step(
            step,
            service_request,
            by=self._user,
            cleaned_data=form.cleaned_data,
            files=request.FILES.getlist("photos"),
        )
        return Response(self._detail(service_request, taken.troubles))

    @extend_schema(
        parameters=[OpenApiParameter("q", str, description="小区、楼栋或社区名；空着给最近用过的")],
        responses=PlaceSerializer(many=True),
    )
    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def places(self, request: Request) -> Response:
        """Places to choose from when asking."""
        sought = request.query_params.get("q", "")
        choices = placing.search(sought) if sought.strip() else placing.recent(request.user)
        return Response(PlaceSerializer(choices, many=True).data)  # type: ignore[arg-type]

    @extend_schema(
        parameters=[OpenApiParameter("size", str, enum=["small"])],
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], url_path="photos/(?P<photo>[0-9a-f-]{36})")
    def photo(self, request: Request, number: str, photo: str) -> FileResponse:
        """A picture of a request in sight."""
        return views.photo_response(request.user, number, _uuid(photo), request.query_params.get("size", ""))

    @property
    def _user(self) -> Any:
        """The account behind the call; visitors are refused before."""
        return self.request.user

    def _detail(self, service_request: ServiceRequest, troubles: list[str]) -> dict[str, Any]:
        row = ServiceRequest.objects.whole().get(pk=service_request.pk)
        shown = RequestDetailSerializer(row, context=self.get_serializer_context())
        return {**shown.data, "troubles": troubles}


class CategoryViewSet(ReadOnlyModelViewSet[Category]):
    """What can be asked for."""

    queryset = Category.objects.filter(is_open=True)
    serializer_class = CategorySerializer
    lookup_field = "code"
    pagination_class = None
    filterset_class = None


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("requests", RequestViewSet, "request")
    router.register("categories", CategoryViewSet, "category")


# Between JSON and the forms


def _mapping(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise ValidationError({"detail": ["请发送一个 JSON 对象。"]})
    return request.data


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Single values, as forms read them; files are taken apart from the rest."""
    return {name: given.get(name) for name in given if name != "photos"}


def _ask_data(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"building_token": "b", "key": "client_key"}
    return {names.get(name, name): value for name, value in _plain(given).items()}


def _checked(form: Any) -> None:
    if not form.is_valid():
        raise ValidationError(form.errors)


def _uuid(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise Http404 from None


def _api_links(photo: dict[str, str]) -> dict[str, str]:
    return {name: photo[name].replace("/requests/", "/api/v1/requests/", 1) for name in ("url", "thumb")}


def _open_step(step: Any, service_request: ServiceRequest, user: Any) -> dict[str, Any]:
    shape = FORMS.get(step.name)
    form = shape(service_request=service_request, viewer=user) if shape else None
    return {
        "name": step.name,
        "label": step.label,
        "takes_photos": bool(form and form.takes_photos),
        "fields": _fields(form) if form else [],
    }


def _fields(form: StepForm) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": field.label,
            "required": field.required,
            "choices": [[str(value), str(label)] for value, label in getattr(field, "choices", [])],
        }
        for name, field in form.fields.items()
    ]

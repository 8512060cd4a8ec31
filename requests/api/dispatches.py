"""Dispatches over the API: what was handed to us, what we handed out, and the steps of both sides (RULES 3)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from grids.scope import covers
from ground import clock
from ground.answers import REFUSALS
from ground.errors import NoPower
from organizations.posts import Power
from organizations.scope import NOTHING, scope_of
from requests import dispatching, powers
from requests.api import answers
from requests.figures.units import MARKS
from requests.forms import DISPATCH_FORMS
from requests.models import Dispatch
from requests.readers import READ_AFTERWARDS, reads_dispatch
from requests.states import LIVE, SEEING, DispatchState
from requests.tables import DISPATCHES

# Shapes


class DispatchSerializer(serializers.ModelSerializer[Dispatch]):
    """One dispatch. For a unit that has given it back, sight of the request has ended: title, place and text are
    empty."""

    number = serializers.CharField(source="service_request.number", read_only=True)
    title = serializers.SerializerMethodField()
    place = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    track = serializers.CharField(source="service_request.track", read_only=True)
    unit = serializers.IntegerField(source="unit_id", read_only=True, allow_null=True)
    organization = serializers.IntegerField(source="organization_id", read_only=True, allow_null=True)
    recipient = serializers.CharField(read_only=True)
    handler = serializers.CharField(source="service_request.handler.short_name", read_only=True)
    grade_label = serializers.CharField(source="get_grade_display", read_only=True)
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    is_overdue = serializers.SerializerMethodField()

    class Meta:
        model = Dispatch
        fields = [
            *["id", "number", "title", "place", "track", "unit", "organization", "recipient", "handler"],
            *["is_lead", "grade", "grade_label", "text", "state", "state_label", "rejections", "is_overdue"],
            *["sent_at", "signed_at", "contacted_at", "arrived_at", "answered_at", "ended_at"],
            *["sign_due", "give_back_until", "contact_due", "arrive_due", "answer_due", "due"],
            *["timely", "effective", "attitude"],
        ]
        read_only_fields = fields

    def get_title(self, row: Dispatch) -> str:
        return row.service_request.title if sees_request(self.context["request"].user, row) else ""

    def get_place(self, row: Dispatch) -> str:
        return row.service_request.place if sees_request(self.context["request"].user, row) else ""

    def get_text(self, row: Dispatch) -> str:
        user = self.context["request"].user
        return row.text if sees_request(user, row) and reads_dispatch(row, user) else ""

    def to_representation(self, row: Dispatch) -> dict[str, Any]:
        shown = super().to_representation(row)
        if not reads_dispatch(row, self.context["request"].user):
            shown |= dict.fromkeys(MARKS)
        return shown

    def get_is_overdue(self, row: Dispatch) -> bool:
        return row.is_overdue_at(clock.now())


def sees_request(user: Any, dispatch: Dispatch) -> bool:
    """By place, or for as long as the dispatch has not been given back or taken back. No query for a list."""
    if dispatch.state in SEEING and powers.answers(user, dispatch):
        return True
    return any(
        covers(user, power, dispatch.service_request) for power in (Power.REQUESTS_SEE, Power.REQUESTS_MASKED)
    )


class PictureSerializer(serializers.Serializer[dict[str, str]]):
    url = serializers.CharField()
    thumb = serializers.CharField()


class DispatchEntrySerializer(serializers.Serializer[dict[str, Any]]):
    """One line of its history."""

    step = serializers.CharField()
    title = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    text = serializers.CharField()
    photos = PictureSerializer(many=True)


class DispatchDetailSerializer(DispatchSerializer):
    matter = serializers.SerializerMethodField(help_text="点单的内容；退回、收回后为空")
    timeline = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    not_yet = serializers.SerializerMethodField()

    class Meta(DispatchSerializer.Meta):
        fields = [*DispatchSerializer.Meta.fields, "matter", "timeline", "steps", "not_yet"]
        read_only_fields = fields

    def get_matter(self, row: Dispatch) -> str:
        return row.service_request.text if sees_request(self.context["request"].user, row) else ""

    @extend_schema_field(DispatchEntrySerializer(many=True))
    def get_timeline(self, row: Dispatch) -> Any:
        events = row.events.select_related("by", "note").prefetch_related("photos").order_by("-at", "-id")
        user = self.context["request"].user
        reads, sees = reads_dispatch(row, user), sees_request(user, row)
        entries: Any = [_entry(event, row, reads=reads, sees=reads and sees) for event in events]
        return DispatchEntrySerializer(entries, many=True).data

    @extend_schema_field(answers.OpenStepSerializer(many=True))
    def get_steps(self, row: Dispatch) -> Any:
        return self._offered[0]

    @extend_schema_field(answers.RefusedStepSerializer(many=True))
    def get_not_yet(self, row: Dispatch) -> Any:
        return answers.RefusedStepSerializer(self._offered[1], many=True).data

    @cached_property
    def _offered(self) -> Any:
        row, user = self.instance, self.context["request"].user
        return answers.open_and_refused(DISPATCHES, DISPATCH_FORMS, user, row, dispatch=row)


def _entry(event: Any, dispatch: Dispatch, *, reads: bool, sees: bool) -> dict[str, Any]:
    """Out of sight, what the handler said about the matter is not read any more, and photos are not served."""
    is_read = sees or (reads and event.step in READ_AFTERWARDS)
    said = getattr(event, "note", None) if is_read else None
    number, photos = dispatch.service_request.number, event.photos.all() if sees else ()
    urls = [reverse("v1:request-photo", args=[number, photo.pk]) for photo in photos]
    return {
        "step": event.step,
        "title": DISPATCHES.steps[event.step].done,
        "at": event.at,
        "by": str(event.by) if event.by_id else "系统",
        "text": str(said) if said else "",
        "photos": [{"url": url, "thumb": f"{url}?size=small"} for url in urls],
    }


class TakenDispatchSerializer(DispatchDetailSerializer):
    """`troubles` names every photo that could not be read; the step is taken all the same."""

    troubles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(DispatchDetailSerializer.Meta):
        fields = [*DispatchDetailSerializer.Meta.fields, "troubles"]
        read_only_fields = fields


# Filters


class DispatchFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=DispatchState.choices)
    number = django_filters.CharFilter(field_name="service_request__number", label="点单编号")
    unit = django_filters.NumberFilter(field_name="unit_id", max_value=2**31)
    sent_to_me = django_filters.BooleanFilter(method="by_recipient", label="派给我们的")
    sent_by_us = django_filters.BooleanFilter(method="by_sender", label="我们派出的")
    is_open = django_filters.BooleanFilter(method="by_openness", label="还没了结的")
    is_overdue = django_filters.BooleanFilter(method="by_due", label="已超时的")

    class Meta:
        model = Dispatch
        fields = ["state", "number", "unit"]

    def by_recipient(self, rows: Any, name: str, value: bool) -> Any:
        sent = Dispatch.objects.sent_to(self.request.user).order_by().values("pk")
        return rows.filter(pk__in=sent) if value else rows.exclude(pk__in=sent)

    def by_sender(self, rows: Any, name: str, value: bool) -> Any:
        """Whoever handles the request now: when it went up, its dispatches followed."""
        seats = scope_of(self.request.user).seats(Power.DISPATCH)
        ours = Q(service_request__handler__in=seats) if seats else NOTHING
        return rows.filter(ours) if value else rows.exclude(ours)

    def by_openness(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(state__in=LIVE) if value else rows.exclude(state__in=LIVE)

    def by_due(self, rows: Any, name: str, value: bool) -> Any:
        late = Q(state__in=LIVE, due__isnull=False, due__lt=clock.now())
        return rows.filter(late) if value else rows.exclude(late)


# Views


class DispatchViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Dispatch]):
    """派单: of requests in sight of one's posts by place, and those handed to one's unit. Others are 404."""

    lookup_value_regex = "[0-9]{1,18}"
    filterset_class = DispatchFilter
    queryset = Dispatch.objects.none()

    def get_queryset(self) -> QuerySet[Dispatch]:
        return Dispatch.objects.whole().visible_to(self.request.user)

    def paginate_queryset(self, rows: Any) -> Any:
        """First which rows, then what is shown of them."""
        keys: Any = super().paginate_queryset(rows.values_list("pk", flat=True))
        found = Dispatch.objects.whole().order_by().in_bulk(keys)
        return [found[key] for key in keys if key in found]

    def get_serializer_class(self) -> Any:
        return DispatchSerializer if self.action == "list" else DispatchDetailSerializer

    @extend_schema(
        methods=["GET"],
        responses=answers.OpenStepSerializer,
        description="要填什么，可以选什么；没有权限 403。",
    )
    @extend_schema(
        methods=["POST"],
        request=answers.DispatchStepInputSerializer,
        responses={200: TakenDispatchSerializer, **REFUSALS},
        description="办这一步：填错 400，没有权限 403，规则不允许 409 并附原句。",
    )
    @action(detail=True, methods=["get", "post"], url_path="steps/(?P<step>[a-z_]+)")
    def take(self, request: Request, pk: str, step: str) -> Response:
        """What a step needs (GET), or take it."""
        dispatch = self.get_object()
        if step not in DISPATCH_FORMS:
            raise Http404
        if request.method == "GET":
            return Response(self._form_of(dispatch, step))
        form = DISPATCH_FORMS[step](
            answers.plain(answers.mapping(request)), dispatch=dispatch, viewer=request.user
        )
        answers.checked(form)
        taken = dispatching.take_step(
            step,
            dispatch,
            by=request.user,
            cleaned_data=form.cleaned_data,
            files=request.FILES.getlist("photos"),
        )
        row = Dispatch.objects.whole().get(pk=dispatch.pk)
        shown = DispatchDetailSerializer(row, context=self.get_serializer_context())
        return Response({**shown.data, "troubles": taken.troubles})

    def _form_of(self, dispatch: Dispatch, name: str) -> dict[str, Any]:
        step, user = DISPATCHES.steps[name], self.request.user
        if not step.power(user, dispatch):
            raise NoPower()
        return answers.described(step, DISPATCH_FORMS[name](dispatch=dispatch, viewer=user), in_full=True)

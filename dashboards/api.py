"""看板 over the API: nodes in sight, the figures of one of them in a period, and one's own saved views.

Numbers are numbers (rates between 0 and 1, null where there is nothing to count), times are seconds, days ISO dates.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.viewsets import GenericViewSet

from dashboards import saving
from dashboards.areas import area_of, nodes_in_sight, sees_city
from dashboards.measures import TIMES
from dashboards.models import SavedView
from dashboards.page.gathering import Gathered, gather
from dashboards.page.numbers import RATES, Numbers
from dashboards.page.surroundings import Line, Surroundings, around
from dashboards.periods import ANY, CHOICES, Window, window_of
from ground.answers import REFUSALS
from organizations.models import Organization

# Shapes


class NodeSerializer(serializers.ModelSerializer[Organization]):
    """A node whose totals are in sight; `tier`: 1 区（县）, 2 街道（镇）, 3 社区（村）, 4 网格党支部 …"""

    tier = serializers.IntegerField(read_only=True)

    class Meta:
        model = Organization
        fields = ["id", "name", "short_name", "tier", "parent", "code"]
        read_only_fields = fields


class SpanSerializer(serializers.Serializer[Any]):
    """Days, both ends included."""

    key = serializers.CharField(help_text=f"{'、'.join(CHOICES)} 或 {ANY}")
    label = serializers.CharField()  # type: ignore[assignment]
    first = serializers.DateField()
    last = serializers.DateField()


class TimesSerializer(serializers.Serializer[Any]):
    """Seconds of the wall clock; null where nothing was measured."""

    median = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)


class CountsSerializer(serializers.Serializer[Any]):
    """`measures`: what happened in the period; `standing`: how it stands as of the last round.

    A name with a dot is a part: `category.7` (类别编号), `state.closed`, `open.state.submitted`. Missing means 0.
    """

    measures = serializers.DictField(child=serializers.IntegerField())
    standing = serializers.DictField(child=serializers.IntegerField())
    oldest_due = serializers.DateTimeField(allow_null=True, help_text="最久的超时件原定的期限")
    rates = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text=f"0 到 1：{'、'.join(RATES)}；没有可算的为空"
    )
    times = serializers.DictField(child=TimesSerializer(), help_text=f"秒：{'、'.join(TIMES)}")


class ChildSerializer(CountsSerializer):
    """A node right below, or a grid of the second tier (`grid`; `node` is then its branch)."""

    name = serializers.CharField()
    node = serializers.IntegerField(allow_null=True)
    grid = serializers.IntegerField(allow_null=True)
    is_in_sight = serializers.BooleanField(help_text="它自己的看板打不打得开")


class StepSerializer(serializers.Serializer[Any]):
    """A day, a week or a month of the period, up to today."""

    label = serializers.CharField()  # type: ignore[assignment]
    first = serializers.DateField()
    last = serializers.DateField()
    submitted = serializers.IntegerField()
    own = serializers.IntegerField()
    resolved = serializers.IntegerField(help_text="其中已办结的，按现在")


class FiguresSerializer(CountsSerializer):
    """Everything that the page counts. `rest`: what lies in none of the children, null where there is nothing."""

    id = serializers.CharField(help_text="党组织的编号，或 city")  # noqa: A003 - as the API calls it
    name = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True, help_text="汇总截至；为空是还没有汇总过")
    period = SpanSerializer()
    before = SpanSerializer(help_text="和哪一段比")
    rates_before = serializers.DictField(child=serializers.FloatField(allow_null=True))
    children = ChildSerializer(many=True)
    rest = CountsSerializer(allow_null=True)
    trend = StepSerializer(many=True)


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    """`query` is the part of the page's address after the question mark; only period and figure of it are kept.

    `node` null is the city. `gone` says why the view cannot be opened now, "" where it can. `sent_on` is the Monday
    up to which nothing is to be sent any more.
    """

    gone = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="看板页的地址")

    class Meta:
        model = SavedView
        fields = ["id", "name", "node", "query", "has_digest", "sent_on", "gone", "url"]
        read_only_fields = ["sent_on"]

    node = serializers.IntegerField(source="organization_id", allow_null=True, read_only=True)

    def get_gone(self, row: SavedView) -> str:
        lines = self.context["lines"]
        return lines[row.pk].gone if row.pk in lines else ""

    def get_url(self, row: SavedView) -> str:
        return saving.address_of(row)


class SaveInput(serializers.Serializer[Any]):
    node = serializers.IntegerField(allow_null=True, min_value=1, max_value=2**62, help_text="空是全市")
    query = serializers.CharField(max_length=1000, allow_blank=True, default="")
    name = serializers.CharField(max_length=100, allow_blank=True)


class ChangeInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    has_digest = serializers.BooleanField(required=False, help_text="每周一发到消息")


# Views

PERIOD = [
    OpenApiParameter(
        "period", str, description=f"{'、'.join(CHOICES)}，或 {ANY}（再给 from 和 to）；不给是本月"
    ),
    OpenApiParameter("from", OpenApiTypes.DATE, description="起，含这一天"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="止，含这一天"),
]
NODE = [OpenApiParameter("id", str, OpenApiParameter.PATH, description="党组织的编号，或 city")]


class DashboardViewSet(mixins.ListModelMixin, GenericViewSet[Organization]):
    """The nodes in sight, and the figures of each. Outside is 404."""

    queryset = Organization.objects.none()
    serializer_class = NodeSerializer
    lookup_value_regex = "[0-9]{1,18}|city"
    filterset_fields = ["tier", "parent"]

    def get_queryset(self) -> QuerySet[Organization]:
        return nodes_in_sight(self.request.user).order_by("tree_id", "lft")

    @extend_schema(parameters=[*NODE, *PERIOD], responses=FiguresSerializer, filters=False)
    def retrieve(self, request: Request, pk: str) -> Response:
        """The figures of one node (or `city`) in a period, with its children, its course and how it stands."""
        user: Any = request.user
        node = None if pk == "city" else get_object_or_404(nodes_in_sight(user), pk=int(pk))
        if node is None and not sees_city(user):
            raise Http404
        shown = _window(request)
        place = around(user, area_of(node))
        return Response(FiguresSerializer(_told(node, place, gather(place, shown))).data)


def _window(request: Request) -> Window:
    """The period that was asked for; one that cannot be read is refused, not replaced."""
    key = request.query_params.get("period", "")
    if key and key not in CHOICES and key != ANY:
        raise ValidationError({"period": [f"只有这些时段：{'、'.join(CHOICES)}、{ANY}。"]})
    shown = window_of(request.query_params)
    if shown.refusal and shown.key != ANY:
        raise ValidationError({"period": [shown.refusal.partition("；")[0] + "。"]})
    return shown


class SavedViewViewSet(GenericViewSet[SavedView]):
    """常看: one's own only, twenty at most."""

    queryset = SavedView.objects.none()
    serializer_class = SavedViewSerializer
    lookup_value_regex = "[0-9]{1,18}"
    pagination_class = None
    filter_backends: tuple[Any, ...] = ()

    def get_queryset(self) -> QuerySet[SavedView]:
        return SavedView.objects.filter(user=self.request.user.pk)

    @extend_schema(responses=SavedViewSerializer(many=True))
    def list(self, request: Request) -> Response:  # noqa: A003 - as DRF calls it
        """All of them, also those that cannot be opened any more."""
        lines = {line.view.pk: line for line in saving.lines_of(request.user)}
        rows = [line.view for line in lines.values()]
        return Response(SavedViewSerializer(rows, many=True, context={"lines": lines}).data)

    @extend_schema(responses=SavedViewSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._shown(self.get_object())

    @extend_schema(request=SaveInput, responses={201: SavedViewSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Keep a dashboard in sight under a name. The same once more is the first one."""
        given = SaveInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked, user = dict(given.validated_data), request.user
        pk = asked.pop("node")
        if pk is None and not sees_city(user):
            raise Http404
        node = None if pk is None else get_object_or_404(nodes_in_sight(user), pk=pk)
        return self._shown(saving.save(by=user, node=node, **asked), status.HTTP_201_CREATED)

    @extend_schema(request=ChangeInput, responses={200: SavedViewSerializer, **REFUSALS})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another name; every Monday into the inbox, or not any more. A view that is gone can only be removed."""
        given = ChangeInput(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        view = get_object_or_404(saving.in_sight(request.user), pk=pk)
        if "name" in given.validated_data:
            saving.rename(view, by=request.user, name=given.validated_data["name"])
        if "has_digest" in given.validated_data:
            saving.send_weekly(view, wanted=given.validated_data["has_digest"])
        return self._shown(view)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, view: SavedView, code: int = status.HTTP_200_OK) -> Response:
        lines = {line.view.pk: line for line in saving.lines_of(self.request.user)}
        return Response(SavedViewSerializer(view, context={"lines": lines}).data, status=code)


# Figures as they are told


def _told(node: Organization | None, place: Surroundings, found: Gathered) -> dict[str, Any]:
    return {
        "id": "city" if node is None else str(node.pk),
        "name": "全市" if node is None else node.short_name or node.name,
        "as_of": place.as_of,
        "period": _span(found.window),
        "before": _span(found.past_window),
        **counts_of(found.here),
        "rates_before": _rates(found.past),
        "children": [_child(line, numbers) for line, numbers in found.lines],
        "rest": None if found.rest is None else counts_of(found.rest),
        "trend": [_step(label, numbers) for label, numbers in found.trend],
    }


def _span(window: Window) -> dict[str, Any]:
    return {"key": window.key, "label": window.label, "first": window.first, "last": window.last}


def counts_of(numbers: Numbers) -> dict[str, Any]:
    """What one place says, in plain names and numbers; bins of histograms are told as times."""
    due = numbers.standing["oldest_due"]
    return {
        "measures": {name: n for name, n in sorted(numbers.happened.items()) if n and "~" not in name},
        "standing": {name: n for name, n in sorted(numbers.standing.items()) if n and name != "oldest_due"},
        "oldest_due": datetime.fromtimestamp(due, UTC) if due else None,
        "rates": _rates(numbers),
        "times": {
            name: {"median": numbers.time(name).value, "p90": numbers.time(name, "p90").value}
            for name in TIMES
        },
    }


def _rates(numbers: Numbers) -> dict[str, float | None]:
    return {name: numbers.rate(name).value for name in RATES}


def _child(line: Line, numbers: Numbers) -> dict[str, Any]:
    about = {"name": line.name, "node": line.node_id, "grid": line.grid_id, "is_in_sight": line.is_open}
    return about | counts_of(numbers)


def _step(label: str, numbers: Numbers) -> dict[str, Any]:
    counted = {name: numbers.happened[name] for name in ("submitted", "own", "resolved")}
    return {"label": label, "first": numbers.window.first, "last": numbers.window.last, **counted}


def register(router: BaseRouter) -> None:
    """Called by governance.api. What is more special comes first."""
    router.register("dashboards/views", SavedViewViewSet, "dashboard-view")
    router.register("dashboards", DashboardViewSet, "dashboard")

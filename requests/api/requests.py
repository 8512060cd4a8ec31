"""The calls about requests: list, one of them, file one, take a step, find a place, fetch a photo."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from ground.errors import NoPower
from ground.kept import A_KEY, Kept, some_keys
from requests import beside, photos, placing, timeline, views, workflow
from requests.api import answers
from requests.api.filters import RequestFilter
from requests.api.shapes import (
    LISTED,
    AskSerializer,
    FiledSerializer,
    PlaceSerializer,
    RequestDetailSerializer,
    RequestSerializer,
    TakenSerializer,
)
from requests.asking import AskForm, may_ask_for_others
from requests.forms import FORMS
from requests.models import ServiceRequest, asked_by
from requests.states import Grade
from requests.tables import REQUESTS


class RequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ServiceRequest]):
    """Requests in sight: one's own, and those that one's posts have in sight. Others are 404."""

    lookup_field = "number"
    lookup_value_regex = "[A-Za-z0-9-]+"
    filterset_class = RequestFilter
    queryset = ServiceRequest.objects.none()

    def get_queryset(self) -> QuerySet[ServiceRequest]:
        """For the list: whoever asked finds the parts of his own in the whole."""
        user = self.request.user
        # Most of the staff have none: what their posts see is counted by an index, which an "or" would spoil.
        if not _ANY_OF_HIS_OWN(user=user.pk):
            return ServiceRequest.objects.in_sight_of_staff(user)
        return ServiceRequest.objects.visible_to(user).exclude(asked_by(user.pk), whole__isnull=False)

    def filter_queryset(self, rows: Any) -> Any:
        """Where the address says no more than which page, there is nothing to filter by, and no form is built."""
        words = set(self.request.query_params) - {"limit", "offset"}
        return super().filter_queryset(rows) if words else rows

    def paginate_queryset(self, rows: Any) -> Any:
        """First which rows, then what is shown of them: what is sorted are keys, not rows with all they join."""
        keys: Any = super().paginate_queryset(rows.values_list("pk", flat=True))
        some = [keys[begin : begin + AT_ONCE] for begin in range(0, len(keys), AT_ONCE)]
        found = {row.pk: row for each in some for row in _TO_LIST(keys=each)}
        return [found[key] for key in keys if key in found]

    def get_object(self) -> ServiceRequest:
        rows = _TO_SHOW if self.action == "retrieve" else _TO_WORK_ON
        found = rows.first(number=self.kwargs[self.lookup_field])
        if found is None or not found.is_visible_to(self.request.user):
            raise Http404
        return _known(found)

    def get_serializer_class(self) -> Any:
        return RequestSerializer if self.action == "list" else RequestDetailSerializer

    @extend_schema(request=AskSerializer, responses={201: FiledSerializer, 200: FiledSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """点单. The same `key` again gives the first request back (200)."""
        given = answers.mapping(request)
        form = AskForm(_ask_data(given), viewer=request.user)
        answers.checked(form)
        arguments = {**form.submission(), **self._without_phone(given)}
        prepared = photos.prepare(request.FILES.getlist("photos"))
        filed = workflow.submit(by=self._user, photos=prepared.pictures, **arguments)
        code = status.HTTP_200_OK if filed.was_filed_before else status.HTTP_201_CREATED
        shown = (
            self._detail(filed, prepared.troubles)
            if filed.was_filed_before
            else self._shown(_just_filed(filed, bool(prepared.pictures)), prepared.troubles)
        )
        return Response({**shown, "query_code": self._code_of(filed)}, status=code)

    def _without_phone(self, given: Any) -> dict[str, str]:
        name = " ".join(str(given.get("without_phone") or "").split())
        if name and not may_ask_for_others(self.request.user):
            raise ValidationError({"without_phone": ["替别人点单要有岗位，并用密码和验证码登录。"]})
        if len(name) > 40:
            raise ValidationError({"without_phone": ["姓名最多 40 字。"]})
        return {"without_phone": name} if name else {}

    def _code_of(self, filed: ServiceRequest) -> str:
        """Whoever filed it hands the code on; nobody else reads it over the API."""
        is_filer = filed.query_code and filed.events.filter(step="submit", by=self._user).exists()
        return filed.query_code if is_filer else ""

    @extend_schema(
        methods=["GET"],
        parameters=[OpenApiParameter("q", str, description="dispatch：查找单位或党组织；空着给最近派过的")],
        responses=answers.OpenStepSerializer,
        description="要填什么，可以选什么；没有权限 403。",
    )
    @extend_schema(
        methods=["POST"],
        request=answers.StepInputSerializer,
        responses={200: TakenSerializer, **REFUSALS},
        description="办这一步：填错 400，没有权限 403，规则不允许 409 并附原句。",
    )
    @action(detail=True, methods=["get", "post"], url_path="steps/(?P<step>[a-z_]+)")
    def take(self, request: Request, number: str, step: str) -> Response:
        """What a step needs (GET), or take it."""
        service_request = self.get_object()
        if step not in FORMS:
            raise Http404
        if request.method == "GET":
            return Response(self._form_of(service_request, step))
        given = answers.plain(answers.mapping(request))
        form = FORMS[step](given, service_request=service_request, viewer=request.user)
        answers.checked(form)
        taken = workflow.take_step(
            step,
            service_request,
            by=self._user,
            cleaned_data={**form.cleaned_data, **_asked_beyond_the_form(step, form, given)},
            files=request.FILES.getlist("photos"),
        )
        return Response(self._shown(_known(beside.looked_at_again(service_request)), taken.troubles))

    def _form_of(self, service_request: ServiceRequest, name: str) -> dict[str, Any]:
        step, user = REQUESTS.steps[name], self.request.user
        if not step.power(user, service_request):
            raise NoPower()
        form = FORMS[name](service_request=service_request, viewer=user)
        words = self.request.query_params.get("q", "")
        return answers.described(step, form, in_full=True, words=words)

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
        size = request.query_params.get("size", "")
        return views.photo_response(request.user, number, answers.uuid_of(photo), size)

    @property
    def _user(self) -> Any:
        """The account behind the call; visitors are refused before."""
        return self.request.user

    def _detail(self, service_request: ServiceRequest, troubles: list[str]) -> dict[str, Any]:
        row = _TO_SHOW.first(number=service_request.number)
        assert row is not None  # noqa: S101 - it was filed a moment ago, and nobody deletes requests
        return self._shown(_known(row), troubles)

    def _shown(self, row: ServiceRequest, troubles: list[str]) -> dict[str, Any]:
        shown = RequestDetailSerializer(row, context=self.get_serializer_context())
        return {**shown.data, "troubles": troubles}


_ANY_OF_HIS_OWN = Kept(
    lambda user: ServiceRequest.objects.filter(asked_by(user)).order_by().only("pk")[:1], user=A_KEY
)


#: Rows of a list that are read at once.
AT_ONCE = 50
_TO_LIST = Kept(
    lambda keys: ServiceRequest.objects.filter(pk__in=keys).whole().only(*LISTED).order_by(),
    keys=some_keys(AT_ONCE),
)


def _numbered(number: str) -> QuerySet[ServiceRequest]:
    """With what one request on its own shows of what it points at, but for what few point at (supervision)."""
    rows = ServiceRequest.objects.filter(number=number).order_by().whole().select_related("district")
    return rows.defer("submitter__phone", "responsible__phone", "grid__boundary")


#: To be shown: with word of what else there is to read. To be worked on: that is asked for afterwards.
_TO_SHOW = Kept(lambda number: beside.with_what_hangs(_numbered(number)), number="a number")
_TO_WORK_ON = Kept(_numbered, number="a number")


def _just_filed(row: ServiceRequest, has_photos: bool) -> ServiceRequest:
    """Everything about it is at hand: its place, who filed it, and that nothing else has happened to it yet."""
    timeline.remember_first(row)
    return _known(beside.nothing_hangs(row, but=["photos"] if has_photos else []))


def _known(row: ServiceRequest) -> ServiceRequest:
    """What guards and holds are asked of is read once, if there is any; the answers do not change meanwhile."""
    parts = Prefetch("parts", ServiceRequest.objects.only("whole").order_by("pk"))
    there = [
        each for name, each in (("holds", "holds"), ("parts", parts)) if getattr(row, f"has_{name}", False)
    ]
    prefetch_related_objects([row], *there)
    beside.remember_none(row, "holds", "parts", "dispatches")
    return row


def _ask_data(given: Any) -> dict[str, Any]:
    names = {"building_token": "b", "key": "client_key"}
    return {names.get(name, name): value for name, value in answers.plain(given).items()}


def _asked_beyond_the_form(step: str, form: Any, given: dict[str, Any]) -> dict[str, Any]:
    """A grade that the form does not offer here is refused by the rule's sentence, not dropped in silence."""
    asks_hard = step == "dispatch" and given.get("grade") == Grade.HARD and "grade" not in form.fields
    return {"grade": Grade.HARD} if asks_hard else {}

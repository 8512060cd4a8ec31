"""Leaderboards, what stood there at the end of a day, and the stars of a month."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from ground.answers import REFUSALS
from organizations import policies
from organizations.models.policies import Boards
from volunteers import leaderboards
from volunteers.api.answers import valid
from volunteers.leaderboards import listing, sight
from volunteers.models import BoardRow, BoardSnapshot, Star, Volunteer
from volunteers.presenting.boards import CITY_SLUGS
from volunteers.states import Period
from volunteers.views.answering import volunteer_or_404
from volunteers.views.boards import Asked

# Shapes


class RankSerializer(serializers.ModelSerializer[BoardRow]):
    """One place; of `volunteer`, `unit_id` and `community` one is filled in, as the board's kind says."""

    name = serializers.SerializerMethodField()
    unit = serializers.SerializerMethodField(help_text="党员所在单位的名称")
    move = serializers.SerializerMethodField(help_text="比上次结榜上升几名；新上榜为空")

    class Meta:
        model = BoardRow
        fields = [
            *[
                "rank",
                "move",
                "volunteer",
                "unit_id",
                "community",
                "name",
                "unit",
                "score",
                "minutes",
                "times",
            ],
            *["mean_rating", "likes", "members"],
        ]
        read_only_fields = fields

    def get_name(self, row: BoardRow) -> str:
        return str(row.volunteer or row.unit or row.community)

    def get_unit(self, row: BoardRow) -> str:
        return str(row.volunteer.unit or "") if row.volunteer else ""

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_move(self, row: BoardRow) -> int | None:
        move = leaderboards.movement(row)
        is_hidden = move is not None and move < 0 and self.context.get("boards") == Boards.POSITIVE
        return None if is_hidden else move


class KeptRowSerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    name = serializers.CharField()
    id = serializers.IntegerField(help_text="党员、单位或社区的编号")
    score = serializers.CharField()
    minutes = serializers.IntegerField()
    times = serializers.IntegerField()


class SnapshotSerializer(serializers.ModelSerializer[BoardSnapshot]):
    rows = serializers.SerializerMethodField()

    class Meta:
        model = BoardSnapshot
        fields = ["day", "size", "rows"]
        read_only_fields = fields

    @extend_schema_field(KeptRowSerializer(many=True))
    def get_rows(self, snapshot: BoardSnapshot) -> list[dict[str, Any]]:
        return self.context["kept"][snapshot.pk]


class StarSerializer(serializers.ModelSerializer[Star]):
    name = serializers.CharField(source="volunteer.__str__", read_only=True)
    place = serializers.CharField(source="organization.short_name", read_only=True)

    class Meta:
        model = Star
        fields = ["organization", "place", "month", "rank", "volunteer", "name", "score", "minutes", "times"]
        read_only_fields = fields


class ListingSerializer(serializers.Serializer[Any]):
    """Whether one is named on boards oneself. The score is counted either way."""

    is_listed = serializers.BooleanField(help_text="榜上列不列自己的名字")
    may_leave = serializers.BooleanField(help_text="本区的排行榜可不可以单独不上榜")


class ListInput(serializers.Serializer[Any]):
    is_listed = serializers.BooleanField(help_text="true 上榜，false 不上榜")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """A form that says nothing is no wish to leave."""
        if "is_listed" not in self.initial_data:
            raise serializers.ValidationError({"is_listed": "请写明上榜还是不上榜。"})
        return given


# Views

_BOARD = [
    OpenApiParameter(
        "id",
        OpenApiTypes.STR,
        OpenApiParameter.PATH,
        description=f"区或社区的编号，或 {'、'.join(CITY_SLUGS)}",
    ),
    OpenApiParameter("period", str, enum=Period.values, default=Period.MONTH.value),
    OpenApiParameter("on", OpenApiTypes.DATE, description="那一天所在的月、季、年；默认今天"),
]


class LeaderboardViewSet(GenericViewSet[BoardRow]):
    """The boards of a district, of a community and of the city, as last computed."""

    queryset = BoardRow.objects.none()
    serializer_class = RankSerializer
    lookup_value_regex = "[0-9]{1,15}|" + "|".join(CITY_SLUGS)
    filter_backends: list[Any] = []

    @extend_schema(
        parameters=[*_BOARD, OpenApiParameter("q", str, description="按名称找")],
        responses=RankSerializer(many=True),
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """Rows in order, as far as the policies show them."""
        asked = self._asked(request, pk)
        board = asked.board()
        rows = leaderboards.rows_of(board, asked.boards) if board else BoardRow.objects.none()
        if words := request.query_params.get("q", "").strip():
            rows = sight.searched(rows, words)
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(
            RankSerializer(page, many=True, context={"boards": asked.shown()}).data
        )

    @extend_schema(parameters=_BOARD, responses=SnapshotSerializer(many=True))
    @action(detail=True)
    def snapshots(self, request: Request, pk: str) -> Response:
        """What stood at the top at the end of each day, newest first."""
        asked = self._asked(request, pk)
        board = asked.board()
        rows: Any = BoardSnapshot.objects.filter(board=board).select_related("board") if board else []
        page = self.paginate_queryset(rows) or []
        kept = {"kept": sight.rows_by_day(page, asked.boards)}
        return self.get_paginated_response(SnapshotSerializer(page, many=True, context=kept).data)

    def _asked(self, request: Request, pk: str) -> Asked:
        return Asked.of_place(request, int(pk)) if pk.isdecimal() else Asked.of_city(request, pk)


class StarViewSet(mixins.ListModelMixin, GenericViewSet[Star]):
    """报到之星 of the districts and communities whose boards one may open, newest first."""

    queryset = Star.objects.none()
    serializer_class = StarSerializer
    filter_backends: list[Any] = []

    @extend_schema(parameters=[OpenApiParameter("organization", int, description="区或社区的编号")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Star]:
        places = leaderboards.places_open_to(self.request.user)
        wanted = self.request.query_params.get("organization", "")
        if wanted:
            places = places.filter(pk=wanted if wanted.isdecimal() else 0)
        return sight.stars_in(places)


class BoardListingViewSet(ViewSet):
    """上榜, 不上榜: one's own decision, where the policy leaves it open. 404 for those who are no volunteers."""

    @extend_schema(responses=ListingSerializer)
    def list(self, request: Request) -> Response:
        return Response(_listing(request.user, volunteer_or_404(request.user)))

    @extend_schema(request=ListInput, responses={200: ListingSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Leave the boards, or come back to them; said again, nothing changes."""
        volunteer = volunteer_or_404(request.user)
        verb = listing.come_back if valid(ListInput, request)["is_listed"] else listing.leave
        verb(volunteer, by=request.user)
        return Response(_listing(request.user, volunteer))


def _listing(user: Any, volunteer: Volunteer) -> Any:
    boards = policies.at_hand(user, volunteer.district_id).boards
    said = {"is_listed": not volunteer.hides_from_boards, "may_leave": listing.may_leave(boards)}
    return ListingSerializer(said).data

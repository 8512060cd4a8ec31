"""存为常用 over the API: the same verb as the desk's pages, one's own rows only."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.viewsets import GenericViewSet

from desk import saving
from desk.quota_api import QuotaViewSet
from ground.answers import REFUSALS
from requests.models import SavedFilter


class SavedFilterSerializer(serializers.ModelSerializer[SavedFilter]):
    """A list as one likes to open it; `query` is the part of its address after the question mark."""

    page = serializers.ChoiceField(choices=list(saving.PAGES))

    class Meta:
        model = SavedFilter
        fields = ["id", "page", "name", "query"]


class SavedFilterViewSet(
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[SavedFilter],
):
    """常用筛选, one's own. Of a query only what the lists know is kept."""

    queryset = SavedFilter.objects.none()
    serializer_class = SavedFilterSerializer
    filterset_fields = ["page"]

    def get_queryset(self) -> QuerySet[SavedFilter]:
        return SavedFilter.objects.filter(user=self.request.user.pk)

    @extend_schema(responses={201: SavedFilterSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        given = SavedFilterSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        by: Any = request.user
        kept = saving.save(by=by, **given.validated_data)
        return Response(SavedFilterSerializer(kept).data, status=status.HTTP_201_CREATED)


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("saved-filters", SavedFilterViewSet, "saved-filter")
    router.register("quotas", QuotaViewSet, "quota")

"""The API router and what all its viewsets share: versions, errors, throttled by default."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import exception_handler as rest_framework_handler

from ground.errors import NoPower, RuleViolation

APPS = (
    "accounts",
    "organizations",
    "grids",
    "requests",
    "volunteers",
    "notifications",
    "dashboards",
    "dashboards.patterns",
    "desk",
)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A rule broken answers 409 with the rule's sentence, a missing power 403; the rest is DRF's."""
    if isinstance(error, RuleViolation):
        return Response({"detail": str(error), "field": error.field}, status=status.HTTP_409_CONFLICT)
    if isinstance(error, NoPower):
        error = PermissionDenied(detail=str(error) or None)
    return rest_framework_handler(error, context)


# Its renderer has no page for the description that OPTIONS asks for.
_docs = SpectacularSwaggerSplitView.as_view(url_name="schema", http_method_names=["get", "head"])


def routes() -> list[URLPattern | URLResolver]:
    """Every app that has an `api` module registers its viewsets on the one router of version 1."""
    router = DefaultRouter()
    for name in APPS:
        if find_spec(f"{name}.api"):
            import_module(f"{name}.api").register(router)
    return [
        path("api/v1/", include((router.urls, "v1"))),
        path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
        path("api/docs/", _docs, name="docs"),
    ]

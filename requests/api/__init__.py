"""Requests over the API: the same sight, forms and verbs as the pages."""

from rest_framework.routers import BaseRouter

from requests.api.catalogue import CategoryViewSet, ReplyTemplateViewSet
from requests.api.dispatches import DispatchViewSet
from requests.api.requests import RequestViewSet


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("requests", RequestViewSet, "request")
    router.register("dispatches", DispatchViewSet, "dispatch")
    router.register("categories", CategoryViewSet, "category")
    router.register("reply-templates", ReplyTemplateViewSet, "reply-template")

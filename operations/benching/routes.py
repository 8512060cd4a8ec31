"""The platform's routes and one more: an empty view, what any view of Django costs behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

EMPTY = "/bench/empty/"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path(EMPTY[1:], empty),
    path("", include("governance.urls")),
]

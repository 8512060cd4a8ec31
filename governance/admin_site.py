"""The registry: Unfold's admin under our own sign-in; its front page is the work list."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite


class RegistrySite(UnfoldAdminSite):
    site_title = "闻哨"
    site_header = "闻哨 · 台账"
    index_title = "台账"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("/desk/")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        target = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(target, login_url="/sign-in/")

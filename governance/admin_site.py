"""The registry: Unfold's admin under our own sign-in; its front page is the work list."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from accounts.powers import administers
from accounts.sessions import to_strong_sign_in
from organizations.guards import has_a_seat
from organizations.scope import scope_of

FLOORS = frozenset(
    {"accounts", "organizations", "notifications", "grids", "requests", "volunteers", "dashboards"}
)


class RegistrySite(UnfoldAdminSite):
    site_title = "闻哨"
    site_header = "闻哨 · 台账"
    index_title = "台账"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only our own models: those of libraries go by Django's permissions, which nobody has."""
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in FLOORS]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever holds a post or is system administrator, in a strong session; the pages ask for powers."""
        return administers(request.user) or bool(scope_of(request.user).grants)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Nobody is asked to sign in; a weak session to pass the second factor; a resident finds nothing."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if user.is_authenticated and not self.has_permission(request):
                if user.session_is_strong or not has_a_seat(user):
                    raise Http404
                return to_strong_sign_in(request)
            return inner(request, *args, **kwargs)

        return guarded

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("/desk/")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        target = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(target, login_url="/sign-in/")

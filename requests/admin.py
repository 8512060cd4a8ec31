"""Registry of requests (read only: work is done on the desk) and the catalogue of categories."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.powers import administers
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin
from requests.models import Category, ServiceRequest


@admin.register(Category)
class CategoryAdmin(ScopedAdmin):
    """The catalogue: seen by whoever handles requests, changed by the district's policy or the administrator."""

    see = Power.TREE_SEE
    write = Power.POLICY_CHANGE
    is_common = True
    list_display = ["name", "code", "track", "duty_area", "needs_photo_to_resolve", "order", "is_open"]
    list_filter = ["is_open", "track"]
    search_fields = ["name", "code"]

    def is_open_to(self, user: Any) -> bool:
        return administers(user) or super().is_open_to(user)

    def covers(self, user: Any, row: Any) -> bool:
        return administers(user) or scope_of(user).has(Power.POLICY_CHANGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return administers(request.user) or super().has_add_permission(request)


@admin.register(ServiceRequest)
class ServiceRequestAdmin(ScopedAdmin):
    """Looking things up. The steps are on the desk, where the table of RULES 1 offers them."""

    list_display = [
        "number",
        "title",
        "category",
        "track",
        "state",
        "handler",
        "submitted_at",
        "due",
        "on_desk",
    ]
    list_filter = ["state", "track", "category", "source"]
    search_fields = ["number", "title"]
    date_hierarchy = "submitted_at"
    list_select_related = ["category", "handler"]
    exclude = ["key", "submitter", "promise", "lng", "lat"]

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.REQUESTS_SEE, Power.REQUESTS_MASKED)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).in_sight_of_staff(request.user)

    @admin.display(description="办理")
    def on_desk(self, row: ServiceRequest) -> SafeString:
        return format_html('<a href="{}">打开</a>', reverse("desk:request", args=[row.number]))

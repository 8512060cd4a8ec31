"""Delivery, for the system administrator: what waits and what failed. Read only, and without the words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.powers import administers
from notifications.models import FanOut, Outgoing


class DeliveryAdmin(ModelAdmin):
    """Sees keys, states and times: what was said stays between the platform and the person."""

    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request.user)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Outgoing)
class OutgoingAdmin(DeliveryAdmin):
    list_display = ["key", "kind", "state", "tries", "created_at", "next_try_at", "sent_at"]
    list_filter = ["state", "kind", "is_urgent"]
    fields = list_display


@admin.register(FanOut)
class FanOutAdmin(DeliveryAdmin):
    list_display = ["key", "audience", "created_at", "cursor", "done_at"]
    list_filter = [("done_at", admin.EmptyFieldListFilter)]
    fields = list_display

"""The registry of this floor. Saved views are nobody's business but their owner's: they have no page here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.powers import administers
from dashboards.models import RollupState
from dashboards.patterns import admin as of_patterns

__all__ = ["RollupStateAdmin", "of_patterns"]


@admin.register(RollupState)
class RollupStateAdmin(ModelAdmin):
    """How far the rollups are, for the system administrator: whether beat is at work. Read only."""

    list_display = ["as_of", "full_at", "holder", "held_until"]
    fields = list_display
    list_display_links = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request.user)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""导入: what was uploaded and what became of it. Read only: uploading and confirming are on the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grids.models import ImportJob
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin


@admin.register(ImportJob)
class ImportJobAdmin(ScopedAdmin):
    """For whoever changes the whole registry of a community. The file is never offered."""

    list_display = ["name", "community", "by", "state", "made_at", "ended_at", "on_desk"]
    list_filter = ["state"]
    list_select_related = ["community", "by"]
    date_hierarchy = "made_at"
    fields = ["name", "community", "by", "state", "sentence", "made_at", "began_at", "ended_at", "on_desk"]
    readonly_fields = ["on_desk"]

    def is_open_to(self, user: Any) -> bool:
        return bool(scope_of(user).seats(Power.REGISTRY_CHANGE))

    @admin.display(description="办理")
    def on_desk(self, job: ImportJob) -> SafeString:
        return format_html('<a href="{}">打开</a>', reverse("grids:import", args=[job.pk]))

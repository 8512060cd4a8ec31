"""The registry's pages of the territory and of the people on it, by noun."""

from auditlog.models import LogEntry
from django.contrib import admin

from grids.admin import imports, people, places, residents, territory

__all__ = ("imports", "people", "places", "residents", "territory")

# The audit of the registry is read beside the row that it tells of, by whoever sees the row: never as one raw list.
if admin.site.is_registered(LogEntry):
    admin.site.unregister(LogEntry)

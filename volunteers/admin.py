"""Registries to look things up in, read only: work is done on the desk, through the verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from organizations.posts import Power
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin
from volunteers.models import Claim, LedgerEntry, Registration, Volunteer, Whistle


class _LookUp(ScopedAdmin):
    """Open to posts with one of the powers; one's own rows as a volunteer are on the phone pages."""

    powers: tuple[Power, ...] = ()

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(*self.powers)


@admin.register(Volunteer)
class VolunteerAdmin(_LookUp):
    powers = (Power.CONFIRM_REGISTRATION, Power.UNIT_SEE)
    list_display = ["__str__", "kind", "unit", "district"]
    list_filter = ["kind"]
    search_fields = ["member__name", "user__name"]
    list_select_related = ["user", "member__unit", "district"]
    fields = ["kind", "member", "district"]


@admin.register(Registration)
class RegistrationAdmin(_LookUp):
    powers = (Power.CONFIRM_REGISTRATION,)
    list_display = ["volunteer", "community", "grid", "state", "choice", "requested_at", "confirmed_at"]
    list_filter = ["state"]
    search_fields = ["volunteer__member__name", "volunteer__user__name"]
    date_hierarchy = "requested_at"
    list_select_related = ["volunteer__user", "volunteer__member", "community", "grid"]


@admin.register(Whistle)
class WhistleAdmin(_LookUp):
    powers = (Power.WHISTLE, Power.CREDIT, Power.ATTEST)
    list_display = ["number", "title", "state", "starts_at", "place", "places_max", "duty_area", "community"]
    list_filter = ["state", "kind", "duty_area", "task"]
    search_fields = ["number", "title"]
    date_hierarchy = "starts_at"
    list_select_related = ["community"]
    exclude = ["key", "lng", "lat", "created_by", "service_request"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).in_sight_of_staff(request.user)


@admin.register(Claim)
class ClaimAdmin(_LookUp):
    powers = (Power.CREDIT, Power.ATTEST)
    list_display = ["whistle", "volunteer", "state", "claimed_at", "checked_in_at", "checked_out_at"]
    list_filter = ["state"]
    search_fields = ["whistle__title", "volunteer__member__name", "volunteer__user__name"]
    date_hierarchy = "claimed_at"
    list_select_related = ["whistle", "volunteer__user", "volunteer__member"]
    exclude = ["key"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(_LookUp):
    powers = (Power.CREDIT, Power.UNIT_SEE)
    list_display = [
        "volunteer",
        "whistle",
        "minutes",
        "off_hours_minutes",
        "duty_area",
        "attested",
        "served_at",
        "community",
    ]
    list_filter = ["duty_area", "attested"]
    search_fields = ["volunteer__member__name", "volunteer__user__name", "whistle__title"]
    date_hierarchy = "served_at"
    list_select_related = ["volunteer__user", "volunteer__member", "whistle", "community"]

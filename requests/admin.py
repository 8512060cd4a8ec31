"""Registries of requests and dispatches (read only: work is done on the desk), categories, reply templates."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.powers import administers
from organizations.models import Organization
from organizations.posts import Power, Tier
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin
from requests.models import Category, Dispatch, ReplyTemplate, ServiceRequest


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


class _YesNo(admin.SimpleListFilter):
    """A choice of two, each a condition on the rows."""

    yes, no = "是", "否"
    condition = Q()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", self.yes), ("no", self.no)]

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        if self.value() == "yes":
            return rows.filter(self.condition)
        return rows.exclude(self.condition) if self.value() == "no" else rows


class IsPart(_YesNo):
    title, parameter_name = "总件还是分件", "part"
    yes, no = "拆分出来的分件", "总件"
    condition = Q(whole__isnull=False)


class IsReopened(_YesNo):
    title, parameter_name = "重办", "reopened"
    yes, no = "重办过", "没有重办"
    condition = Q(reopened__gt=0)


class IsSupervised(_YesNo):
    title, parameter_name = "督办", "supervised"
    yes, no = "督办过", "没有督办"
    condition = Q(supervised_at__isnull=False)


@admin.register(ServiceRequest)
class ServiceRequestAdmin(ScopedAdmin):
    """Looking things up. The steps are on the desk, where the table of RULES 1 offers them."""

    list_display = [
        *["number", "title", "category", "track", "state", "handler", "reopened", "supervised_by"],
        *["submitted_at", "due", "on_desk"],
    ]
    list_filter = ["state", "track", "category", "source", IsPart, IsReopened, IsSupervised]
    search_fields = ["number", "title"]
    date_hierarchy = "submitted_at"
    list_select_related = ["category", "handler", "supervised_by"]
    #: What the machine keeps for itself, and who asked: that is shown on the desk, to those who may see it.
    exclude = [
        *["key", "submitter", "asker_name", "promise", "lng", "lat", "due_from", "reminded", "asked_from"],
        *[
            "has_asked",
            "whole",
            "merged_into",
            "cause",
            "consent_kind",
            "consent_at",
            "contact_reminded",
            "query_code",
        ],
    ]

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.REQUESTS_SEE, Power.REQUESTS_MASKED)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).in_sight_of_staff(request.user)

    @admin.display(description="办理")
    def on_desk(self, row: ServiceRequest) -> SafeString:
        return format_html('<a href="{}">打开</a>', reverse("desk:request", args=[row.number]))


@admin.register(Dispatch)
class DispatchAdmin(ScopedAdmin):
    """派单, to look up: by place, and one's own unit's even after it gave them back."""

    list_display = [
        *["request_number", "recipient", "is_lead", "grade", "state", "rejections", "sent_at", "due"],
        *["timely", "effective", "attitude", "on_desk"],
    ]
    list_filter = ["state", "grade", "is_lead"]
    search_fields = ["service_request__number", "unit__name", "organization__short_name"]
    date_hierarchy = "sent_at"
    list_select_related = ["service_request", "unit", "organization"]
    #: The words stand on the desk, as long as the request is in sight.
    exclude = ["service_request", "text", "due_from", "reminded", "next_at", "sent_by"]
    readonly_fields = ["request_number", "sender"]

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.REQUESTS_SEE, Power.REQUESTS_MASKED, Power.ANSWER_DISPATCH)

    @admin.display(description="点单编号", ordering="service_request__number")
    def request_number(self, row: Dispatch) -> str:
        return row.service_request.number

    @admin.display(description="派单人")
    def sender(self, row: Dispatch) -> str:
        return str(row.sent_by)

    @admin.display(description="派给")
    def recipient(self, row: Dispatch) -> str:
        return row.recipient

    @admin.display(description="办理")
    def on_desk(self, row: Dispatch) -> SafeString:
        return format_html('<a href="{}">打开</a>', reverse("desk:dispatch", args=[row.pk]))


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(ScopedAdmin):
    """常用语: the district's own by its policy power, a community's own by those who verify there."""

    list_display = ["title", "step", "category", "organization", "is_open"]
    list_filter = ["step", "is_open", "category"]
    search_fields = ["title", "text"]
    list_select_related = ["category", "organization"]

    def is_open_to(self, user: Any) -> bool:
        return scope_of(user).has(Power.VERIFY, Power.POLICY_CHANGE)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = ReplyTemplate.objects.usable_by(request.user)
        return rows if self.is_open_to(request.user) else rows.none()

    def covers(self, user: Any, row: ReplyTemplate) -> bool:
        return places_to_write_for(user).filter(pk=row.organization_id).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request.user) and places_to_write_for(request.user).exists()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organization":
            kwargs["queryset"] = places_to_write_for(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def places_to_write_for(user: Any) -> QuerySet[Organization]:
    """Districts in reach of the policy power, and the communities at which the user verifies himself."""
    scope = scope_of(user)
    nodes = Organization.objects.open()
    districts = scope.organizations(nodes.filter(tier=Tier.DISTRICT), Power.POLICY_CHANGE)
    own = Organization.objects.open().filter(pk__in=scope.seats(Power.VERIFY), tier=Tier.COMMUNITY)
    return (districts | own).order_by("tier", "lft")

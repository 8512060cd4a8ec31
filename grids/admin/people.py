"""房屋, 户, 等级评定 and the managed list of 重点人群. Written through the verbs of `dwellings` and `households`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.powers import administers
from grids import dwellings, households
from grids.admin import people_forms
from grids.admin.filters import InSight
from grids.models import CareAssessment, Dwelling, Household, SpecialGroup
from grids.powers import can_change
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin, VerbButton

#: How a filter of a list may narrow it. Anything longer could ask what somebody is called.
LOOKUPS = frozenset({"", "exact", "id__exact", "isempty", "isnull"})


class HousedAdmin(ScopedAdmin):
    """Whoever sees the registry of people there (RULES 5); to those who may see counts only there is no such page."""

    see: Power | None = Power.REGISTRY_SEE
    write: Power | None = Power.REGISTRY_CHANGE
    sortable_by = ()

    def covers(self, user: Any, row: Any) -> bool:
        return can_change(user, row)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is known is changed by verbs, each of which asks for what it needs."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Only the filters that the list offers: no personal value has a way into an address."""
        name, _, how = lookup.partition("__")
        offered = {each[0] if isinstance(each, tuple) else each for each in self.list_filter}
        return name in offered and how in LOOKUPS

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Django's own log would keep what a person was called; ours is the audit."""


@admin.register(Dwelling)
class DwellingAdmin(HousedAdmin):
    list_display = ["code", "building", "short", "use", "grid"]
    list_filter = ["use", ("grid", InSight)]
    search_fields = ["code", "building__name"]
    autocomplete_fields = ["building"]
    verbs = (
        VerbButton(
            "use",
            "改用途",
            can_change,
            lambda user, dwelling, use: dwellings.change_use(dwelling, by=user, use=use),
            people_forms.UseForm,
        ),
        VerbButton(
            "household",
            "加一户",
            can_change,
            lambda user, dwelling: households.open_household(dwelling, by=user),
            help="同一套房屋住了几家人时用。新的一户编下一个户号。",
        ),
    )

    @admin.display(description="房号")
    def short(self, dwelling: Dwelling) -> str:
        return dwelling.short

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("building", "grid").defer("grid__boundary")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["building", "staircase", "floor", "door", "use"]
        return ["code", "building", "staircase", "floor", "door", "use", "grid", "community"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["code"]

    def save_model(self, request: HttpRequest, obj: Dwelling, form: ModelForm, change: bool) -> None:
        obj.__dict__.update(dwellings.add(by=request.user, **form.cleaned_data).__dict__)


@admin.register(Household)
class HouseholdAdmin(HousedAdmin):
    list_display = ["door", "number", "care_level", "care_days", "care_review_on", "contact_member", "grid"]
    list_filter = ["care_level", ("grid", InSight), ("contact_member", admin.EmptyFieldListFilter)]
    search_fields = ["dwelling__code", "dwelling__building__name", "dwelling__door"]
    autocomplete_fields = ["dwelling"]
    verbs = (
        VerbButton(
            "assess",
            "评定等级",
            can_change,
            lambda user, household, **given: households.assess(household, by=user, **given),
            people_forms.AssessForm,
        ),
        VerbButton(
            "contact",
            "联户党员",
            can_change,
            lambda user, household, member: households.assign_contact(household, by=user, member=member),
            people_forms.ContactForm,
        ),
    )

    @admin.display(description="房屋")
    def door(self, household: Household) -> str:
        return str(household.dwelling)

    @admin.display(description="办理")
    def on_desk(self, household: Household) -> SafeString:
        return format_html('<a href="{}">打开户卡</a>', reverse("grids:household", args=[household.pk]))

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("dwelling__building", "contact_member", "grid")
        return rows.defer("grid__boundary")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["dwelling"]
        care = ["care_level", "care_days", "care_review_on"]
        return ["dwelling", "number", *care, "contact_member", "grid", "community", "on_desk"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["care_level", "care_days", "care_review_on", "on_desk"]

    def save_model(self, request: HttpRequest, obj: Household, form: ModelForm, change: bool) -> None:
        opened = households.open_household(form.cleaned_data["dwelling"], by=request.user)
        obj.__dict__.update(opened.__dict__)


@admin.register(CareAssessment)
class CareAssessmentAdmin(HousedAdmin):
    """Who gave which household which level and why. Read only: a new one is given on the household."""

    write = None
    list_display = ["household", "level", "days", "review_on", "by", "at"]
    list_filter = ["level"]
    fields = ["household", "level", "reason", "days", "review_on", "by", "at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("household__dwelling__building", "by")


@admin.register(SpecialGroup)
class SpecialGroupAdmin(ScopedAdmin):
    """The managed list (L9): seen by everybody with a post in the tree, changed by policy or the administrator."""

    see = Power.TREE_SEE
    write = Power.POLICY_CHANGE
    is_common = True
    list_display = ["name", "purpose", "order", "is_open"]
    list_filter = ["is_open"]
    search_fields = ["name"]

    def is_open_to(self, user: Any) -> bool:
        return administers(user) or super().is_open_to(user)

    def covers(self, user: Any, row: Any) -> bool:
        return administers(user) or scope_of(user).has(Power.POLICY_CHANGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return administers(request.user) or super().has_add_permission(request)

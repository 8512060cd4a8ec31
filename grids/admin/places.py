"""小区, 楼栋 and their QR codes, and where members live. Written through `grids.compounds` and `grids.buildings`."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from grids import buildings, compounds
from grids.admin.filters import ThreeLacking
from grids.choices import nodes_below, units_to_choose
from grids.models import Building, Compound, Home
from grids.powers import can_see_registry
from ground.errors import RuleViolation
from organizations.models import Unit
from organizations.posts import Power
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin, VerbButton
from organizations.units import can_change_member, keeps_members

PLACE = ["district", "street", "community"]


def qr_svg(request: HttpRequest, building: Building) -> SafeString:
    """The QR code of a building as inline SVG with a full address inside; style sheets say how large."""
    address = request.build_absolute_uri(reverse("grids:building_qr", args=[building.qr_token]))
    return mark_safe(segno.make(address, error="m").svg_inline(border=2, omitsize=True, svgclass="qr"))


@admin.register(Compound)
class CompoundAdmin(ScopedAdmin):
    """With the three bodies that it has or lacks (D9)."""

    see = Power.TREE_SEE
    write = Power.REGISTRY_CHANGE
    list_display = ["name", "kind", "community", "grid", "lacking"]
    list_filter = [ThreeLacking, "kind"]
    list_select_related = ["community", "grid"]
    search_fields = ["name"]
    autocomplete_fields = ["grid"]
    readonly_fields = ["lacking"]

    @admin.display(description="三无")
    def lacking(self, compound: Compound) -> str:
        missing = "、".join(compound.lacks)
        if not missing:
            return "三者齐全"
        return f"三无小区：缺{missing}" if len(compound.lacks) == 3 else f"缺{missing}"

    def covers(self, user: Any, row: Compound) -> bool:
        return compounds.can_change_compound(user, row)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = ["name", "kind", "grid", "branch", "owners_committee", "property_company", "paired_unit"]
        return names if obj is None else [*names, "lacking"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "grid" in form.base_fields:
            form.base_fields["grid"].required = True
        return form

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "branch":
            return nodes_below(request.user)
        if db_field.name in ("owners_committee", "property_company", "paired_unit"):
            return units_to_choose(request.user)
        return super().choices_of(db_field, request)

    def save_model(self, request: HttpRequest, obj: Compound, form: ModelForm, change: bool) -> None:
        compounds.save(obj, by=request.user)


@admin.register(Building)
class BuildingAdmin(ScopedAdmin):
    """With another grid or code everybody in it follows (`grids.buildings`)."""

    see = Power.TREE_SEE
    write = Power.REGISTRY_CHANGE
    list_display = ["name", "code", "kind", "compound", "grid", "community"]
    list_filter = ["kind", "has_lift", ("group", admin.EmptyFieldListFilter)]
    list_select_related = ["compound", "grid", "community"]
    search_fields = ["name", "code", "compound__name"]
    autocomplete_fields = ["compound", "grid"]
    readonly_fields = ["qr"]
    verbs = (
        VerbButton(
            "token",
            "换二维码",
            buildings.can_change_building,
            lambda user, building: buildings.renew_token(building, by=user),
            tone="danger",
            help="旧二维码立即失效，请重新打印张贴。",
        ),
    )

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Whoever may see who lives there goes on to the plan of the house."""
        shown = [*super().get_list_display(request)]
        return [*shown, "on_desk"] if can_see_registry(request.user) else shown

    @admin.display(description="住户")
    def on_desk(self, building: Building) -> SafeString:
        return format_html('<a href="{}">各层住户</a>', reverse("grids:building", args=[building.pk]))

    def covers(self, user: Any, row: Building) -> bool:
        return buildings.can_change_building(user, row)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = ["name", "code", "kind", "grid", "compound", "group", "property_unit"]
        names += ["floors", "staircases", "has_lift", "lng", "lat"]
        return names if obj is None else [*names, "qr"]

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "group":
            return nodes_below(request.user)
        if db_field.name == "property_unit":
            return units_to_choose(request.user).exclude(kind=Unit.Kind.OWNERS)
        return super().choices_of(db_field, request)

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = super().get_object(request, *args, **kwargs)
        if found is not None:
            found.page = request
        return found

    @admin.display(description="二维码")
    def qr(self, building: Building) -> SafeString | str:
        page = getattr(building, "page", None)
        return format_html('<div class="w-40">{}</div>', qr_svg(page, building)) if page is not None else ""

    def save_model(self, request: HttpRequest, obj: Building, form: ModelForm, change: bool) -> None:
        buildings.save(obj, by=request.user)


@admin.register(Home)
class HomeAdmin(ScopedAdmin):
    """Where members live (四清楚, D2): kept by whoever keeps the register of members."""

    see = Power.UNIT_SEE
    write = Power.TREE_CHANGE
    list_display = ["member", "compound", "building"]
    list_select_related = ["member", "compound", "building"]
    search_fields = ["member__name", "compound__name", "building__name"]
    autocomplete_fields = ["member", "compound", "building"]
    fields = ["member", "compound", "building"]

    def is_open_to(self, user: Any) -> bool:
        scope = scope_of(user)
        return scope.has(Power.UNIT_SEE, Power.REGISTRY_SEE) or keeps_members(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return keeps_members(request.user)

    def covers(self, user: Any, row: Home) -> bool:
        return can_change_member(user, row.member)

    def save_model(self, request: HttpRequest, obj: Home, form: ModelForm, change: bool) -> None:
        if not self.covers(request.user, obj):
            raise RuleViolation("这位党员不在你管理的范围内。", field="member")
        super().save_model(request, obj, form, change)

"""The registry of the territory: grids, who looks after them, compounds, buildings and their QR codes."""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from grids import buildings, duties
from grids.duties import can_assign
from grids.models import Building, Compound, Grid, GridDuty, Home
from grids.scope import covers
from ground import clock
from ground.errors import RuleViolation
from organizations.models import Organization
from organizations.posts import GRID_POSTS, Power, Tier
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin, VerbButton, VerbForm
from organizations.units import can_change_member, keeps_members
from organizations.verb_buttons import DayInput

PLACE = ["district", "street", "community"]


def qr_svg(request: HttpRequest, building: Building) -> SafeString:
    """The QR code of a building as inline SVG with a full address inside; style sheets say how large."""
    address = request.build_absolute_uri(reverse("grids:building_qr", args=[building.qr_token]))
    return mark_safe(segno.make(address, error="m").svg_inline(border=2, omitsize=True, svgclass="qr"))


class EndForm(VerbForm):
    on = forms.DateField(label="从哪天起不再负责", widget=DayInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"on": clock.today()}


class BoundaryField(forms.JSONField):
    """A boundary as text: empty, not the word null, where none is drawn."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


@admin.register(Grid)
class GridAdmin(ScopedAdmin):
    """Grids are laid out by the community and above; their community and place in the hierarchy stay."""

    see = Power.TREE_SEE
    write = Power.TREE_CHANGE
    list_display = ["name", "code", "tier", "community", "branch", "poster"]
    list_filter = ["tier", ("branch", admin.EmptyFieldListFilter)]
    list_select_related = ["community", "branch"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["parent", "branch"]
    formfield_overrides = {models.JSONField: {"form_class": BoundaryField}}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["tier", "parent", "community", "code", "name", "branch", "boundary"]
        return ["tier", "parent", *PLACE, "code", "name", "branch", "boundary"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["tier", "parent", *PLACE] if obj is not None else []

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        rows = super().choices_of(db_field, request)
        if db_field.name == "community":
            seats = scope_of(request.user).organizations(Organization.objects.open(), Power.TREE_CHANGE)
            return seats.filter(tier=Tier.COMMUNITY)
        return rows

    def save_model(self, request: HttpRequest, obj: Grid, form: ModelForm, change: bool) -> None:
        if not change:
            community = obj.parent.community if obj.parent else obj.community
            if community is None:
                raise RuleViolation("一级网格请选择社区，其他网格请选择上级网格。", field="community")
            obj.place_under(community)
        if not self.covers(request.user, obj):
            raise RuleViolation("这个网格不在你管理的社区里。", field="parent")
        if obj.branch is not None and not obj.branch.is_descendant_of(obj.community, include_self=True):
            raise RuleViolation("网格党组织要在同一个社区里。", field="branch")
        super().save_model(request, obj, form, change)

    @admin.display(description="二维码")
    def poster(self, grid: Grid) -> SafeString:
        return format_html('<a href="{}">打印楼栋码</a>', reverse("admin:grids_grid_poster", args=[grid.pk]))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.poster_view)
        return [path("<int:pk>/poster/", view, name="grids_grid_poster"), *super().get_urls()]

    def poster_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A printable sheet with the codes of all buildings of a grid and of the grids inside it."""
        grid = self.get_queryset(request).select_related("community").filter(pk=pk).first()
        if grid is None:
            raise Http404
        inside = Building.objects.filter(grid=grid) | Building.objects.filter(grid__parent=grid)
        sheets = [
            {"building": building, "svg": qr_svg(request, building)}
            for building in inside.select_related("compound").order_by("code")
        ]
        return render(request, "grids/poster.html", {"grid": grid, "sheets": sheets})


@admin.register(GridDuty)
class GridDutyAdmin(ScopedAdmin):
    """Who looks after which grid; given and ended through the verbs of `grids.duties`."""

    see = Power.TREE_SEE
    list_display = ["grid", "part", "person", "begins_on", "ends_on"]
    list_filter = ["part", ("ends_on", admin.EmptyFieldListFilter)]
    list_select_related = ["grid", "appointment__user"]
    search_fields = ["grid__name", "grid__code", "appointment__user__name"]
    autocomplete_fields = ["grid"]
    fields = ["grid", "appointment", "part", "begins_on"]
    verbs = (
        VerbButton(
            "end",
            "结束分工",
            lambda user, duty: duty.ends_on is None and can_assign(user, duty.grid),
            lambda user, duty, on: duties.end(duty, by=user, on=on),
            EndForm,
            tone="danger",
        ),
    )

    @admin.display(description="网格员")
    def person(self, duty: GridDuty) -> str:
        return str(duty.appointment.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return scope_of(request.user).has(Power.TREE_CHANGE)

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        rows = super().choices_of(db_field, request)
        if db_field.name == "appointment":
            return rows.in_force().filter(post__in=GRID_POSTS).select_related("user", "organization")
        return rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "appointment":
            field.label_from_instance = lambda held: f"{held.user} · {held}"
        return field

    def save_model(self, request: HttpRequest, obj: GridDuty, form: ModelForm, change: bool) -> None:
        obj.__dict__.update(duties.assign(by=request.user, **form.cleaned_data).__dict__)


@admin.register(Compound)
class CompoundAdmin(ScopedAdmin):
    see = Power.TREE_SEE
    write = Power.REGISTRY_CHANGE
    list_display = ["name", "community", "grid"]
    list_select_related = ["community", "grid"]
    search_fields = ["name"]
    autocomplete_fields = ["grid"]
    fields = ["name", "grid"]

    def covers(self, user: Any, row: Compound) -> bool:
        return covers(user, Power.REGISTRY_CHANGE, row)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "grid" in form.base_fields:
            form.base_fields["grid"].required = True
        return form

    def save_model(self, request: HttpRequest, obj: Compound, form: ModelForm, change: bool) -> None:
        _place_in_grid(self, request, obj)
        twins = Compound.objects.filter(community=obj.community, name=obj.name).exclude(pk=obj.pk)
        if twins.exists():
            raise RuleViolation("本社区已有同名小区。", field="name")
        super().save_model(request, obj, form, change)


@admin.register(Building)
class BuildingAdmin(ScopedAdmin):
    see = Power.TREE_SEE
    write = Power.REGISTRY_CHANGE
    list_display = ["name", "code", "compound", "grid", "community"]
    list_select_related = ["compound", "grid", "community"]
    search_fields = ["name", "code", "compound__name"]
    autocomplete_fields = ["compound", "grid", "group"]
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

    def covers(self, user: Any, row: Building) -> bool:
        return buildings.can_change_building(user, row)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = ["name", "code", "grid", "compound", "group", "floors", "staircases", "lng", "lat"]
        return names if obj is None else [*names, "qr"]

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
        _place_in_grid(self, request, obj)
        if obj.compound is not None and obj.compound.community_id != obj.community_id:
            raise RuleViolation("小区和网格不在同一个社区。", field="compound")
        super().save_model(request, obj, form, change)


def _place_in_grid(page: ScopedAdmin, request: HttpRequest, row: Compound | Building) -> None:
    """Scope columns come from the grid; neither the old nor the new place may be out of reach."""
    if row.grid is None:
        raise RuleViolation("请选择网格。", field="grid")
    row.district, row.street, row.community = row.grid.district, row.grid.street, row.grid.community
    if not page.covers(request.user, row):
        raise RuleViolation("这个网格不在你管理的范围内。", field="grid")


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

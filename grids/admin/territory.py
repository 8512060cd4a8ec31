"""网格: how the territory is laid out, who looks after it, who is away, and how large things should be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grids import absences, duties, layout
from grids.admin.places import PLACE, qr_svg
from grids.duties import can_assign
from grids.models import Absence, Building, Grid, GridDuty, TerritoryPolicy
from ground import clock
from organizations.models import Organization
from organizations.posts import GRID_POSTS, Power, Tier
from organizations.scope import scope_of
from organizations.scoped_admin import ScopedAdmin, VerbButton, VerbForm
from organizations.verb_buttons import DayInput


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
    list_display = ["name", "code", "tier", "housing", "community", "branch", "poster"]
    list_filter = [
        "tier",
        "housing",
        ("branch", admin.EmptyFieldListFilter),
        ("boundary", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["community", "branch"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["parent", "branch"]
    formfield_overrides = {models.JSONField: {"form_class": BoundaryField}}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["tier", "parent", "community", "code", "name", "housing", "branch", "boundary"]
        return ["tier", "parent", *PLACE, "code", "name", "housing", "branch", "boundary"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["tier", "parent", *PLACE] if obj is not None else []

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        rows = super().choices_of(db_field, request)
        if db_field.name == "community":
            seats = scope_of(request.user).organizations(Organization.objects.open(), Power.TREE_CHANGE)
            return seats.filter(tier=Tier.COMMUNITY)
        return rows

    def save_model(self, request: HttpRequest, obj: Grid, form: ModelForm, change: bool) -> None:
        layout.save(obj, by=request.user)

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


class BackForm(VerbForm):
    on = forms.DateField(label="哪天回到岗位", widget=DayInput, help_text="填离岗那天或更早，等于没有离岗。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"on": clock.today()}


def _is_away(absence: Absence) -> bool:
    return absence.ends_on is None or absence.ends_on > clock.today()


@admin.register(Absence)
class AbsenceAdmin(ScopedAdmin):
    """Who is away, so that the B post has the work (N6); noted and ended through the verbs of `grids.absences`."""

    see = Power.TREE_SEE
    list_display = ["person", "post", "begins_on", "ends_on"]
    list_filter = [("ends_on", admin.EmptyFieldListFilter)]
    list_select_related = ["appointment__user", "appointment__organization"]
    search_fields = ["appointment__user__name"]
    verbs = (
        VerbButton(
            "back",
            "登记回岗",
            lambda user, absence: _is_away(absence) and absences.can_note(user, absence.appointment),
            lambda user, absence, on: absences.come_back(absence, by=user, on=on),
            BackForm,
        ),
    )

    @admin.display(description="谁")
    def person(self, absence: Absence) -> str:
        return str(absence.appointment.user)

    @admin.display(description="任职")
    def post(self, absence: Absence) -> str:
        return str(absence.appointment)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everybody may know who is away and until when; why, is for whoever may note it."""
        days = ["begins_on", "ends_on"]
        if obj is None:
            return ["appointment", *days, "reason"]
        why = ["reason"] if absences.can_note(request.user, obj.appointment) else []
        return ["person", "post", *days, *why, "noted_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["person", "post", "noted_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return absences.notable_by(request.user).exists()

    def choices_of(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name != "appointment":
            return super().choices_of(db_field, request)
        return absences.notable_by(request.user)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "appointment":
            field.label_from_instance = lambda held: f"{held.user} · {held}"
        return field

    def save_model(self, request: HttpRequest, obj: Absence, form: ModelForm, change: bool) -> None:
        obj.__dict__.update(absences.note(by=request.user, **form.cleaned_data).__dict__)


@admin.register(TerritoryPolicy)
class TerritoryPolicyAdmin(ScopedAdmin):
    """How large grids, branches and communities should be. Read only: the district signs new ones on the desk."""

    see = Power.TREE_SEE
    list_display = ["district", "begins_on", "document", "signed_by", "signed_at"]
    list_select_related = ["district", "signed_by"]
    date_hierarchy = "begins_on"
